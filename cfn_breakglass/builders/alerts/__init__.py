"""Where alerts and logs go, and what they say."""
