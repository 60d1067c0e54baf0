"""The clause catalogue: every requirement, one clause each, with its level, reason and source.

IDs are ``area-number`` and stable for ever: a clause that is withdrawn leaves its number unused.
One module holds one or a few areas; this one puts them together.

Sources are named as the protocol facts name them: S the seed document, U the public upstream
client (with the file), A the asciicast manual, R the RFCs, D1 to D16 the project's decisions. A
clause that has only a decision behind it is a SHOULD for implementations that are not ours.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from conformance.asciicast import CLAUSES as RECORDINGS


class Level(StrEnum):
    """How binding a clause is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Binds(StrEnum):
    """Whom a clause binds."""

    RECORDER = "recorder"
    SSH_SERVER = "SSH server"
    CLIENT = "recorder client"
    RECORDING = "recording"
    STORAGE = "storage"
    CONTROL = "control plane"
    UI = "UI"


class Clause(msgspec.Struct, frozen=True):
    """One requirement."""

    id: str
    level: Level
    binds: Binds
    text: str
    """What is required, in one sentence."""
    reason: str
    """Why, in one more."""
    source: str
    since: str = "0.1.0"

    @property
    def area(self) -> str:
        """The part of the ID before the number."""
        return self.id.rpartition("-")[0]


def _catalogue() -> dict[str, Clause]:
    from conformance.clauses import (  # noqa: PLC0415 - the areas import Clause from here
        choosing,
        failing,
        privacy,
        storing,
        streaming,
    )

    recordings = tuple(
        Clause(rule.id, Level(rule.level), Binds.RECORDING, rule.text, rule.reason, rule.source)
        for rule in RECORDINGS.values()
    )
    found: dict[str, Clause] = {}
    for clauses in (
        choosing.CLAUSES,
        streaming.CLAUSES,
        failing.CLAUSES,
        storing.CLAUSES,
        privacy.CLAUSES,
        recordings,
    ):
        for clause in clauses:
            assert clause.id not in found, clause.id
            found[clause.id] = clause
    return found


CATALOGUE: dict[str, Clause] = _catalogue()
"""All clauses by ID, in the order of the areas."""
