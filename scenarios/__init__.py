"""What to play: the library of scenario files, its reader, and the engine that plays many at once.

The files under ``library/`` are data. How a fault is injected (fixtures) and whether what happened
was right (conformance) do not belong here.
"""
