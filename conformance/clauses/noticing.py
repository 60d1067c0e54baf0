"""Failure notices: protocol section 5."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_SERVER, _MUST, _SHOULD = Binds.SSH_SERVER, Level.MUST, Level.SHOULD

CLAUSES = (
    Clause(
        "notice-1",
        _MUST,
        _SERVER,
        "Each recording that fails is noticed exactly once when notices are wanted and something"
        " was tried, and no other is.",
        "Operators count on notices: one too few hides a failure, one too many cries wolf.",
        "U: ssh/tailssh/tailssh.go; protocol §5",
    ),
    Clause(
        "notice-2",
        _MUST,
        _SERVER,
        "A notice's EventType is 1 for a rejected session, 2 for a terminated one, and 3 for one"
        " that went on unrecorded.",
        "The type is what an alert is made of.",
        "U: tailcfg/tailcfg.go; protocol §5",
    ),
    Clause(
        "notice-3",
        _MUST,
        _SERVER,
        "A notice lists all attempts in order, failed ones with their message, and on a loss the"
        " last one with the message of the loss.",
        "It is how an operator finds out which recorder is broken, and why.",
        "U: sessionrecording/connect.go, ssh/tailssh/tailssh.go",
    ),
    Clause(
        "notice-4",
        _MUST,
        _SERVER,
        "A notice is JSON with EventType, ConnectionID, CapVersion, NodeKey, SrcNode, SSHUser,"
        " LocalUser and RecordingAttempts, each of its type.",
        "The control plane reads it by these names.",
        "U: tailcfg/tailcfg.go",
    ),
    Clause(
        "notice-5",
        _MUST,
        _SERVER,
        "A notice is a `POST` to the control plane at the path of NotifyURL, whose host is"
        " ignored.",
        "A policy must not be able to send what it learns to somebody else.",
        "U: tailcfg/tailcfg.go, ssh/tailssh/tailssh.go",
    ),
    Clause(
        "notice-6",
        _MUST,
        Binds.CONTROL,
        "The control plane answers a notice that it has taken with 201.",
        "SSH servers log every other answer as a notice that was not delivered.",
        "U: ssh/tailssh/tailssh.go; protocol §5",
    ),
    Clause(
        "notice-7",
        _MUST,
        _SERVER,
        "What becomes of a notice changes nothing of what happens to its session.",
        "A control plane that is down must neither let anybody in nor throw anybody out.",
        "U: ssh/tailssh/tailssh.go; protocol §5",
    ),
    Clause(
        "notice-8",
        _SHOULD,
        _SERVER,
        "A control plane that is slow does not delay what happens to the session.",
        "Upstream waits for its answer first, so that an enforced session outlives its recording.",
        "U: ssh/tailssh/tailssh.go (sends the notice before it acts); protocol §5",
    ),
    Clause(
        "notice-9",
        _MUST,
        _SERVER,
        "Every attempt of a notice has `Recorder` as ip:port and `FailureMessage`, an empty string"
        " for one that worked.",
        "Readers in typed languages expect both.",
        "U: tailcfg/tailcfg.go; protocol §3",
    ),
    Clause(
        "notice-10",
        _MUST,
        _SERVER,
        "ConnectionID, SSHUser and LocalUser of a notice are those of the recording's header.",
        "By them an operator finds the recording that a notice is about, or the lack of it.",
        "U: ssh/tailssh/tailssh.go, sessionrecording/header.go",
    ),
    Clause(
        "notice-11",
        _SHOULD,
        _SERVER,
        "A recording that is lost after its command has exited is noticed like any other.",
        "The session is over, but what is missing from its recording is not known.",
        "D12; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "notice-12",
        Level.MAY,
        _SERVER,
        "A notice that cannot be delivered may be given up.",
        "Upstream sends each once and logs what went wrong.",
        "U: ssh/tailssh/tailssh.go",
    ),
)
