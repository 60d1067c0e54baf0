"""Sessions within bounds so small that their states are counted by hand."""

from __future__ import annotations

import msgspec

from conformance.machine import State
from conformance.wire import Timers
from simulator.explore.bounds import Bounds
from simulator.explore.exploration import explore

SMALLEST = Bounds(
    recorders=0, outputs=0, faults=0, leaves=False, actions=("neither",), notify=(False,)
)
SHORT = Timers(dial=1, probe=1, open=1, choose=5, ack_window=1, final=1)


def test_without_recorders() -> None:
    # The start; then either policy: the command runs, and has exited.
    found = explore(SMALLEST)
    assert (found.states, found.transitions, found.depth, found.ends) == (5, 4, 2, 2)
    assert found.visited == {
        State.CONNECTING: 1,
        State.NO_RECORDING: 1,
        State.SESSION_ALLOWED: 1,
        State.SESSION_COMPLETE: 2,
    }


def test_a_user_who_may_leave() -> None:
    # The start and its abort; either policy: runs, runs without its user, and the end of both.
    found = explore(msgspec.structs.replace(SMALLEST, leaves=True))
    assert found.states == 2 + 2 * 4
    assert found.transitions == 3 + 2 * (2 + 1)
    assert found.ends == 1 + 2 * 2
    assert found.depth == 3


def test_an_output_may_come_or_not() -> None:
    # Either policy: runs with none or one, and ends after none or one.
    found = explore(msgspec.structs.replace(SMALLEST, outputs=1))
    assert found.states == 1 + 2 * 4
    assert found.transitions == 2 + 2 * (2 + 1)


def test_one_recorder_that_speaks_v1_and_keeps_its_promises() -> None:
    """Every answer comes at once or one instant later, and there is time enough for all.

    dial: 2 states; the probe begins at 2 instants, the second dial at 3, the upload at 4, and
    each waits for none or one: 4, 6 and 8. Streaming has no clock: the header has left or not,
    and the command has exited before that or not: 3. The final answer: 2. The start and the end,
    two sessions that nobody records, one with the recorder named (2 each), and the one without a
    recorder to try, rejected (1).
    """
    bounds = Bounds(
        recorders=1,
        versions=("v1",),
        outputs=0,
        faults=0,
        leaves=False,
        actions=("both",),
        notify=(False,),
        timers=SHORT,
    )
    found = explore(bounds)
    assert found.states == 2 + 4 + 6 + 8 + 3 + 2 + 1 + 1 + 2 * 2 + 1
    # Of every answer's two states the first has two moves, the second one.
    asked = 3 * (1 + 2 + 3 + 4)
    assert found.transitions == 4 + asked + (2 + 1 + 1) + (2 + 1) + 2
    assert found.depth == 8
    assert found.complete
    assert found.violations == ()
    assert found.visited[State.TRY_PRIMARY] == 2 + 4 + 6 + 8
    assert State.CONNECTION_LOST not in found.visited


def test_one_fault_is_one_fault() -> None:
    """The same, dialled once with one fault: refused, or silent until the timer fires."""
    bounds = Bounds(
        recorders=1, versions=("v2",), outputs=0, faults=1, leaves=False, actions=("both",),
        notify=(False,), timers=SHORT,
    )  # fmt: skip
    without = explore(msgspec.structs.replace(bounds, faults=0))
    assert "SessionRejected" in without.visited, "with no recorder to try"
    assert without.visited[State.SESSION_REJECTED] == 1
    found = explore(bounds)
    # All that differs between two rejections is how many attempts there were: one or none.
    assert found.visited[State.SESSION_REJECTED] > 1
    assert found.violations == ()
