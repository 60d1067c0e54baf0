"""Mutants: one module each, one named defect each (see `simulator.overlay`)."""
