"""A picture of the templates."""
