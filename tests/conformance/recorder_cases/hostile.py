"""What the small histories of hostile cases have in common."""

from __future__ import annotations

from conformance.history import Disconnected, Kind
from conformance.probed import FrameSeen, RawSent
from tests.conformance.recorder_cases.told import ended_v2, opened_v2


def beside(*kinds: Kind) -> tuple[Kind, ...]:
    """Return what happened, with a session beside it and one after it that go well."""
    return (
        *opened_v2("neighbour", connection="n"),
        *kinds,
        *ended_v2(connection="n"),
        *opened_v2("after", connection="a"),
        *ended_v2(connection="a"),
    )


def gone(connection: str, by: str = "recorder") -> Kind:
    """Return the end of a connection."""
    return Disconnected(recorder="target", connection=connection, by=by, how="fin")


def settings(connection: str) -> Kind:
    """Return the SETTINGS of a target that speaks HTTP/2."""
    return FrameSeen(connection=connection, stream=0, frame="SETTINGS")


def goaway(connection: str, code: int = 1) -> Kind:
    """Return a GOAWAY; its code says whether anything was wrong."""
    return FrameSeen(connection=connection, stream=0, frame="GOAWAY", value=code)


def raw(connection: str, what: str) -> Kind:
    """Return bytes that no good client sends."""
    return RawSent(connection=connection, what=what, size=1)
