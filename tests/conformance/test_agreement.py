"""Do worlds agree: whatever became of a session is compared, and nothing that is a race."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import msgspec
import pytest

from conformance.agreement import ASPECTS, compared, differences
from conformance.history import (
    Attempted,
    BodyEnded,
    Entered,
    Event,
    ExitSeen,
    GaveUp,
    Handed,
    History,
    HungUp,
    Kind,
    NoticeReceived,
    SessionClosed,
    Shown,
    Stored,
)
from conformance.machine import State
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from scenarios.reader import library
from simulator.virtual.world import VirtualWorld
from tests.conformance.histories import (
    Telling,
    aborted,
    add,
    allowed,
    change,
    drop,
    recorded,
    rejected,
    terminated,
)

LIBRARY = library(frozenset(vocabulary()))
OTHERS_NOTICE = b'{"EventType":3,"ConnectionID":"conn-2","RecordingAttempts":[]}'
NORMAL, LOST, FAILED_OVER = "basic/exec", "loss/killed-both", "failover/second-wins"


@cache
def played(name: str) -> History:
    return VirtualWorld(LIBRARY[name]).play()


def scenario(name: str) -> Scenario:
    return LIBRARY[name]


def without(name: str, drop: Callable[[Kind], bool]) -> History:
    """The history without some events, its observers' numbers closed up."""
    return renumbered([event for event in played(name) if not drop(event.what)])


def renumbered(events: list[Event]) -> History:
    counts: dict[str, int] = {}
    found = []
    for event in events:
        number = counts[event.observer] = counts.get(event.observer, -1) + 1
        found.append(msgspec.structs.replace(event, seq=number))
    return tuple(found)


def changed(name: str, kind: type[Kind], **fields: object) -> History:
    return tuple(
        msgspec.structs.replace(event, what=msgspec.structs.replace(event.what, **fields))
        if isinstance(event.what, kind)
        else event
        for event in played(name)
    )


@pytest.mark.parametrize("name", [NORMAL, LOST, FAILED_OVER, "policy/open-down", "basic/sftp"])
def test_a_history_agrees_with_itself_and_with_another_seed(name: str) -> None:
    assert not differences(scenario(name), played(name), played(name))
    other = VirtualWorld(scenario(name), seed=5).play()
    assert not differences(scenario(name), played(name), other)


@pytest.mark.parametrize(
    ("name", "aspect", "other"),
    [
        (NORMAL, "states", lambda: changed(NORMAL, Entered, state=State.CONNECTING)),
        (NORMAL, "outcome", lambda: changed(NORMAL, ExitSeen, status=8)),
        (NORMAL, "outcome", lambda: without(NORMAL, lambda w: isinstance(w, SessionClosed))),
        (LOST, "outcome", lambda: without(LOST, lambda w: isinstance(w, Shown))),
        (FAILED_OVER, "attempts", lambda: changed(FAILED_OVER, Attempted, failure="refused")),
        (LOST, "notices", lambda: without(LOST, lambda w: isinstance(w, NoticeReceived))),
        (NORMAL, "recording", lambda: changed(NORMAL, Stored, data=b"something else")),
        (NORMAL, "recording", lambda: without(NORMAL, lambda w: isinstance(w, BodyEnded))),
        (NORMAL, "verdict", lambda: changed(NORMAL, Stored, data=b"something else")),
    ],
)
def test_what_differs_is_found(name: str, aspect: str, other: Callable[[], History]) -> None:
    found = differences(scenario(name), played(name), other())
    assert aspect in {difference.aspect for difference in found}
    assert {difference.aspect for difference in found} <= set(ASPECTS)
    assert all(d.live != d.simulated and d.scenario == name for d in found)


def test_how_much_of_a_lost_recording_had_left_is_a_race() -> None:
    nothing = without(LOST, lambda what: isinstance(what, Handed))
    aspects = {d.aspect for d in differences(scenario(LOST), played(LOST), nothing)}
    assert "recording" not in aspects


def test_what_a_killed_recorder_still_had_is_a_race() -> None:
    lost = without(LOST, lambda what: isinstance(what, Stored))
    assert not differences(scenario(LOST), played(LOST), lost)


def test_notices_to_a_control_plane_that_is_gone_are_a_race() -> None:
    name = "open/control-down"
    fewer = without(name, lambda what: isinstance(what, NoticeReceived))
    assert not differences(scenario(name), played(name), fewer)


@pytest.mark.parametrize(
    ("live", "simulated", "aspect", "told"),
    [
        (
            rejected(),
            rejected().but(change(Shown, {"data": b"go away\r\n"})),
            "outcome",
            ("exit status 254, told that it was rejected", "exit status 254"),
        ),
        (
            terminated(),
            terminated().but(drop(Shown, stream="stderr")),
            "outcome",
            ("exit status 255, told that it was terminated", "exit status 255"),
        ),
        (
            recorded(),
            recorded().but(add("user", GaveUp(session="s1", waiting_for="'three'"))),
            "outcome",
            ("exit status 0", "exit status 0, waited in vain for 'three'"),
        ),
        (aborted(), aborted().but(drop(HungUp)), "outcome", ("hung up", "")),
        (
            allowed(),
            allowed().but(change(NoticeReceived, {"body": b"no JSON"})),
            "notices",
            ("type 3 (rec1 failed)", "unreadable"),
        ),
        # A notice of another connection is no notice of this session.
        (
            allowed(),
            allowed().but(change(NoticeReceived, {"body": OTHERS_NOTICE})),
            "notices",
            ("type 3 (rec1 failed)", ""),
        ),
    ],
)
def test_each_world_is_told_in_words(
    live: Telling, simulated: Telling, aspect: str, told: tuple[str, str]
) -> None:
    found = differences(live.scenario, live.history, simulated.history)
    assert [(d.live, d.simulated) for d in found if d.aspect == aspect] == [told]


def test_many_are_compared_at_once() -> None:
    odd = changed(NORMAL, ExitSeen, status=8)
    found = compared(
        [
            (scenario(NORMAL), played(NORMAL), odd),
            (scenario(LOST), played(LOST), played(LOST)),
        ]
    )
    assert found.compared == (NORMAL, LOST)
    assert {difference.scenario for difference in found.differences} == {NORMAL}
    outcome = next(d for d in found.differences if d.aspect == "outcome")
    assert (outcome.live, outcome.simulated) == ("exit status 7", "exit status 8")
