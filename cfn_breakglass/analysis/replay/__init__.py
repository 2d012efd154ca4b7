"""A CloudTrail history, replayed against the templates."""
