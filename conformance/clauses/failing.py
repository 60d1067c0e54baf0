"""What happens on failure: states and failure actions, protocol section 5."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

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
        "machine-4",
        _MUST,
        _SERVER,
        "A session whose recording is not required goes by NoRecording to its end.",
        "Its user has no part in recording at all, nor in its failures.",
        "S: Failure Handling States; S: Data Flow Sequence; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "machine-5",
        _MUST,
        _SERVER,
        "The first recorder of the list is TryPrimary, all others are TryFailover.",
        "The state tells an operator whether the primary is doing its work.",
        "S: Failure Handling States; U: sessionrecording/connect.go",
    ),
    Clause(
        "machine-6",
        _MUST,
        _SERVER,
        "A recorder that is the only one still fails by way of TryFailover.",
        "The list is simply exhausted there; there is no other arrow to RecordingFailed.",
        "S: Failure Handling States; protocol §5",
    ),
    Clause(
        "machine-7",
        _SHOULD,
        _SERVER,
        "When recording is required and there is no address to try, TryPrimary and TryFailover"
        " fail at once, and RecordingFailed follows.",
        "An empty list must not turn enforcement off.",
        "D3; protocol §5",
    ),
    Clause(
        "machine-8",
        _MUST,
        _SERVER,
        "From RecordingFailed a session with a reject message goes to SessionRejected, one without"
        " to SessionAllowed.",
        "The reject message alone decides before a session has started.",
        "S: Failure Handling States; U: ssh/tailssh/tailssh.go, tailcfg/tailcfg.go",
    ),
    Clause(
        "machine-9",
        _MUST,
        _SERVER,
        "From ConnectionLost a session with a terminate message goes to SessionTerminated, one"
        " without to ContinueUnrecorded.",
        "The terminate message alone decides once a session has started.",
        "S: Failure Handling States; U: ssh/tailssh/tailssh.go, tailcfg/tailcfg.go",
    ),
    Clause(
        "machine-10",
        _MUST,
        _SERVER,
        "A session that goes on unrecorded stays so to its end, also when a recorder comes back.",
        "A recording that begins in the middle would pass for a whole one.",
        "S: Failure Handling States; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "machine-11",
        _SHOULD,
        _SERVER,
        "A user who hangs up while a recorder is being chosen ends the session there: no command"
        " runs, and nothing is left behind.",
        "The table has no arrow for it, and a recording without its user is worth nothing.",
        "D16; protocol §9",
    ),
    Clause(
        "machine-12",
        _SHOULD,
        _SERVER,
        "A recording that is lost after its command has exited is ConnectionLost like any other.",
        "The recording is just as incomplete.",
        "D12; protocol §9",
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
        "failure-9",
        _SHOULD,
        _SERVER,
        "A header line that cannot be written is a loss while streaming, not a failed start.",
        "The recorder has taken the recording by then, and no other may be tried.",
        "D14; protocol §9",
    ),
    Clause(
        "failure-10",
        _MUST,
        _SERVER,
        "The reject and the terminate message count each for itself: all four combinations are"
        " legal, and each has its own behaviour.",
        "Some want to keep users out who cannot be recorded, but never to cut off those inside.",
        "U: tailcfg/tailcfg.go, ssh/tailssh/tailssh.go; protocol §2",
    ),
    Clause(
        "failure-11",
        _MUST,
        _SERVER,
        "An action without `onRecordingFailure` fails open, and notices nobody.",
        "Enforcement is something that is asked for.",
        "U: tailcfg/tailcfg.go, ssh/tailssh/tailssh.go",
    ),
    Clause(
        "failure-12",
        _SHOULD,
        _SERVER,
        "With a reject message and recorders required but none listed, the session is rejected.",
        "Enforcement with nobody to record is still enforcement.",
        "D3; protocol §9",
    ),
    Clause(
        "failure-13",
        _MUST,
        _SERVER,
        "No command starts before a recorder has taken the recording, or all have failed and the"
        " session may go on.",
        "What a command does before its recording begins is not recorded.",
        "U: ssh/tailssh/tailssh.go; S: Failure Handling States",
    ),
    Clause(
        "failure-14",
        _MUST,
        _SERVER,
        "A session that must be terminated is, also when its command is idle and its user is"
        " silent.",
        "A shell at its prompt can wait for ever.",
        "U: ssh/tailssh/tailssh.go; S: Failure Handling States",
    ),
    Clause(
        "failure-15",
        _MUST,
        _SERVER,
        "A recording that fails touches its own session only, not others of the same connection.",
        "People keep several sessions on one connection, each with its own recorder.",
        "U: ssh/tailssh/tailssh.go; protocol §5",
    ),
)
