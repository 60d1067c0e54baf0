"""What a recording says of its session: protocol section 6.

The form of a recording, which its own validator checks, is the table in `conformance.asciicast`;
it becomes clauses here. The other clauses of its three areas say what must stand in a recording,
and what others do with one; their numbers follow on.
"""

from __future__ import annotations

from conformance.asciicast import CLAUSES as RULES
from conformance.clauses.clause import Binds, Clause, Level

_SERVER, _RECORDER = Binds.SSH_SERVER, Binds.RECORDER
_MUST, _SHOULD, _MAY = Level.MUST, Level.SHOULD, Level.MAY

_FORM = tuple(
    Clause(rule.id, Level(rule.level), Binds.RECORDING, rule.text, rule.reason, rule.source)
    for rule in RULES.values()
)

_FILE = (
    Clause(
        "file-12",
        _SHOULD,
        Binds.RECORDING,
        "A recording that was cut off is valid up to its last whole line.",
        "Lines stand by themselves, so that a crash costs the last one only.",
        "A: asciicast v2, Note on compatibility",
    ),
    Clause(
        "file-13",
        _MUST,
        _RECORDER,
        "A recorder takes every way in which JSON lets text be written, and keeps it as it is.",
        "Upstream's encoder escapes `<`, `>`, `&`, U+2028 and U+2029, others do not.",
        "U: ssh/tailssh/tailssh.go (its JSON encoder does it); R: RFC 8259 §7; protocol §6",
    ),
)

_HEADER = (
    Clause(
        "header-25",
        _MUST,
        _SERVER,
        "`width` and `height` are those of the terminal that the client asked for, and 0 without"
        " one.",
        "A player with another size shows another picture.",
        "U: sessionrecording/header.go, ssh/tailssh/tailssh.go; R: RFC 4254 §6.2",
    ),
    Clause(
        "header-26",
        _MUST,
        _SERVER,
        "`command` names the command that was run, and is absent for a shell.",
        "It is the first thing that an auditor looks for.",
        "U: sessionrecording/header.go, ssh/tailssh/tailssh.go",
    ),
    Clause(
        "header-27",
        _MUST,
        _SERVER,
        "`TERM` in `env` is what the client's environment requests say, and `xterm-256color` when"
        " they do not say it.",
        "It must never be empty, and the client knows best.",
        "U: ssh/tailssh/tailssh.go; R: RFC 4254 §6.4; protocol §6",
    ),
    Clause(
        "header-28",
        _MUST,
        _SERVER,
        "`srcNode` and `srcNodeID` name the node from which the user came, not the SSH server.",
        "A recording is evidence against whoever it names.",
        "U: ssh/tailssh/tailssh.go, sessionrecording/header.go",
    ),
    Clause(
        "header-29",
        _MUST,
        _SERVER,
        "`sshUser` is the user that the client asked for, `localUser` the one that it became.",
        "Policies map the one to the other, and both may be asked about.",
        "U: sessionrecording/header.go, tailcfg/tailcfg.go",
    ),
    Clause(
        "header-30",
        _MUST,
        _SERVER,
        "`connectionID` is the same for all sessions of one connection, and for no other.",
        "It ties together what one person did at once.",
        "U: sessionrecording/header.go; protocol §6",
    ),
    Clause(
        "header-31",
        _SHOULD,
        Binds.RECORDING,
        "`kubernetes` is present in Kubernetes sessions only.",
        "Readers tell the two kinds of session apart by it.",
        "U: sessionrecording/header.go",
    ),
    Clause(
        "header-32",
        _MAY,
        Binds.RECORDING,
        "A header may hold keys that nobody knows.",
        "Vendors and later versions add their own, and readers pass over them.",
        "A: asciicast v2, Header; D10",
    ),
)

_EVENTS = (
    Clause(
        "events-14",
        _MUST,
        _SERVER,
        "What is written to the user's terminal is recorded with the code `o`.",
        "It is the code that players show.",
        "A: asciicast v2, o - output; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "events-15",
        _MUST,
        _SERVER,
        "The time of an event is that of its output, in seconds since the start of the recording.",
        "An audit sets what was shown against what happened elsewhere.",
        "A: asciicast v2, Event stream; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "events-16",
        _SHOULD,
        Binds.RECORDING,
        "Characters that cannot be printed are written as `\\uXXXX`.",
        "A recording that is looked at as text must not play tricks on the terminal.",
        "A: asciicast v2, o - output",
    ),
    Clause(
        "events-17",
        _MAY,
        Binds.RECORDING,
        "A recording may hold markers, code `m`, with a label or an empty string.",
        "They are chapters for those who watch it later.",
        "A: asciicast v2, m - marker",
    ),
    Clause(
        "events-18",
        _MUST,
        Binds.RECORDING,
        "asciicast v3: the time of an event is the interval since the event before it.",
        "Read as v2 has it, the whole recording would happen at once.",
        "A: asciicast v3, Event stream",
    ),
    Clause(
        "events-19",
        _MAY,
        Binds.RECORDING,
        "asciicast v3: a line after the header that begins with `#` is a comment.",
        "Readers pass over it; in v2 the same line is an error.",
        "A: asciicast v3, Event stream",
    ),
)

CLAUSES = (*_FORM, *_FILE, *_HEADER, *_EVENTS)
