"""Hypothesis strategies for what the protocol exchanges: for our tests and for vendors' own.

`recordings` has headers, events and whole recordings; `policies` policy files and node lists;
`histories` histories of sessions, sound and damaged; `timelines` fault timelines and scenarios.

They need hypothesis (extra ``strategies``), which nothing else in `conformance` does: import the
module you want, for instance ``from conformance.strategies.recordings import recordings``.
"""
