"""What must be as before once something hostile is over: sessions are served, memory is back."""

from __future__ import annotations

from conformance.checking import Findings
from conformance.exchanges import Seen
from conformance.probed import Measured

MEMORY_SLACK = 64 << 20
"""Bytes by which a recorder's memory may have grown (allocators keep what they once had)."""
BEFORE = "memory before"
UNDER = "memory under it"
AFTER = "memory after"


def judge_aftermath(clause: str, seen: Seen, out: Findings, *, memory: str = "hostile-10") -> None:
    """Judge what a case left that was played in `Bench.undisturbed`.

    The sessions beside and after it are judged like all that should go well, by the case's
    `shows`; here it is said when it came to none at all. Memory is judged under a clause of its
    own: it is a SHOULD, and a MUST is not broken by an allocator.
    """
    if seen.one("neighbour") is None:
        out.broken(clause, "no connection could be made, also before it", *seen.refused)
    judge_memory(memory, seen, out)


def judge_memory(clause: str, seen: Seen, out: Findings) -> None:
    """Judge memory by what was measured before, where it could be measured at all."""
    sizes = {e.what.what: e.what.value for e in seen.of(Measured) if isinstance(e.what, Measured)}
    if BEFORE not in sizes:
        return
    for when in (UNDER, AFTER):
        if when in sizes:
            grown = sizes[when] - sizes[BEFORE]
            out.expect(
                clause,
                grown <= MEMORY_SLACK,
                f"{when.removeprefix('memory ')}, the recorder had {grown / 2**20:.0f} MiB more"
                f" memory than before; {MEMORY_SLACK >> 20} MiB more would have been right",
            )
