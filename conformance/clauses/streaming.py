"""The stream of a recording, over v1 and v2 alike: protocol section 4."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_CLIENT, _RECORDER, _SERVER = Binds.CLIENT, Binds.RECORDER, Binds.SSH_SERVER
_MUST, _SHOULD = Level.MUST, Level.SHOULD

CLAUSES = (
    Clause(
        "streaming-1",
        _MUST,
        _SERVER,
        "A session that ends normally leaves a recording of every byte of output that the user"
        " saw, in order.",
        "A recording with holes proves nothing.",
        "D10; S: Recording Format Structure",
    ),
    Clause(
        "streaming-2",
        _MUST,
        _SERVER,
        "What is recorded as output is what the command wrote, in the same order, and nothing"
        " else.",
        "A recording with additions proves nothing either.",
        "U: ssh/tailssh/tailssh.go; D10",
    ),
    Clause(
        "streaming-3",
        _SHOULD,
        _SERVER,
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
        _SERVER,
        "A session that is recorded is like any other for its user: the output, the window and"
        " the exit status are the command's.",
        "Recording must not be noticed, or people find ways around it.",
        "U: ssh/tailssh/tailssh.go; R: RFC 4254 §6",
    ),
    Clause(
        "streaming-6",
        _MUST,
        _RECORDER,
        "A recorder waits for the header line as long as for any other: it has no short time-out"
        " of its own.",
        "A Kubernetes session with a terminal sends it after the first resize, however late.",
        "U: k8s-operator/sessionrecording/ws/conn.go, k8s-operator/sessionrecording/spdy/conn.go;"
        " protocol §4",
    ),
    Clause(
        "streaming-7",
        _MUST,
        _RECORDER,
        "A recorder keeps an upload open over which nothing comes, for any length of time.",
        "People leave terminals open overnight, and clients send no keep-alive of their own.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "streaming-8",
        _MUST,
        _RECORDER,
        "A recorder does not care where chunks and DATA frames cut lines, characters or escapes.",
        "HTTP keeps no boundaries: the body is one run of bytes.",
        "R: RFC 9112 §7.1; R: RFC 9113 §8.1",
    ),
    Clause(
        "streaming-9",
        _MUST,
        _RECORDER,
        "A recorder takes an upload without `Content-Type` and without `Content-Length`.",
        "Upstream sends neither.",
        "U: sessionrecording/connect.go; R: RFC 9110 §8.3; protocol §3",
    ),
    Clause(
        "streaming-10",
        _MUST,
        _CLIENT,
        "An answer that ends before the session does is a loss, even a clean end without an error"
        " frame.",
        "What the session shows after it is recorded by nobody.",
        "U: ssh/tailssh/tailssh.go; protocol §4",
    ),
    Clause(
        "streaming-11",
        _MUST,
        _CLIENT,
        "A clean end of the answer after the end of the session is success.",
        "The recorder has had everything and has said so.",
        "U: ssh/tailssh/tailssh.go; protocol §4",
    ),
    Clause(
        "streaming-12",
        _MUST,
        _RECORDER,
        "A v2 recorder ends its answer after the end of the body, and not before unless it fails.",
        "The client waits for it, and takes an earlier end for a loss.",
        "S: Data Flow Sequence; U: sessionrecording/connect.go, ssh/tailssh/tailssh.go",
    ),
    Clause(
        "streaming-13",
        _MUST,
        _RECORDER,
        "A recorder that cannot keep up slows the stream down, and loses nothing of it.",
        "Flow control is there to be used; a hole in a recording cannot be mended.",
        "R: RFC 9113 §5.2; protocol §4",
    ),
    Clause(
        "streaming-14",
        _MUST,
        _RECORDER,
        "An upload that stands still holds up no other, whether on its own connection or not.",
        "One stalled terminal must not freeze every other session of a server.",
        "R: RFC 9113 §5.2; protocol §4",
    ),
    Clause(
        "streaming-15",
        _MUST,
        _SERVER,
        "Each session of a connection has a recording of its own.",
        "Sessions of one connection begin, fail and end each for itself.",
        "U: ssh/tailssh/tailssh.go; protocol §6",
    ),
    Clause(
        "streaming-16",
        _MUST,
        _SERVER,
        "A session that transfers files by sftp is not recorded.",
        "It has no terminal, and its bytes are no output.",
        "U: ssh/tailssh/tailssh.go; protocol §5",
    ),
    Clause(
        "streaming-17",
        _SHOULD,
        _SERVER,
        "A character of several bytes that the command writes in two pieces is recorded whole.",
        "Cut in two it would become two signs of damage, though nothing was damaged.",
        "D7",
    ),
    Clause(
        "streaming-18",
        _SHOULD,
        _SERVER,
        "Bytes of output that are not UTF-8 are recorded as U+FFFD, and everything around them as"
        " it is.",
        "JSON holds text only, and binary output is no reason to lose the rest.",
        "U: ssh/tailssh/tailssh.go (its JSON encoder does it); D7",
    ),
    Clause(
        "streaming-19",
        _MUST,
        _SERVER,
        "Output that comes after the exit status is shown and recorded like all other.",
        "On the wire the status may overtake the last of the output.",
        "U: ssh/tailssh/tailssh.go; R: RFC 4254 §6.10; protocol §5",
    ),
    Clause(
        "streaming-20",
        Level.MAY,
        _SERVER,
        "A session may stand still while its recorder does not read: under v2 until acks stop too,"
        " under v1 until the transport says that the recorder is gone.",
        "Nothing in v1 tells a slow recorder from one that is gone, so it is stalled, not lost.",
        "D15; U: ssh/tailssh/tailssh.go; protocol §4",
    ),
    Clause(
        "streaming-21",
        _MUST,
        _CLIENT,
        "The header line is the first thing in the body, and is sent as soon as it is known.",
        "Storage is laid out by it, and a recorder can do little before it has it.",
        "S: Data Flow Sequence; U: ssh/tailssh/tailssh.go; A: asciicast v2, Header",
    ),
    Clause(
        "streaming-22",
        _MUST,
        _CLIENT,
        "Output is sent as the session goes on, not when it ends.",
        "What lies in a buffer is lost with the server, and is what an attacker would cut off.",
        "S: Data Flow Sequence; U: ssh/tailssh/tailssh.go",
    ),
    Clause(
        "streaming-23",
        _SHOULD,
        _CLIENT,
        "Over v2, too, the end of the answer is awaited at most 30 s after the end of the body;"
        " none is a loss.",
        "A session that waits for ever for its recorder's last word never ends.",
        "D13; protocol §8",
    ),
    Clause(
        "streaming-24",
        Level.MAY,
        _SERVER,
        "Changes of the window may be recorded as `r` events.",
        "Upstream records them in Kubernetes sessions only; players want them.",
        "A: asciicast v2, r - resize; U: k8s-operator/sessionrecording/tsrecorder/tsrecorder.go",
    ),
)
