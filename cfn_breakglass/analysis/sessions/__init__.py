"""What was done in sessions of the role, from CloudTrail records."""
