"""The judges of losses: what broke off is kept and is not complete."""

from __future__ import annotations

from itertools import count

import pytest

from conformance.cases import Need
from conformance.history import Disconnected, Event, Kind
from conformance.judgement import Status
from conformance.probed import BodyCut, ConnectFailed, Kept, Looked, StreamReset, Waited
from tests.conformance.recorder_cases.told import (
    MARKER,
    STEP,
    answer_end,
    answered,
    asked,
    body_end,
    ended_v2,
    got,
    opened_v2,
    sent,
    told,
    upload_v1,
    verdicts,
    worst,
)

PASS, FAIL, WARN, SKIP, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.WARN,
    Status.SKIP,
    Status.ERROR,
)
STORE = (Need.STORE,)
LINE = b"line\n"
NEXT = 3
"""The stream of the upload that is lost; the one that goes on has the first."""


def kept(marker: str, size: int, agrees: int | None = None, *, whole: bool = True) -> list[Kind]:
    found = Kept(
        marker=marker,
        path="n/2026-11-22T10:00:00Z.cast",
        size=size,
        agrees=size if agrees is None else agrees,
        whole=whole,
    )
    return [found, Looked(marker=marker, found=1)]


def nowhere(marker: str) -> list[Kind]:
    return [Looked(marker=marker, found=0)]


def gone(connection: str = "c0", how: str = "fin") -> Disconnected:
    return Disconnected(recorder="target", connection=connection, by="recorder", how=how)


# --- streams --------------------------------------------------------------------------------------


def streams(*rest: Kind, later: float = 5.0) -> dict[str, Status]:
    """A stream that is reset beside another, `rest` seconds `later`; then the other goes on."""
    lost = opened_v2("in-line", stream=NEXT, intent="cut")
    cut = BodyCut(connection="c0", stream=NEXT, how="stream")
    after = opened_v2("after", stream=5)
    before = told("losses/stream", *opened_v2(), *lost, cut, has=STORE)
    behind = [*rest, *after, *ended_v2(stream=5), *ended_v2()]
    start = before[-1].at + int(later * 1e9)
    history = [*before]
    for number, what in zip(count(len(before)), behind, strict=False):
        history.append(Event("probe", number, start + number * STEP, what))
    return worst("losses/stream", tuple(history))


def test_a_stream_that_was_reset_is_over() -> None:
    assert streams()["v2-17"] is PASS
    assert streams(got(b'{"ack":5}\n', stream=NEXT), later=0.5)["v2-17"] is PASS


@pytest.mark.parametrize(
    ("rest", "later"),
    [
        ((answer_end(stream=NEXT),), 0.0),
        ((got(b'{"ack":5}\n', stream=NEXT), answer_end(stream=NEXT)), 0.0),
        ((got(b'{"ack":5}\n', stream=NEXT),), 5.0),
    ],
)
def test_a_stream_that_was_reset_does_not_go_on(rest: tuple[Kind, ...], later: float) -> None:
    assert streams(*rest, later=later)["v2-17"] is FAIL


def test_an_error_is_no_success() -> None:
    rest = (got(b'{"error":"gone"}\n', stream=NEXT), answer_end(stream=NEXT))
    assert streams(*rest)["v2-17"] is PASS


def test_an_upload_that_had_ended_before_its_reset_may_end_well() -> None:
    lost = opened_v2("in-line", stream=NEXT, intent="cut")
    cut = BodyCut(connection="c0", stream=NEXT, how="stream")
    well = ended_v2(stream=NEXT)
    after = (*opened_v2("after", stream=5), *ended_v2(stream=5), *ended_v2())
    found = verdicts("losses/stream", *opened_v2(), *lost, *well[:1], cut, *well[1:], *after)
    assert found["v2-17"] is PASS


def test_a_reset_does_not_end_the_connection() -> None:
    lost = (
        *opened_v2("in-line", stream=NEXT, intent="cut"),
        BodyCut(connection="c0", stream=NEXT, how="stream"),
    )
    found = verdicts("losses/stream", *opened_v2(), *lost, gone(), has=STORE)
    assert found["v2-17"] is FAIL
    assert ERROR not in found.values()
    reset = StreamReset(connection="c0", stream=1, code=2)
    assert verdicts("losses/stream", *opened_v2(), *lost, reset)["v2-17"] is FAIL


def test_what_was_not_played_is_not_held() -> None:
    assert verdicts("losses/stream") == {"v2-17": ERROR, "storage-16": SKIP}
    refused = ConnectFailed(connection="c0", why="refused")
    assert verdicts("losses/stream", refused)["v2-17"] is FAIL
    begun = opened_v2("in-line", stream=NEXT, intent="cut")
    assert verdicts("losses/stream", *opened_v2(), *begun, gone())["v2-17"] is FAIL


