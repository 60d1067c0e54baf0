"""Each fault of the vocabulary has its effect in virtual time, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest

from conformance.agreement import differences
from conformance.history import (
    AnswerBody,
    Attempted,
    Dialled,
    Disconnected,
    End,
    Entered,
    FaultApplied,
    FaultCleared,
    Gap,
    Handed,
    History,
    Kind,
    NoticeReceived,
    RecorderListening,
    Requested,
    UploadFailed,
    UploadRefused,
    UploadStarted,
    UploadStored,
)
from conformance.machine import State
from conformance.scenario import (
    Action,
    FaultPlan,
    Match,
    OnFailure,
    RecorderNode,
    Scenario,
    Step,
    UserSession,
)
from fixtures.faults import vocabulary
from simulator.virtual.faults import FAULTS
from simulator.virtual.world import VirtualWorld

K = TypeVar("K", bound=Kind)
SECOND = 10**9
SEEN = Match(event="saw")


def scenario(
    *faults: FaultPlan,
    speaks: str = "v2",
    storage: str = "filesystem",
    recorders: int = 1,
    command: str = "echo one; read x; echo two",
    pause: float = 0.0,
) -> Scenario:
    names = tuple(f"rec{number}" for number in range(1, recorders + 1))
    return Scenario(
        id="fault",
        title="a fault",
        recorders=tuple(
            RecorderNode(name=name, speaks=speaks, storage=storage)  # type: ignore[arg-type]
            for name in names
        ),
        action=Action(record=names, on_failure=OnFailure()),
        sessions=(
            UserSession(
                name="s1",
                run="exec",
                command=command,
                steps=(Step(see="one"), Step(pause=pause), Step(type="\n")),
            ),
        ),
        faults=faults,
        expect=(),
        deadline=120.0,
    )


def played(*faults: FaultPlan, **more: object) -> History:
    return VirtualWorld(scenario(*faults, **more)).play()  # type: ignore[arg-type]


def of(history: History, kind: type[K]) -> list[K]:
    return [event.what for event in history if isinstance(event.what, kind)]


def states(history: History) -> list[State]:
    return [what.state for what in of(history, Entered)]


def failures(history: History) -> list[str]:
    return [what.failure for what in of(history, Attempted)]


def when(history: History, kind: type[Kind]) -> int:
    return next(event.at for event in history if isinstance(event.what, kind))


def lost_at(history: History) -> int:
    return next(
        event.at
        for event in history
        if isinstance(event.what, Entered) and event.what.state is State.CONNECTION_LOST
    )


def test_the_vocabulary_is_the_live_one() -> None:
    live = vocabulary()
    assert set(FAULTS) == set(live)
    for name, fault in live.items():
        assert FAULTS[name].to_process == fault.needs_process
        assert FAULTS[name].amount_is_time == fault.amount_is_time


def test_without_a_fault_nothing_happens() -> None:
    history = played(pause=7.0)
    assert State.CONNECTION_LOST not in states(history)
    assert not of(history, FaultApplied)
    assert len(of(history, AnswerBody)) == 2  # one ack after 5 s, the total at the end


# --- dials


def test_refused_refuses_dials_at_once() -> None:
    history = played(FaultPlan(fault="refused", node="rec1"))
    assert failures(history) == ["dial: connection refused"]
    assert not of(history, Dialled)
    assert states(history)[-1] is State.SESSION_COMPLETE


def test_refused_cuts_what_is_open() -> None:
    history = played(FaultPlan(fault="refused", node="rec1", at=SEEN), pause=1.0)
    assert State.CONNECTION_LOST in states(history)


def test_refused_ends_when_it_is_lifted() -> None:
    plan = FaultPlan(fault="refused", node="rec1", lasts=0.001)
    history = played(plan)
    assert failures(history) == [""]
    assert of(history, FaultCleared)


def test_unreachable_answers_no_dial() -> None:
    history = played(FaultPlan(fault="unreachable", node="rec1"), recorders=2)
    assert failures(history) == ["dial: timed out", ""]
    assert {dial.recorder for dial in of(history, Dialled)} == {"rec2"}
    assert when(history, Dialled) > 5 * SECOND


def test_unreachable_lets_dials_through_when_it_is_lifted() -> None:
    plan = FaultPlan(fault="unreachable", node="rec1", lasts=2.0)
    history = played(plan)
    assert failures(history) == [""]
    assert 2 * SECOND < when(history, Dialled) < 3 * SECOND


def test_a_full_backlog_takes_one_dial_and_answers_nothing() -> None:
    history = played(FaultPlan(fault="backlog-full", node="rec1"), recorders=2)
    # 10 s for the probe; the dial for v1 then hangs for 5 s.
    assert failures(history) == ["dial: timed out", ""]
    assert {dial.recorder for dial in of(history, Dialled)} == {"rec2"}
    assert when(history, Dialled) > 15 * SECOND


def test_a_backlog_that_empties_serves_the_dial_that_was_taken() -> None:
    plan = FaultPlan(fault="backlog-full", node="rec1", lasts=3.0)
    history = played(plan)
    assert failures(history) == [""]
    assert 3 * SECOND < when(history, Dialled) < 4 * SECOND


# --- data


def test_silent_lets_data_in_and_nothing_out() -> None:
    history = played(FaultPlan(fault="silent", node="rec1"), recorders=2)
    assert failures(history) == ["the upload was not accepted: timed out", ""]
    first = [what for what in of(history, Requested) if what.recorder == "rec1"]
    assert [what.path for what in first] == ["/v2/record", "/record"]
    first_taken = next(e.observer for e in history if isinstance(e.what, UploadStarted))
    assert first_taken == "recorder/rec1"


def test_a_black_hole_lets_nothing_in_either() -> None:
    history = played(FaultPlan(fault="black-hole", node="rec1"), recorders=2)
    assert failures(history) == ["the upload was not accepted: timed out", ""]
    assert [e.observer for e in history if isinstance(e.what, UploadStarted)] == ["recorder/rec2"]


def test_a_black_hole_while_streaming_ends_with_the_ack_window() -> None:
    history = played(FaultPlan(fault="black-hole", node="rec1", at=SEEN), pause=40.0)
    assert lost_at(history) - when(history, UploadStarted) > 29 * SECOND


def test_a_black_hole_that_heals_loses_nothing() -> None:
    plan = FaultPlan(fault="black-hole", node="rec1", at=SEEN, lasts=8.0)
    history = played(plan, pause=10.0)
    assert State.CONNECTION_LOST not in states(history)
    (stored,) = of(history, UploadStored)
    assert stored.complete


@pytest.mark.parametrize("speaks", ["v1", "v2"])
def test_a_recording_that_nobody_takes_in_stalls_the_command(speaks: str) -> None:
    command = "echo one; read x; head -c 2000000 /dev/zero; echo two"
    hole = FaultPlan(fault="black-hole", node="rec1", at=SEEN, lasts=8.0)
    history = played(hole, speaks=speaks, command=command, pause=1.0)
    assert State.CONNECTION_LOST not in states(history)
    healed = when(history, FaultCleared)
    sizes = [(e.at, len(e.what.data)) for e in history if isinstance(e.what, Handed)]
    before = sum(size for at, size in sizes if at < healed)
    assert 200_000 < before < 1_000_000
    assert sum(size for _, size in sizes) > 2_000_000


def test_cut_ends_connections_and_takes_new_ones() -> None:
    history = played(FaultPlan(fault="cut", node="rec1", at=SEEN), pause=1.0)
    (ended,) = [what for what in of(history, Disconnected) if what.by == "recorder"]
    assert ended.how == "fin"
    assert State.CONNECTION_LOST in states(history)
    assert not of(history, UploadStored)[0].complete


def late(history: History) -> int:
    return when(history, UploadStarted) - when(history, Requested)


def test_slow_makes_everything_late() -> None:
    history = played(FaultPlan(fault="slow", node="rec1", amount=0.3))
    # The dial there and back, the probe there and back, and the request there.
    assert late(history) > 3 * 0.3 * SECOND
    assert late(played()) < SECOND // 10
    assert State.CONNECTION_LOST not in states(history)


def test_narrow_takes_its_time_for_every_byte() -> None:
    command = "echo one; head -c 100000 /dev/zero; read x"
    narrow = played(FaultPlan(fault="narrow", node="rec1", amount=100), command=command)
    wide = played(command=command)
    # A NUL is six bytes in JSON, so 600 kB pass at 100 kB a second.
    assert narrow[-1].at - wide[-1].at > 5 * SECOND
    assert State.CONNECTION_LOST not in states(narrow)


def test_sliced_cuts_what_comes_back_into_pieces() -> None:
    history = played(FaultPlan(fault="sliced", node="rec1", amount=3))
    pieces = [len(what.data) for what in of(history, AnswerBody)]
    assert max(pieces) <= 3
    assert len(pieces) > 1
    (stored,) = of(history, UploadStored)
    assert stored.size == sum(len(what.data) for what in of(history, Handed))


# --- processes


def test_killed_leaves_a_gap_and_what_was_written() -> None:
    history = played(FaultPlan(fault="killed", node="rec1", at=SEEN), pause=1.0)
    assert of(history, Gap) == [Gap(reason="killed")]
    assert State.CONNECTION_LOST in states(history)
    assert not of(history, UploadStored)
    assert [what.how for what in of(history, Disconnected) if what.by == "recorder"] == ["reset"]


def test_killed_comes_back_when_it_is_lifted() -> None:
    plan = FaultPlan(fault="killed", node="rec1", at=SEEN, lasts=0.5)
    history = played(plan, pause=2.0)
    assert len(of(history, RecorderListening)) == 2
    mine = [event for event in history if event.observer == "recorder/rec1"]
    assert [event.seq for event in mine] == list(range(len(mine)))


def test_stopped_accepts_and_answers_nothing() -> None:
    history = played(FaultPlan(fault="stopped", node="rec1"), recorders=2)
    assert failures(history) == ["the upload was not accepted: timed out", ""]
    assert {what.recorder for what in of(history, Dialled)} == {"rec1", "rec2"}


def test_stopped_goes_on_with_all_that_came() -> None:
    plan = FaultPlan(fault="stopped", node="rec1", at=SEEN, lasts=12.0)
    history = played(plan, pause=20.0)
    assert State.CONNECTION_LOST not in states(history)
    (stored,) = of(history, UploadStored)
    assert stored.complete
    still = (when(history, FaultApplied), when(history, FaultCleared))
    acks = [e.at for e in history if isinstance(e.what, AnswerBody)]
    assert not [at for at in acks if still[0] < at < still[1]]


@pytest.mark.parametrize("seed", range(8))
def test_stopped_until_the_end_begins_nothing_after_its_end_mark(seed: int) -> None:
    # The other recorder has an upload to bring to its end, and the play goes on for that.
    faults = (
        FaultPlan(fault="stopped", node="rec1"),
        FaultPlan(fault="black-hole", node="rec2", at=SEEN),
    )
    history = VirtualWorld(scenario(*faults, recorders=2, pause=20.0), seed).play()
    mine = [event.what for event in history if event.observer == "recorder/rec1"]
    assert isinstance(mine[-1], End), mine
    assert Gap not in map(type, mine)


# --- S3 and the control plane


@pytest.mark.parametrize("fault", ["refused", "black-hole", "silent"])
def test_a_recorder_without_its_bucket_refuses(fault: str) -> None:
    history = played(FaultPlan(fault=fault, node="s3"), storage="s3")
    (refused,) = of(history, UploadRefused)
    assert refused.status == 503
    assert failures(history) == ["POST /v2/record was answered 503"]
    assert when(history, UploadRefused) < 5 * SECOND


@pytest.mark.parametrize("speaks", ["v1", "v2"])
def test_a_bucket_that_goes_away_is_told_at_the_end(speaks: str) -> None:
    plan = FaultPlan(fault="refused", node="s3", at=SEEN)
    history = played(plan, storage="s3", speaks=speaks, pause=1.0)
    assert of(history, UploadFailed)
    assert states(history)[-2:] == [State.CONTINUE_UNRECORDED, State.SESSION_COMPLETE]


def test_a_bucket_that_comes_back_gets_what_was_spooled() -> None:
    plan = FaultPlan(fault="refused", node="s3", at=SEEN, lasts=4.0)
    history = played(plan, storage="s3", pause=1.0)
    (stored,) = of(history, UploadStored)
    assert stored.complete
    assert not of(history, UploadFailed)


@pytest.mark.parametrize("fault", ["refused", "black-hole", "silent"])
def test_notices_reach_no_control_plane_that_is_gone(fault: str) -> None:
    plans = (
        FaultPlan(fault="unreachable", node="rec1"),
        FaultPlan(fault=fault, node="control", at=Match(event="policy-applied")),
    )
    history = played(*plans)
    came = of(history, NoticeReceived)
    assert len(came) == (1 if fault == "silent" else 0)
    assert states(history)[-1] is State.SESSION_COMPLETE


def plans() -> Iterator[tuple[str, FaultPlan]]:
    for name in FAULTS:
        yield name, FaultPlan(fault=name, node="rec1")
        yield name, FaultPlan(fault=name, node="rec1", at=SEEN)


@pytest.mark.parametrize(("name", "plan"), list(plans()))
def test_a_fault_is_the_same_every_time(name: str, plan: FaultPlan) -> None:
    same = scenario(plan, pause=1.0)
    assert VirtualWorld(same).play() == VirtualWorld(same).play()
    assert not differences(same, VirtualWorld(same, 1).play(), VirtualWorld(same, 2).play())
