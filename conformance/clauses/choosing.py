"""Choosing a recorder: protocol section 3."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_CLIENT, _MUST, _SHOULD = Binds.CLIENT, Level.MUST, Level.SHOULD

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
    Clause(
        "choose-7",
        _MUST,
        _CLIENT,
        "A dial to one recorder is given up after 5 s.",
        "A machine that is off answers nothing at all, and the next recorder is waiting.",
        "U: sessionrecording/connect.go; protocol §8",
    ),
    Clause(
        "choose-8",
        _MUST,
        _CLIENT,
        "The probe is `HEAD /v2/record` over cleartext HTTP/2 by prior knowledge.",
        "A request without a body cannot hang in a server that does not speak HTTP/2.",
        "U: sessionrecording/connect.go; R: RFC 9113 §3.3",
    ),
    Clause(
        "choose-9",
        _MUST,
        _CLIENT,
        "A probe that was not answered within 10 s counts as answered with no.",
        "A server of the other protocol may simply wait for more.",
        "U: sessionrecording/connect.go; protocol §8",
    ),
    Clause(
        "choose-10",
        _MUST,
        _CLIENT,
        "A v2 upload that is refused leads to the next address, never to v1 at the same one.",
        "A recorder that speaks v2 and says no means it.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "choose-11",
        _MUST,
        _CLIENT,
        "A v1 upload goes over a connection of its own, never over that of the probe.",
        "The HTTP/2 preface has spoilt the first one for a server that does not know it.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "choose-12",
        _SHOULD,
        _CLIENT,
        "A v2 upload goes over the connection of its probe.",
        "What the probe found out holds for that connection; the next may reach another server.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "choose-13",
        _MUST,
        _CLIENT,
        "Only the status 200 is success; every other final status fails the attempt.",
        "A recorder that creates, accepts or redirects has not said that it records.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "choose-14",
        _SHOULD,
        _CLIENT,
        "A redirect is not followed.",
        "Recordings go where the policy says; upstream's HTTP library follows redirects unasked.",
        "U: sessionrecording/connect.go (compares the final status alone); R: RFC 9110 §15.4;"
        " protocol §3",
    ),
    Clause(
        "choose-15",
        _MUST,
        _CLIENT,
        "Every attempt is kept in order: the address, and for a failed one a message that says"
        " why.",
        "Notices and logs are made of them.",
        "U: sessionrecording/connect.go, tailcfg/tailcfg.go",
    ),
    Clause(
        "choose-16",
        _MUST,
        _CLIENT,
        "The address that took the recording is the last attempt, with an empty failure message.",
        "It tells which recorder has the recording.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "choose-17",
        _SHOULD,
        _CLIENT,
        "A recorder that accepts the connection and then stays silent is a failed attempt, and"
        " the next one is tried.",
        "A recorder that hangs is as bad as one that is down, and far more common.",
        "D2; protocol §3",
    ),
    Clause(
        "choose-18",
        _SHOULD,
        _CLIENT,
        "The answer to the upload's head, the 100 or the 200, is awaited at most 5 s.",
        "One silent recorder must leave time for the others.",
        "D2; protocol §8",
    ),
    Clause(
        "choose-19",
        Level.MAY,
        _CLIENT,
        "After a failed dial for the probe a client may dial again for v1, or end the attempt.",
        "Upstream does the one, the reference client the other; the outcome is the same.",
        "U: sessionrecording/connect.go; D2",
    ),
    Clause(
        "choose-20",
        _SHOULD,
        _CLIENT,
        "A connection to a recorder on which nothing is under way for 30 s is closed.",
        "Connections left open after probes add up on a recorder that many servers share.",
        "U: sessionrecording/connect.go; protocol §8",
    ),
    Clause(
        "choose-21",
        _MUST,
        _CLIENT,
        "An attempt that failed sends nothing more to its recorder.",
        "A recording that two recorders hold in part is complete in none.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "choose-22",
        _SHOULD,
        _CLIENT,
        "A client asks for v2 by a probe before it uses v1 at an address.",
        "Over v1 no acks come, so that a loss goes unnoticed for longer: a client that speaks v1"
        " alone is legal, and weaker.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
)
