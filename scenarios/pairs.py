"""Pairs and triples of faults of the matrix, on the recorders of one session.

A plot says of each recorder, in the order of the list, which fault of the matrix's vocabulary
strikes it at which moment, if any, and whether its line is slow, narrow or sliced all along. What
must come of it follows from the matrix's oracle: recorders whose fault makes an attempt fail are
passed over, the first other one takes the recording, what becomes of it there decides the rest,
and nobody asks those behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import msgspec

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
from scenarios import matrix_axes as axes
from scenarios import matrix_sessions as sessions
from scenarios.matrix import PATIENCE_S, played, script
from scenarios.matrix_faults import FAULTS, Outcome, Row, Scripted, Struck
from scenarios.matrix_oracle import REJECT, TERMINATE, derived, recorder

PAIRS = "pairs"
"""What the names of all of them begin with."""
FEWEST, MOST = 2, 3
"""How many faults there are in one."""
RECORDERS = 3
QUALITIES = {"slow": 0.3, "narrow": 300.0, "sliced": 1000.0}
"""What a line can be like all along, and how much so; see the faults of these names."""
_NOT_WITH_QUALITY = ("black-hole", "slow", "narrow", "sliced")
"""What is done to the line itself."""
CHOOSING_S = 20.0
"""Seconds that all faults together may take up while one chooses: the budget is 30 (D2)."""

_HEALTHY = Row((axes.Moment.DIAL,), (), Struck(fault=""), Outcome.KEPT)


class Place(msgspec.Struct, frozen=True, order=True):
    """A fault at a moment, with a version of the protocol."""

    fault: str
    moment: axes.Moment
    protocol: axes.Protocol

    @property
    def row(self) -> Row:
        """How it is played, and what becomes of the recording."""
        found = FAULTS[self.fault].row(self.moment, self.protocol)
        assert found is not None, f"{self} does not exist"
        return found


class Stand(msgspec.Struct, frozen=True):
    """One recorder: what strikes it, if anything, and what its line is like."""

    place: Place | None = None
    quality: str = ""

    @property
    def row(self) -> Row:
        """How it is played; a healthy one keeps the recording."""
        return self.place.row if self.place is not None else _HEALTHY

    @property
    def faults(self) -> int:
        """How many faults it has."""
        return (self.place is not None) + bool(self.quality)

    def __str__(self) -> str:
        """Name it as in a scenario's name: ``v2.reset.header.slow``."""
        place = self.place
        words = (place.protocol, place.fault, place.moment) if place else (axes.Protocol.V2,)
        return ".".join((*words, self.quality) if self.quality else words)


class Plot(msgspec.Struct, frozen=True):
    """Faults on the recorders of one session, and what its failure action holds."""

    stands: tuple[Stand, ...]
    on_failure: axes.OnFailure

    @property
    def id(self) -> str:
        """The scenario's name: ``pairs/both/v2.refused.dial+v2.reset.header``."""
        return "/".join((PAIRS, self.on_failure, "+".join(map(str, self.stands))))

    @property
    def faults(self) -> int:
        """How many faults there are."""
        return sum(stand.faults for stand in self.stands)

    @property
    def exists(self) -> bool:
        """True when there are as many faults as there should be, and all can be played at once."""
        choosing = [s for s in self.stands if s.place and s.place.moment in axes.CHOOSING]
        return (
            FEWEST <= self.faults <= MOST
            and sum(stand.row.waits for stand in choosing) <= CHOOSING_S
            and not any(
                stand.quality and stand.place and stand.place.fault in _NOT_WITH_QUALITY
                for stand in self.stands
            )
        )


def places() -> tuple[Place, ...]:
    """Return every fault at every moment that the matrix plays, the simplest first."""
    found = {Place(one.fault, one.moment, one.protocol) for one in played()}
    order = list(FAULTS)
    moments = list(axes.Moment)
    return tuple(
        sorted(
            found,
            key=lambda p: (p.row.waits, order.index(p.fault), moments.index(p.moment), p.protocol),
        )
    )


