"""What the user of a combination does, and when faults are struck from outside.

One command for all: it shows something, waits to be told, and ends with a status of its own. In a
flood it also writes some hundred kilobytes, and a character is cut in two by writing its halves
before and after the wait.
"""

from __future__ import annotations

from typing import Literal

from conformance.machine import State
from conformance.scenario import FaultPlan, Match, Step, UserSession
from scenarios.matrix_axes import Combination, Moment
from scenarios.matrix_faults import Outcome, Row, Scripted, Struck
from scenarios.matrix_oracle import EXIT, FIRST, LAST, SESSION

M = Moment

MIDDLE = "five-six"
"""Comes in the middle of a flood."""
QUIET_S = 1.0
"""Seconds after the first output from which on a session counts as idle."""


def _echoed(text: str) -> str:
    """Write a text so that the command line, which is in the header, does not hold it."""
    return text.replace("-", "-''")


_END = f"read x; echo {_echoed(LAST)}; exit {EXIT}"
_FLOOD = (
    "head -c 300000 /dev/zero | tr '\\0' y; sleep 0.05; "
    f"echo {_echoed(MIDDLE)}; "
    "for i in 1 2 3 4; do sleep 0.1; head -c 100000 /dev/zero | tr '\\0' z; done"
)
_COMMANDS = {
    M.FLOOD: f"echo {_echoed(FIRST)}; read x; {_FLOOD}; {_END}",
    M.MID_CHARACTER: (
        f"printf {_echoed(FIRST)}'\\303'; read x; printf '\\251'{_echoed(LAST)}'\\n'; exit {EXIT}"
    ),
}

_GO_ON = Step(type="\n")
_LOSS = Step(wait=Match(event="entered", where={"state": State.CONNECTION_LOST.value}))


def trigger(moment: Moment) -> str:
    """Return the text in the recording at which a scripted recorder departs."""
    return MIDDLE if moment is M.FLOOD else FIRST


def session(combination: Combination, row: Row) -> UserSession:
    """Return the only session of a combination."""
    return UserSession(
        name=SESSION,
        run="exec",
        command=_COMMANDS.get(combination.moment, f"echo {_echoed(FIRST)}; {_END}"),
        steps=tuple(_steps(combination, row)),
    )


def _steps(combination: Combination, row: Row) -> list[Step]:
    which, tells = combination.which, combination.on_failure
    lost = row.outcome is Outcome.LOST
    refused = row.outcome is Outcome.NOT_TAKEN and which.number == which.of and tells.rejects
    if refused or (lost and tells.terminates and combination.moment in (M.OPEN, *_EARLY)):
        return []
    steps = [Step(see=FIRST)]
    if combination.moment is M.FLOOD:
        steps.append(_GO_ON)
        if isinstance(row.how, Struck):
            steps.append(Step(see=MIDDLE))
    if lost and tells.terminates:
        return steps
    if lost:
        steps.append(_LOSS)
    steps += _until_struck(combination.moment, row)
    return [*steps, _GO_ON, Step(see=LAST)]


_EARLY = (M.BEFORE_HEADER, M.HEADER)


def _until_struck(moment: Moment, row: Row) -> list[Step]:
    """Wait for the fault, so that it is there when the session goes on, and healed if it heals."""
    how = row.how
    if isinstance(how, Struck):
        if moment is M.DIAL:
            return []
        # What stands still for a while must do so over the end.
        healed = how.lasts is not None and moment is not M.CLOSING
        return [Step(wait=Match(event="fault-cleared" if healed else "fault-applied"))]
    if row.outcome is Outcome.KEPT and how.does == "late-acks" and moment is not M.CLOSING:
        return [Step(wait=Match(event="answer-body"))]
    if row.outcome is Outcome.KEPT and moment is M.IDLE:
        return [Step(pause=2 * QUIET_S)]
    return []


def faults(combination: Combination, row: Row, node: str) -> tuple[FaultPlan, ...]:
    """Return what is done to the recorder from outside."""
    how, moment = row.how, combination.moment
    if isinstance(how, Scripted):
        return ()
    first = FaultPlan(
        fault=how.fault, node=node, at=_when(moment), amount=how.amount, lasts=how.lasts
    )
    if not how.then:
        return (first,)
    asked = Match(event="requested", where={"method": "HEAD"})
    ended = Match(event="exit-seen")  # told when the body is ended (D13)
    return (
        first,
        FaultPlan(fault=how.then, node=node, at=asked if moment is M.PROBE else ended),
    )


def _when(moment: Moment) -> Match | Literal["start"]:
    if moment in (M.DIAL, M.PROBE):
        return "start"
    plus = QUIET_S if moment is M.IDLE else 0.0
    return Match(event="saw", where={"text": trigger(moment)}, plus=plus)
