"""What recorders are put through: the plays of `conformance.cases`, and the suite that plays them.

A play sends and waits; it never judges. One module a subject, named like the module of
`conformance.recorder_cases` that judges it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module

from conformance.cases import PREFIX
from fixtures.bench import Bench

Play = Callable[[Bench], Awaitable[None]]

_PLAYS: dict[str, Play] = {}


def plays(name: str) -> Callable[[Play], Play]:
    """Register the play of the case ``recorder/NAME``."""

    def register(play: Play) -> Play:
        assert PREFIX + name not in _PLAYS, name
        _PLAYS[PREFIX + name] = play
        return play

    return register


_MODULES = (
    "heads",
    "frames",
    "acks",
    "streaming",
    "losses",
    "refusals",
    "events",
    "hostile_http1",
    "hostile_http2",
    "hostile_names",
    "storing",
    "disks",
    "objects",
    "restarts",
)


def all_plays() -> dict[str, Play]:
    """Return all plays by the ID of their case."""
    for module in _MODULES:
        import_module(f"scenarios.recorder.{module}")
    return dict(_PLAYS)
