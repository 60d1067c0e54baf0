"""The front door: the command line, one module a command. Nothing imports it."""

__version__ = "0.1.0"
