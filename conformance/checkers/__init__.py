"""The checkers, one module an area of the catalogue. See `conformance.checking`."""
