"""Privacy: what must be nowhere."""

from __future__ import annotations

from conformance.clauses import Binds, Clause, Level

CLAUSES = (
    Clause(
        "privacy-1",
        Level.MUST,
        Binds.SSH_SERVER,
        "What is typed with echo off is in no recording, notice or log.",
        "It is a password.",
        "S: Privacy & Security Guarantees; protocol §5",
    ),
    Clause(
        "privacy-2",
        Level.MUST,
        Binds.SSH_SERVER,
        "Nothing of a recording goes to the control plane.",
        "Recordings stay on the infrastructure of those who are recorded.",
        "S: Privacy & Security Guarantees; protocol §1",
    ),
)
