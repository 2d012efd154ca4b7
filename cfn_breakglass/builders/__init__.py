"""A module for each capability: the plan in, resources out."""
