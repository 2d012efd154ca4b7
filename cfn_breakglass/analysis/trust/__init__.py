"""Who may assume the role, and why."""
