"""Recordings at rest: protocol section 7."""

from __future__ import annotations

from conformance.clauses import Binds, Clause, Level

_RECORDER, _STORAGE, _MUST = Binds.RECORDER, Binds.STORAGE, Level.MUST

CLAUSES = (
    Clause(
        "storage-1",
        _MUST,
        _RECORDER,
        "A recording is stored as it was sent: the same bytes in the same order.",
        "An audit compares bytes, and a recorder that repairs can also falsify.",
        "D10; protocol §6",
    ),
    Clause(
        "storage-2",
        _MUST,
        _RECORDER,
        "A recording whose end was answered with success is stored to its last byte.",
        "Success without the end is a silent loss.",
        "D10; S: Data Flow Sequence",
    ),
    Clause(
        "storage-3",
        _MUST,
        _RECORDER,
        "Each upload leaves a recording of its own, without a byte of any other.",
        "Mixed recordings accuse the wrong person.",
        "S: Storage Backend Options; D9",
    ),
    Clause(
        "storage-4",
        _MUST,
        _STORAGE,
        "A recording lies at NodeID/timestamp.cast below the base path, in S3 as in a filesystem.",
        "Whoever looks for a session knows node and time.",
        "S: Storage Backend Options",
    ),
    Clause(
        "storage-5",
        _MUST,
        _RECORDER,
        "A recorder that is not disturbed takes a recording to its end, and answers with success.",
        "A recorder that gives up by itself ends sessions under enforcement, and hides the others.",
        "S: Failure Handling States; protocol §4",
    ),
)
