"""The config file: text in, a frozen Config out, or every problem in it at once."""
