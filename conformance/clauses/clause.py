"""What a clause is: one requirement, whom it binds and how hard, and who says so."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


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


_DECISION = re.compile(r"D([1-9][0-9]*)")
_FACTS = re.compile(r"protocol §[1-9]")


class Clause(msgspec.Struct, frozen=True):
    """One requirement.

    `source` holds one or more sources with semicolons between them: ``S: SECTION`` of the seed
    document, ``U: FILE`` of the public upstream code, ``A: PART`` of the asciicast manual,
    ``R: RFC N §SECTION``, ``D1`` to ``D16``. ``protocol §N`` says where the protocol facts tell
    it; that is a pointer, not a source.
    """

    id: str
    level: Level
    """How it binds implementations that are not ours; our reference parts keep every clause."""
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

    @property
    def number(self) -> int:
        """The number within the area."""
        return int(self.id.rpartition("-")[2])

    @property
    def sources(self) -> tuple[str, ...]:
        """The single sources, pointers into the protocol facts included."""
        return tuple(self.source.split("; "))

    @property
    def decisions(self) -> tuple[int, ...]:
        """The numbers of the decisions among the sources."""
        return tuple(int(m[1]) for part in self.sources if (m := _DECISION.fullmatch(part)))

    @property
    def decision_only(self) -> bool:
        """True when nobody but the project says so: never a MUST for others (section 9)."""
        named = [part for part in self.sources if not _FACTS.fullmatch(part)]
        return all(_DECISION.fullmatch(part) for part in named)