# --- connections ----------------------------------------------------------------------------------


def lost(how: str, *looked: Kind, acks: bytes = b"", after_s: float = 0.0) -> dict[str, Status]:
    """An upload of v2 that breaks off so long after its last byte; `looked` is found."""
    begun = opened_v2("lost", connection="c1", intent="cut")
    answer = [got(acks, connection="c1")] if acks else []
    before = told("losses/v2-tcp", *begun, *answer, has=STORE)
    at = before[-1].at + int(after_s * 1e9) + STEP
    cut: list[Kind] = [BodyCut(connection="c1", stream=1, how=how), *looked]
    others: list[Kind] = []
    for name, connection in (("neighbour", "c2"), ("after", "c3")):
        others += [*opened_v2(name, connection=connection), *ended_v2(connection=connection)]
    history = [
        *before,
        *(Event("probe", 100 + n, at + n * STEP, what) for n, what in enumerate([*cut, *others])),
    ]
    return worst("losses/v2-tcp", tuple(history))


LOST = MARKER + "c1-1"


def test_what_stands_before_a_fin_is_kept() -> None:
    assert lost("fin", *kept(LOST, 5))["storage-16"] is PASS
    assert lost("fin", *kept(LOST, 4))["storage-16"] is WARN
    assert lost("fin", *nowhere(LOST))["storage-16"] is WARN
    assert lost("fin", *kept(LOST, 5, whole=False))["storage-16"] is WARN


def test_of_a_reset_what_was_acked_or_came_long_before_is_kept() -> None:
    acked = b'{"ack":5}\n'
    assert "storage-16" not in lost("reset", *nowhere(LOST))
    assert lost("reset", *nowhere(LOST), acks=acked)["storage-16"] is WARN
    assert lost("reset", *nowhere(LOST), acks=b'{"ack":3}\n')["storage-16"] is WARN
    assert lost("reset", *kept(LOST, 3), acks=b'{"ack":3}\n')["storage-16"] is PASS
    assert lost("reset", *kept(LOST, 4), after_s=4.5)["storage-16"] is WARN
    assert lost("reset", *kept(LOST, 5), after_s=4.5)["storage-16"] is PASS


def test_what_is_kept_is_what_came() -> None:
    assert lost("reset", *kept(LOST, 5, 3))["storage-1"] is FAIL
    assert lost("reset", *kept(LOST, 3))["storage-1"] is PASS


def test_the_neighbour_notices_nothing() -> None:
    cut = BodyCut(connection="c1", stream=1, how="reset")
    begun = (*opened_v2("neighbour"), *opened_v2("lost", connection="c1", intent="cut"), cut)
    found = verdicts("losses/v2-tcp", *begun, gone("c0", "reset"), has=STORE)
    assert found["storage-5"] is FAIL
    assert verdicts("losses/v2-heads")["storage-5"] is ERROR


# --- HTTP/1.1 -------------------------------------------------------------------------------------


def half(*rest: Kind, ended: bool = False) -> dict[str, Status]:
    """An upload over v1 that is broken off by a FIN, after its end or before."""
    where = {"connection": "c1", "stream": 0}
    return verdicts(
        "losses/v1-half",
        *upload_v1("neighbour", connection="c2"),
        asked("half", http="1.1", intent="cut", marker=MARKER + "c1", **where),  # type: ignore[arg-type]
        answered(100, **where),  # type: ignore[arg-type]
        sent(LINE, **where),  # type: ignore[arg-type]
        *([body_end(**where)] if ended else []),  # type: ignore[arg-type]
        BodyCut(how="half", **where),  # type: ignore[arg-type]
        *rest,
        *upload_v1("after", connection="c3"),
        has=STORE,
    )


def test_a_body_that_broke_off_is_not_answered_200() -> None:
    ok, bad = (answered(status, connection="c1", stream=0) for status in (200, 400))
    assert half(gone("c1"))["v1-10"] is PASS
    assert half(gone("c1", "reset"))["v1-10"] is PASS
    assert half(bad)["v1-10"] is PASS
    assert half(ok)["v1-10"] is FAIL
    assert half(ok, gone("c1"))["v1-10"] is FAIL
    assert "v1-10" not in half(ok, ended=True)


def test_silence_says_nothing() -> None:
    waited = Waited(what="the end of the connection", seconds=5.0, connection="c1")
    assert half(waited)["v1-10"] is SKIP
