"""The answer of v2, acks and errors: protocol section 4."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_CLIENT, _RECORDER, _MUST, _SHOULD = Binds.CLIENT, Binds.RECORDER, Level.MUST, Level.SHOULD

CLAUSES = (
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
        "acks-6",
        _MUST,
        _RECORDER,
        "The number of an ack is the count of body bytes received so far, stored or not.",
        "A client that limits what is under way needs one meaning, and this is upstream's.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-7",
        Level.MAY,
        _RECORDER,
        "A recorder may leave `ack` out when it is 0: `{}` is an ack of 0.",
        "Encoders that omit empty values write it so.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-8",
        _MUST,
        _CLIENT,
        "A client takes `{}` as an ack of 0.",
        "It is the first ack of every recorder that omits empty values.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-9",
        _MUST,
        _CLIENT,
        "A client ignores keys of a frame that it does not know.",
        "Recorders that say more must not break clients that are older.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-10",
        _MUST,
        _CLIENT,
        "A client takes an error frame for a loss, at once, and keeps its words.",
        "The recorder knows best why it failed, and nothing after it counts.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-11",
        _MUST,
        _CLIENT,
        "A client takes anything in the answer that is no such object, or is cut off, for a loss.",
        "Whoever answers like this is no recorder, or not any more.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-12",
        _MUST,
        _CLIENT,
        "A client reads frames one after the other, whatever white space is between them and"
        " wherever DATA frames cut them.",
        "JSON needs no separator, and HTTP keeps no boundaries.",
        "U: sessionrecording/connect.go; R: RFC 9113 §8.1; R: RFC 8259 §2",
    ),
    Clause(
        "acks-13",
        Level.MAY,
        _RECORDER,
        "A recorder may put a newline, other white space or nothing between frames.",
        "A newline is usual, and readable in a capture.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-14",
        _MUST,
        _CLIENT,
        "A client that has had no frame of any kind for 30 s, counted from the 200 headers or the"
        " last frame, takes the recording for lost.",
        "It is the only sign of a recorder that vanished without closing anything.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-15",
        Level.MAY,
        _CLIENT,
        "A client may ignore the number of an ack.",
        "Upstream uses acks as a sign of life only.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "acks-16",
        _MUST,
        _RECORDER,
        "Acks leave as they are made: neither the recorder nor a proxy before it compresses or"
        " buffers them so that they are held back.",
        "An ack in a buffer is no sign of life.",
        "U: sessionrecording/connect.go (offers gzip); protocol §3",
    ),
    Clause(
        "acks-17",
        _MUST,
        _RECORDER,
        "An error frame means that the recording failed, and names the error in `error`, a string"
        " that is not empty.",
        "An empty one reads as an ack of 0.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
)
