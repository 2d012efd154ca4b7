"""What an event sets off, from the default bus to the subscriber."""
