"""The judges of too much over HTTP/2: resets, floods, memory, and streams that stand idle."""

from __future__ import annotations

import pytest

from conformance import http2_offences as bad
from conformance.checkers.aftermath import AFTER, BEFORE, UNDER
from conformance.history import AnswerBody, Answered, Event, Kind
from conformance.judgement import Status
from conformance.probed import ConnectFailed, Measured, Remarked
from conformance.recorder_cases import hostile_http2 as case
from conformance.wire import SECOND
from tests.conformance.recorder_cases.hostile import beside, goaway, gone, raw, settings
from tests.conformance.recorder_cases.told import STEP, ended_v2, opened_v2, told, verdicts, worst

PASS, WARN, ERROR = Status.PASS, Status.WARN, Status.ERROR
MIB = 1 << 20


# --- floods, resets, memory -----------------------------------------------------------------------


def resets(sent_: int, *came: Kind) -> Status:
    attack = (
        settings("c0"),
        raw("c0", case.RESET),
        *came,
        Remarked(what=case.RESET, value=str(sent_)),
    )
    return verdicts("hostile/h2-resets", *beside(*attack))["hostile-9"]


def test_resets_end_the_connection_or_are_held_back() -> None:
    assert resets(case.RESETS, goaway("c0", 11)) is PASS
    assert resets(case.RESETS, gone("c0")) is PASS
    assert resets(case.RESETS // 2) is PASS
    assert resets(case.RESETS) is WARN
    assert resets(case.RESETS, goaway("c0", 0)) is WARN


def test_resets_that_were_not_sent_show_nothing() -> None:
    assert verdicts("hostile/h2-resets", *beside())["hostile-9"] is ERROR


FLOODS: tuple[Kind, ...] = tuple(raw(f"c{n}", one.what) for n, one in enumerate(bad.FLOODS))
MAIN = (*opened_v2(connection="m"), *ended_v2(connection="m"))


def floods(*kinds: Kind) -> Status:
    return verdicts("hostile/h2-floods", *beside(*kinds, *FLOODS, *MAIN))["hostile-10"]


def memory(what: str, mib: int) -> Kind:
    return Measured(what=what, value=mib * MIB, unit="bytes")


def test_memory_comes_back_to_what_it_was() -> None:
    assert floods() is PASS
    assert floods(memory(BEFORE, 100), memory(UNDER, 150), memory(AFTER, 130)) is PASS
    assert floods(memory(BEFORE, 100), memory(UNDER, 300), memory(AFTER, 130)) is WARN
    assert floods(memory(BEFORE, 100), memory(AFTER, 300)) is WARN


@pytest.mark.parametrize("kinds", [(*FLOODS[1:], *MAIN), FLOODS], ids=["flood", "upload"])
def test_a_flood_or_an_upload_that_is_missing_shows_nothing(kinds: tuple[Kind, ...]) -> None:
    assert verdicts("hostile/h2-floods", *beside(*kinds))["hostile-10"] is ERROR


def slow(name: str, *, late_at: type[Kind], seconds: float) -> Status:
    """Judge floods: one session of that name gets its 200, or its end, so much later."""
    connection = {"neighbour": "n", "main": "m", "after": "a"}[name]
    history = told("hostile/h2-floods", *beside(*FLOODS, *MAIN))
    first = next(
        n
        for n, event in enumerate(history)
        if isinstance(event.what, late_at) and event.what.connection == connection
    )
    later = round(seconds * SECOND) - STEP
    return worst(
        "hostile/h2-floods",
        tuple(
            Event(e.observer, e.seq, e.at + (later if n >= first else 0), e.what)
            for n, e in enumerate(history)
        ),
    )["hostile-10"]


@pytest.mark.parametrize("name", ["main", "after"])
@pytest.mark.parametrize("late_at", [Answered, AnswerBody], ids=["the 200", "the end"])
def test_sessions_beside_floods_wait_5_s_at_most(name: str, late_at: type[Kind]) -> None:
    assert slow(name, late_at=late_at, seconds=4.9) is PASS
    assert slow(name, late_at=late_at, seconds=5.1) is WARN


def test_a_session_that_a_flood_keeps_from_its_end_breaks_the_clause() -> None:
    assert (
        verdicts("hostile/h2-floods", *beside(*FLOODS, *opened_v2(connection="m")))["hostile-10"]
        is WARN
    )


def test_memory_that_stays_breaks_no_must() -> None:
    found = verdicts(
        "hostile/h2-unknown",
        memory(BEFORE, 100),
        *beside(*MAIN),
        memory(AFTER, 300),
    )
    assert found["hostile-3"] is PASS
    assert found["hostile-10"] is WARN


# --- what is idle ---------------------------------------------------------------------------------


def idle(*kinds: Kind) -> Status:
    return verdicts("hostile/h2-idle", *beside(*kinds))["hostile-12"]


def test_idle_streams_keep_nobody_out() -> None:
    standing = opened_v2(case.IDLE, connection="i", intent="free")
    assert idle(*standing, *MAIN) is PASS
    assert idle(*standing, gone("i"), *MAIN) is PASS
    assert idle(*standing, *MAIN[:3]) is WARN
    assert idle(*standing) is ERROR
    assert idle(*MAIN) is ERROR
    refused = ConnectFailed(connection="m", why="refused")
    assert idle(*standing, refused) is WARN
