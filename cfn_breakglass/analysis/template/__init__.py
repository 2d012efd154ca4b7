"""Template text to resolved resources."""
