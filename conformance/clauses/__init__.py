"""The clause catalogue: every requirement, one clause each, with its level, reason and source.

IDs are ``area-number`` and stable for ever: a clause that is withdrawn leaves its number unused.
One module holds one or a few areas; this one puts them together.

Sources are named as the protocol facts name them: S the seed document, U the public upstream
code (with the file), A the asciicast manual, R the RFCs, D1 to D16 the project's decisions. A
clause that has only a decision behind it is never a MUST for implementations that are not ours
(`Clause.decision_only`).
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses import (
    acks,
    choosing,
    events_endpoint,
    failing,
    hostile,
    noticing,
    policy,
    privacy,
    recordings,
    storing,
    streaming,
    viewing,
    wire_v1,
    wire_v2,
)
from conformance.clauses.clause import Binds, Clause, Level

__all__ = ["AREAS", "CATALOGUE", "Binds", "Clause", "Level", "of_area"]

AREAS: dict[str, str] = {
    "choose": "Choosing a recorder",
    "v1": "Protocol v1",
    "v2": "Protocol v2",
    "acks": "Acks and errors of v2",
    "streaming": "Streaming",
    "failure": "Failure actions",
    "notice": "Failure notices",
    "machine": "State machine",
    "header": "The header of a recording",
    "events": "The events of a recording",
    "file": "The file of a recording",
    "storage": "Storage",
    "event": "The events endpoint",
    "policy": "Policy",
    "privacy": "Privacy",
    "hostile": "Hostile input",
    "ui": "Web UI",
}
"""All areas, in the order of the catalogue, with their titles."""

_MODULES = (
    choosing.CLAUSES,
    wire_v1.CLAUSES,
    wire_v2.CLAUSES,
    acks.CLAUSES,
    streaming.CLAUSES,
    failing.CLAUSES,
    noticing.CLAUSES,
    recordings.CLAUSES,
    storing.CLAUSES,
    events_endpoint.CLAUSES,
    policy.CLAUSES,
    privacy.CLAUSES,
    hostile.CLAUSES,
    viewing.CLAUSES,
)


def _catalogue() -> dict[str, Clause]:
    order = {area: index for index, area in enumerate(AREAS)}
    clauses = sorted(
        (clause for module in _MODULES for clause in module),
        key=lambda clause: (order[clause.area], clause.number),
    )
    found: dict[str, Clause] = {}
    for clause in clauses:
        assert clause.id not in found, clause.id
        found[clause.id] = clause
    return found


CATALOGUE: dict[str, Clause] = _catalogue()
"""All clauses by ID, in the order of the areas and of their numbers."""


def of_area(area: str) -> Iterator[Clause]:
    """Yield the clauses of one area, by number."""
    yield from (clause for clause in CATALOGUE.values() if clause.area == area)
