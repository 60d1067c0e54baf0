"""The two wire protocols and the stream of a recording: protocol sections 3 and 4."""

from __future__ import annotations

from conformance.clauses import Binds, Clause, Level

_CLIENT, _RECORDER, _MUST, _SHOULD = Binds.CLIENT, Binds.RECORDER, Level.MUST, Level.SHOULD

CLAUSES = (
    Clause(
        "v1-1",
        _MUST,
        _CLIENT,
        "Over v1 no byte of the body is sent before the interim 100 arrives.",
        "Until then the recorder may still refuse, and the next one must be tried.",
        "U: sessionrecording/connect.go; R: RFC 9110 §10.1.1",
    ),
    Clause(
        "v1-2",
        _MUST,
        _RECORDER,
        "A v1 recorder that takes the recording sends the interim 100 before any body byte comes.",
        "The client starts the session on it; without it no session starts.",
        "U: sessionrecording/connect.go; R: RFC 9110 §10.1.1",
    ),
    Clause(
        "v1-3",
        _MUST,
        _RECORDER,
        "A v1 recorder answers 200 after the end of the body, once the recording is stored.",
        "v1 has no acks: the final status is all that the client ever learns.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "v2-1",
        _MUST,
        _CLIENT,
        "Over v2 no byte of the body is sent before the 200 headers arrive.",
        "A refused upload must leave nothing behind, and the next recorder must be tried.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "v2-2",
        _MUST,
        _RECORDER,
        "A v2 recorder that takes the recording sends its 200 headers before any body byte comes.",
        "The client sends nothing until it has them: waiting for the first line is a deadlock.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "acks-1",
        _MUST,
        _RECORDER,
        "Between two frames of a v2 answer, from the 200 headers on, less than 30 s pass.",
        "The client takes a recorder that is silent for 30 s for dead and fails the recording.",
        "U: sessionrecording/connect.go (ack window); D1",
    ),
    Clause(
        "acks-2",
        _SHOULD,
        _RECORDER,
        "A v2 recorder sends an ack every 5 s, also when the session is idle.",
        "Acks are how a client notices a broken recorder while nothing is written.",
        "S: Data Flow Sequence; D1",
    ),
    Clause(
        "acks-3",
        _MUST,
        _RECORDER,
        "The last ack of a recording that ended cleanly counts all the bytes of its body.",
        "Whoever compares the two numbers must be able to trust them.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-4",
        _MUST,
        _RECORDER,
        "Acks never fall and never run ahead of the bytes that were sent.",
        "An ack says what was received; nothing can be received before it is sent.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-5",
        _MUST,
        _RECORDER,
        "A v2 answer consists of JSON objects with an ack, and of at most one error frame, the"
        " last.",
        "Anything else is an error of the stream, and the recording counts as lost.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "streaming-1",
        _MUST,
        Binds.SSH_SERVER,
        "A session that ends normally leaves a recording of every byte of output that the user"
        " saw, in order.",
        "A recording with holes proves nothing.",
        "D10; S: Recording Format Structure",
    ),
    Clause(
        "streaming-2",
        _MUST,
        Binds.SSH_SERVER,
        "What is recorded as output is what the command wrote, in the same order, and nothing"
        " else.",
        "A recording with additions proves nothing either.",
        "U: ssh/tailssh/tailssh.go; D10",
    ),
    Clause(
        "streaming-3",
        _SHOULD,
        Binds.SSH_SERVER,
        "Standard error of a session without a pty is recorded as output.",
        "The user sees it, so the audit wants it.",
        "D5",
    ),
    Clause(
        "streaming-4",
        _MUST,
        _CLIENT,
        "The client ends the body when the session ends normally.",
        "Only the end of the body lets the recorder tell a whole recording from one cut off.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "streaming-5",
        _MUST,
        Binds.SSH_SERVER,
        "A session that is recorded is like any other for its user: the output, the window and"
        " the exit status are the command's.",
        "Recording must not be noticed, or people find ways around it.",
        "U: ssh/tailssh/tailssh.go; R: RFC 4254 §6",
    ),
)
