"""Choosing a recorder: protocol section 3."""

from __future__ import annotations

from conformance.clauses import Binds, Clause, Level

_CLIENT, _MUST = Binds.CLIENT, Level.MUST

CLAUSES = (
    Clause(
        "choose-1",
        _MUST,
        _CLIENT,
        "Recorders are tried in the order in which the action lists them, each at most once.",
        "The order is the operator's choice of primary and failover.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "choose-2",
        _MUST,
        _CLIENT,
        "No recorder is tried after one has taken the recording.",
        "There is no failover after the start, and a second recording would be a false one.",
        "U: sessionrecording/connect.go; S: Failure Handling States",
    ),
    Clause(
        "choose-3",
        _MUST,
        _CLIENT,
        "All attempts together, probes and dials included, take at most 30 s.",
        "A user who waits longer is locked out by a recorder that is down.",
        "U: sessionrecording/connect.go (its stated limit); D2",
    ),
    Clause(
        "choose-4",
        _MUST,
        _CLIENT,
        "The v2 endpoint is used only after a probe was answered 200 over HTTP/2; otherwise v1 is"
        " used at the same address.",
        "An upload over HTTP/2 to a server that does not speak it hangs instead of failing.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "choose-5",
        _MUST,
        _CLIENT,
        "A session that is not to be recorded contacts no recorder.",
        "Nothing of such a session belongs on a recorder, not even its existence.",
        "U: ssh/tailssh/tailssh.go; protocol §5",
    ),
    Clause(
        "choose-6",
        _MUST,
        _CLIENT,
        "Every recorder of the list is tried before the recording counts as failed, within the"
        " 30 s.",
        "Failover that stops early turns one broken recorder into an outage.",
        "S: Failure Handling States; U: sessionrecording/connect.go",
    ),
)
