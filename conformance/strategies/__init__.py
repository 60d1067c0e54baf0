"""Hypothesis strategies for what the protocol exchanges: for our tests and for vendors' own.

They need hypothesis, which nothing else in `conformance` does: import the module you want, for
instance ``from conformance.strategies.recordings import recordings``.
"""
