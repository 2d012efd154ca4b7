"""IAM: what a policy allows."""
