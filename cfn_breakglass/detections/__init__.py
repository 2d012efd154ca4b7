"""What to watch for; the only place an event pattern is written."""
