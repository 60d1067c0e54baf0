"""Privacy: what must be nowhere."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

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
    Clause(
        "privacy-3",
        Level.MUST,
        Binds.SSH_SERVER,
        "What a user types is not recorded; only what the session shows is.",
        "Keystrokes hold what was never shown, passwords first of all.",
        "U: ssh/tailssh/tailssh.go; S: Privacy & Security Guarantees; protocol §5",
    ),
    Clause(
        "privacy-4",
        Level.MUST,
        Binds.RECORDER,
        "A recorder passes recordings to nobody but the storage that it was given.",
        "Recordings never leave the network of those who are recorded.",
        "S: Privacy & Security Guarantees; S: Key Features",
    ),
    Clause(
        "privacy-5",
        Level.MUST,
        Binds.CLIENT,
        "Recordings travel over the tailnet only.",
        "HTTP between client and recorder is cleartext; the tailnet is what encrypts it.",
        "S: Key Features; U: ssh/tailssh/tailssh.go (dials through the tailnet)",
    ),
    Clause(
        "privacy-6",
        Level.MUST,
        Binds.RECORDER,
        "A recorder removes no recording, and changes none, unless its operator has told it to.",
        "How long recordings are kept is a rule of those who are recorded.",
        "S: Privacy & Security Guarantees",
    ),
    Clause(
        "privacy-7",
        Level.SHOULD,
        Binds.SSH_SERVER,
        "No environment variable but `TERM` is recorded unless somebody asked for it.",
        "Environments hold keys and tokens.",
        "A: asciicast v2, env; U: ssh/tailssh/tailssh.go",
    ),
)
