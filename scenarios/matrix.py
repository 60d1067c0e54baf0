"""The matrix: scenarios generated from fault, moment, protocol, failure action and place.

Every combination of the axes (`scenarios.matrix_axes`) is either left out by a rule that says why
(`scenarios.matrix_rules`) or is one scenario: the fault as it is played there
(`scenarios.matrix_faults`), a user (`scenarios.matrix_sessions`), and what the protocol calls for
(`scenarios.matrix_oracle`). Names are the axes' values, so one can be run alone:
``recspec run matrix/v2/reset/first-output/terminate/2-of-3``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from conformance.scenario import Action, OnFailure, RecorderNode, Scenario, Script
from scenarios import matrix_axes as axes
from scenarios import matrix_sessions as sessions
from scenarios.matrix_faults import FAULTS, Outcome, Row, Scripted
from scenarios.matrix_oracle import REJECT, TERMINATE, expectation, recorder
from scenarios.matrix_rules import left_out_by

MATRIX = "matrix"
"""What selects all of it."""

PATIENCE_S = 30.0
"""Seconds that a user waits beyond what the protocol itself takes."""


def combinations() -> Iterator[axes.Combination]:
    """Yield every combination of the axes, those that are left out included."""
    for values in product(axes.Protocol, FAULTS, axes.Moment, axes.OnFailure, axes.Which):
        yield axes.Combination(*values)


def played() -> Iterator[axes.Combination]:
    """Yield the combinations that are played."""
    return (one for one in combinations() if left_out_by(one) is None)


def matrix() -> dict[str, Scenario]:
    """Generate all scenarios of the matrix, by id."""
    return {one.id: scenario(one) for one in played()}


def scenario(one: axes.Combination) -> Scenario:
    """Generate the scenario of a combination that is played."""
    fault = FAULTS[one.fault]
    row = fault.row(one.moment, one.protocol)
    assert row is not None, f"{one.id} is neither played nor left out"
    tells = one.on_failure
    return Scenario(
        id=one.id,
        title=f"{one.moment}, {one.protocol}, recorder {one.which}: {fault.about}",
        recorders=tuple(_recorders(one, row)),
        action=Action(
            record=tuple(recorder(number) for number in range(1, one.which.of + 1)),
            on_failure=OnFailure(
                reject=REJECT if tells.rejects else "",
                terminate=TERMINATE if tells.terminates else "",
            ),
        ),
        sessions=(sessions.session(one, row),),
        faults=sessions.faults(one, row, recorder(one.which.number)),
        expect=(expectation(one, row),),
        deadline=PATIENCE_S + row.waits,
    )


def _recorders(one: axes.Combination, row: Row) -> Iterator[RecorderNode]:
    """Yield those before the one that is struck, it, and those after it.

    Those before refuse, so that its turn comes. Of those after it the next must take the recording
    if it fails; whoever is not to be asked at all would refuse.
    """
    refuses = Script(does="refuse")
    for number in range(1, one.which.of + 1):
        name = recorder(number)
        if number == one.which.number:
            acts = script(one.moment, row.how) if isinstance(row.how, Scripted) else None
            yield RecorderNode(name=name, speaks=one.protocol.value, script=acts)
        elif row.outcome is Outcome.NOT_TAKEN and number == one.which.number + 1:
            yield RecorderNode(name=name)
        else:
            yield RecorderNode(name=name, script=refuses)


def script(moment: axes.Moment, how: Scripted) -> Script:
    """Return what a scripted recorder does at this moment."""
    exact = moment in (*axes.CHOOSING, *axes.EARLY, axes.Moment.CLOSING)
    at: Any = moment.value if exact else "text"
    does: Any = how.does
    return Script(
        does=does,
        at=at,
        after=sessions.QUIET_S if moment is axes.Moment.IDLE else 0.0,
        status=how.status,
        on_text="" if exact else sessions.trigger(moment),
        code=how.code,
        lasts=how.lasts,
    )
