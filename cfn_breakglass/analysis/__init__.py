"""The reading half: answers about templates, taken from their emitted text alone."""