def scenario(plot: Plot) -> Scenario:
    """Return the scenario of a plot that exists, with all that must come of it."""
    stands, tells = plot.stands, plot.on_failure
    passed = list(takewhile(lambda stand: stand.row.outcome is Outcome.NOT_TAKEN, stands))
    nobody = len(passed) == len(stands)
    # Who decides what the user goes through: who takes the recording, or the last who does not.
    number = len(stands) if nobody else len(passed) + 1
    decides = stands[number - 1]
    outcomes = [
        (recorder(n), stand.row.outcome, isinstance(stand.row.how, Struck))
        for n, stand in enumerate(stands, 1)
    ]
    return Scenario(
        id=plot.id,
        title=f"{plot.faults} faults: {plot.id.removeprefix(PAIRS + '/')}",
        recorders=tuple(_node(n, stand) for n, stand in enumerate(stands, 1)),
        action=Action(
            record=tuple(name for name, _, _ in outcomes),
            on_failure=OnFailure(
                reject=REJECT if tells.rejects else "",
                terminate=TERMINATE if tells.terminates else "",
            ),
        ),
        sessions=(_session(decides, recorder(number), tells, nobody=nobody),),
        faults=tuple(_faults(stands)),
        expect=(derived(outcomes, tells),),
        deadline=PATIENCE_S + sum(stand.row.waits for stand in stands),
    )


def _combination(stand: Stand, tells: axes.OnFailure, which: axes.Which) -> axes.Combination:
    place = stand.place or Place("", axes.Moment.DIAL, axes.Protocol.V2)
    return axes.Combination(place.protocol, place.fault, place.moment, tells, which)


def _node(number: int, stand: Stand) -> RecorderNode:
    name, place = recorder(number), stand.place
    if place is None:
        return RecorderNode(name=name)
    how = place.row.how
    acts = script(place.moment, how) if isinstance(how, Scripted) else None
    return RecorderNode(name=name, speaks=place.protocol.value, script=acts)


def _session(stand: Stand, node: str, tells: axes.OnFailure, *, nobody: bool) -> UserSession:
    """Return what the user does, as in the matrix; waits are for this recorder's events alone."""
    which = axes.Which.ONLY if nobody else axes.Which.FIRST_OF_TWO
    plan = sessions.session(_combination(stand, tells, which), stand.row)
    steps = tuple(_of_node(step, stand.row, node) for step in plan.steps)
    return msgspec.structs.replace(plan, steps=steps)


def _of_node(step: Step, row: Row, node: str) -> Step:
    wait = step.wait
    if wait is None:
        return step
    where: dict[str, Any] = dict(wait.where)
    if wait.event in ("fault-applied", "fault-cleared") and isinstance(row.how, Struck):
        where |= {"fault": row.how.fault, "node": node}
    elif wait.event == "answer-body":
        where |= {"recorder": node}
    return Step(wait=Match(event=wait.event, where=where, plus=wait.plus))


def _faults(stands: tuple[Stand, ...]) -> Iterator[FaultPlan]:
    """Yield what is done from outside, to each recorder by its own events."""
    for number, stand in enumerate(stands, 1):
        node = recorder(number)
        if stand.quality:
            amount = QUALITIES[stand.quality]
            yield FaultPlan(fault=stand.quality, node=node, amount=amount)
        if stand.place is None:
            continue
        one = _combination(stand, axes.OnFailure.BOTH, axes.Which.ONLY)
        for plan in sessions.faults(one, stand.row, node):
            at = plan.at
            if isinstance(at, Match) and at.event == "requested":
                at = Match(event=at.event, where={**at.where, "recorder": node}, plus=at.plus)
            yield msgspec.structs.replace(plan, at=at)


def simpler(plot: Plot) -> Iterator[Plot]:
    """Yield what is one step simpler, and still has enough faults."""
    stands = plot.stands
    for index, stand in enumerate(stands):
        rest = (stands[:index], stands[index + 1 :])
        shorter = [(*rest[0], *rest[1])] if len(stands) > 1 else []
        if stand.quality:
            shorter.append((*rest[0], Stand(stand.place), *rest[1]))
        if stand.place is not None:
            shorter.append((*rest[0], Stand(None, stand.quality), *rest[1]))
        for fewer in shorter:
            yield from _if_exists(Plot(fewer, plot.on_failure))
    if plot.on_failure is not axes.OnFailure.NEITHER:
        yield from _if_exists(Plot(stands, axes.OnFailure.NEITHER))


def _if_exists(plot: Plot) -> Iterator[Plot]:
    if plot.exists:
        yield plot
