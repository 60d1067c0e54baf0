"""What happens on failure: states, failure actions and notices, protocol section 5."""

from __future__ import annotations

from conformance.clauses import Binds, Clause, Level

_SERVER, _MUST, _SHOULD = Binds.SSH_SERVER, Level.MUST, Level.SHOULD

CLAUSES = (
    Clause(
        "machine-1",
        _MUST,
        _SERVER,
        "A session goes from state to state only by the arrows of the state machine.",
        "Every outcome that an auditor relies on is one of its paths.",
        "S: Failure Handling States",
    ),
    Clause(
        "machine-2",
        _MUST,
        _SERVER,
        "A session takes the path that its policy, its failure action and the faults call for.",
        "A legal path can still be the wrong one.",
        "S: Failure Handling States; protocol §5",
    ),
    Clause(
        "machine-3",
        _MUST,
        _SERVER,
        "A session ends in exactly one of SessionComplete, SessionRejected and SessionTerminated,"
        " or was left by its user while a recorder was being chosen.",
        "A session that never ends holds its resources and tells nobody.",
        "S: Failure Handling States; D16",
    ),
    Clause(
        "failure-1",
        _MUST,
        _SERVER,
        "With a reject message and no recorder, the user gets the message and CRLF on stdout, no"
        " command runs, and the exit status is not 0.",
        "This is what enforcement means before a session starts.",
        "S: Failure Handling States; U: ssh/tailssh/tailssh.go; D6",
    ),
    Clause(
        "failure-2",
        _MUST,
        _SERVER,
        "With a terminate message and a lost recording, the user gets the message between empty"
        " lines on stderr, the command is ended, no output follows, and the exit status is not 0.",
        "This is what enforcement means while a session runs.",
        "S: Failure Handling States; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "failure-3",
        _MUST,
        _SERVER,
        "Under enforcement no byte of output reaches the user that was not first handed to the"
        " recording stream.",
        "Otherwise something is seen that no recording shows.",
        "U: ssh/tailssh/tailssh.go; protocol §5",
    ),
    Clause(
        "failure-4",
        _SHOULD,
        _SERVER,
        "A rejected session ends with exit status 254.",
        "Operators want to tell a refused session from a failed command.",
        "U: ssh/tailssh/tailssh.go; D6",
    ),
    Clause(
        "failure-5",
        _MUST,
        _SERVER,
        "Without a reject message and with no recorder, the session runs as if nothing were"
        " recorded, and ends with the command's status.",
        "Failing open means that a broken recorder locks nobody out.",
        "S: Failure Handling States; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "failure-6",
        _MUST,
        _SERVER,
        "Without a terminate message and with a lost recording, the session goes on with all of"
        " its output, and ends with the command's status.",
        "Failing open means that the user does not notice.",
        "S: Failure Handling States; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "failure-7",
        _MUST,
        _SERVER,
        "When a session is terminated, its command and what the command started are ended.",
        "What goes on unseen after the end was not recorded.",
        "S: Failure Handling States; protocol §5",
    ),
    Clause(
        "failure-8",
        _MUST,
        _SERVER,
        "A loss after the command has exited leaves its exit status standing.",
        "The command did what it did; only its recording is in doubt.",
        "D12; U: ssh/tailssh/tailssh.go",
    ),
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
)
