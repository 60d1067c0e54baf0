"""The front door: the command line, one module a command. Nothing imports it.

A command reads what it was given, has another room do the work, and says what came of it. The work
itself does not belong here.
"""

__version__ = "0.1.0"
