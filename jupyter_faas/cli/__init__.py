"""The command line, ``jupyter faas …``."""
