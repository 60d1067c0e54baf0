"""Findings of the validator: where, which clause, and the offending text, short and harmless."""

from __future__ import annotations

import msgspec

from conformance.asciicast.clauses import CLAUSES, Level
from conformance.judgement import Finding, Status

QUOTED = 60
"""Characters of offending text that a finding quotes."""


class CastFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One place in a recording that breaks a clause.

    `line` and `column` count from 1; the column counts characters of the line, or bytes where the
    line is not UTF-8. `message` ends with the offending text, shortened.
    """

    line: int
    column: int
    clause: str
    level: Level
    message: str

    def judged(self) -> Finding:
        """Return it as a finding of a judgement."""
        return Finding(
            clause=self.clause,
            status=Status.FAIL if self.level is Level.MUST else Status.WARN,
            message=f"line {self.line}, column {self.column}: {self.message}",
        )


def shortened(text: str) -> str:
    """Return the beginning of `text` on one line, with everything unprintable escaped.

    Recordings are hostile: what is quoted from them must not steer the reader's terminal.
    """
    shown = text[:QUOTED]
    safe = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in shown
    )
    return safe + ("…" if len(text) > QUOTED else "")


def found(clause: str, line: int, column: int, message: str, text: str = "") -> CastFinding:
    """Return a finding; its level comes from the table of clauses."""
    if text:
        message = f"{message}: {shortened(text)}"
    return CastFinding(
        line=line, column=column, clause=clause, level=CLAUSES[clause].level, message=message
    )


class Tally:
    """Collects findings, at most `most` per clause, and counts the rest.

    The bound keeps memory constant when every line of a long recording is wrong.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: list[CastFinding] = []
        self._counts: dict[str, int] = {}
        self._beyond: dict[str, CastFinding] = {}

    def add(self, finding: CastFinding) -> None:
        """Take one finding."""
        count = self._counts.get(finding.clause, 0) + 1
        self._counts[finding.clause] = count
        if count <= self._most:
            self._waiting.append(finding)
        else:
            self._beyond[finding.clause] = finding

    def add_all(self, other: Tally) -> None:
        """Take what `other` has collected and counted."""
        for finding in other.take():
            self.add(finding)
        for clause, last in other._beyond.items():
            more = other._counts[clause] - other._most
            self._counts[clause] += more - 1
            self.add(last)

    def take(self) -> list[CastFinding]:
        """Return what was collected since the last call."""
        taken, self._waiting = self._waiting, []
        return taken

    def rest(self) -> list[CastFinding]:
        """Return one closing finding for each clause that was broken more than `most` times."""
        return [
            found(
                clause,
                last.line,
                last.column,
                f"{self._counts[clause] - self._most} more of these, the last one here",
            )
            for clause, last in self._beyond.items()
        ]

    @property
    def status(self) -> Status:
        """What is known so far: ``fail`` when a MUST is broken, ``warn`` when a SHOULD is."""
        if any(CLAUSES[clause].level is Level.MUST for clause in self._counts):
            return Status.FAIL
        return Status.WARN if self._counts else Status.PASS
