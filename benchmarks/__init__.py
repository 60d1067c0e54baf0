"""Numbers that are promised, measured: each program prints a ratio against its limit or a peer."""
