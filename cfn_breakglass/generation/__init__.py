"""A Config in, the text of every file out; and text to files."""
