"""Whether AWS would take the templates, and whether they work."""
