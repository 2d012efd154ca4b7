"""Whether AWS would accept the templates, and whether they work."""
