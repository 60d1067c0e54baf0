"""Which clauses a scenario was written for, as far as that is known before it is played.

The library has an index of what it exercises (`scenarios.exercised`). For every other scenario, the
matrix above all, it follows from what the scenario calls for: from the states, the notices and the
recording that it expects. Judging it may find more to check, and never less, unless something of it
cannot be seen of a target.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from conformance.clauses import CATALOGUE
from conformance.clients import binds_client
from conformance.machine import State
from conformance.scenario import Expectation, Scenario
from conformance.servers import binds_server
from scenarios.exercised import read, unfold

_BY_STATE = {
    State.SESSION_REJECTED: ("failure-1", "failure-4"),
    State.SESSION_ALLOWED: ("failure-5",),
    State.SESSION_TERMINATED: ("failure-2",),
    State.CONTINUE_UNRECORDED: ("failure-6",),
}
"""States of the table, with what binds a session that goes there."""


@cache
def _indexed() -> dict[str, tuple[str, ...]]:
    return {name: unfold(played.clauses) for name, played in read().scenarios.items()}


def aims(scenario: Scenario) -> tuple[str, ...]:
    """Return the IDs of the clauses, in the order of the catalogue."""
    indexed = _indexed().get(scenario.id)
    if indexed is not None:
        return indexed
    found = {clause for expected in scenario.expect for clause in _aims(scenario, expected)}
    return tuple(clause for clause in CATALOGUE if clause in found)


def aims_of_client(scenario: Scenario) -> tuple[str, ...]:
    """Return what binds a recorder client, with what is held against clients under test alone."""
    found = set(aims(scenario))
    if any(attempt.failed for expected in scenario.expect for attempt in expected.attempts):
        found.add("choose-15")
    for version, more in _REQUESTS.items():
        if f"{version}-1" in found:
            found |= {"choose-8", "choose-16", "streaming-21", *more}
    return tuple(clause for clause in CATALOGUE if clause in found and binds_client(clause))


def aims_of_server(scenario: Scenario) -> tuple[str, ...]:
    """Return what binds an SSH server, as far as it may be seen from outside."""
    return tuple(clause for clause in aims(scenario) if binds_server(clause))


_REQUESTS = {"v1": ("choose-11", "v1-4"), "v2": ("choose-12", "v2-7")}
"""How each version's requests are made."""


def _aims(scenario: Scenario, expected: Expectation) -> Iterator[str]:
    yield from ("machine-1", "machine-2", "machine-3")
    path = expected.path
    ended = State.SESSION_TERMINATED in path and expected.exit != 0
    if State.SESSION_REJECTED not in path and not ended:
        yield "streaming-5"
    if State.FIND_RECORDER in path and expected.attempts:
        yield from ("choose-1", "choose-3")
    for state, clauses in _BY_STATE.items():
        # A command that had exited when its recording was lost keeps its status (D12).
        if state in path and (state is not State.SESSION_TERMINATED or ended):
            yield from clauses
    if State.STREAMING in path:
        yield from ("choose-2", "choose-4")
        taken = next((a.recorder for a in expected.attempts if not a.failed), "")
        disturbed = {plan.node for plan in scenario.faults}
        for node in scenario.recorders:
            # Under a fault, v1 may be spoken to a recorder that knows v2, too.
            if node.name == taken and node.script is None and taken not in disturbed:
                yield f"{node.speaks}-1"
    if expected.notices:
        yield from ("notice-1", "notice-2", "notice-3")
