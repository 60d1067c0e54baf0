"""Hostile input: what nobody may bring about from the wire or from a file."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_RECORDER, _CLIENT, _MUST, _SHOULD = Binds.RECORDER, Binds.CLIENT, Level.MUST, Level.SHOULD

CLAUSES = (
    Clause(
        "hostile-1",
        _MUST,
        _RECORDER,
        "Nothing that comes off the wire leads out of the base path: no NodeID, and no other field"
        " that names a file.",
        "Whoever reaches a recorder could otherwise write anywhere on it.",
        "S: Storage Backend Options; protocol §7",
    ),
    Clause(
        "hostile-2",
        _SHOULD,
        _RECORDER,
        "A NodeID that cannot be a name is refused, or stored under a name that no other node has.",
        "Empty, overlong and reserved names must neither fail late nor share a folder.",
        "S: Storage Backend Options; protocol §7",
    ),
    Clause(
        "hostile-3",
        _MUST,
        _RECORDER,
        "A request that is malformed ends that request, or its connection, and nothing else.",
        "A recorder serves many servers, and one of them may be broken or taken over.",
        "R: RFC 9112 §2.2; R: RFC 9113 §5.4; protocol §4",
    ),
    Clause(
        "hostile-4",
        _MUST,
        _RECORDER,
        "An HTTP/1.1 request with both `Transfer-Encoding` and `Content-Length`, or with two"
        " lengths that differ, is never read as two requests.",
        "It is how requests are smuggled past a proxy.",
        "R: RFC 9112 §6.3; R: RFC 9112 §11.2",
    ),
    Clause(
        "hostile-5",
        _MUST,
        _RECORDER,
        "An HTTP/1.1 request without exactly one valid `Host` is answered 400.",
        "Servers and proxies that disagree about the host can be played against each other.",
        "R: RFC 9112 §3.2",
    ),
    Clause(
        "hostile-6",
        _MUST,
        _RECORDER,
        "Chunk sizes that are no hexadecimal number, or too large to count, are an error.",
        "A size that is read wrong makes the rest of the body a request.",
        "R: RFC 9112 §7.1",
    ),
    Clause(
        "hostile-7",
        _MUST,
        _RECORDER,
        "Field names and values with NUL, carriage return or line feed are refused; over HTTP/1.1"
        " a space in place of each in a value will do.",
        "Over HTTP/2 they travel unharmed, and become lines of their own further on.",
        "R: RFC 9110 §5.5; R: RFC 9113 §8.2.1",
    ),
    Clause(
        "hostile-8",
        _SHOULD,
        _RECORDER,
        "Header fields without bound, as one list or in CONTINUATION frames, end the stream or the"
        " connection.",
        "Each costs memory before anybody can look at it.",
        "R: RFC 9113 §10.5.1; R: RFC 9113 §6.10; R: RFC 9110 §5.4",
    ),
    Clause(
        "hostile-9",
        _SHOULD,
        _RECORDER,
        "Streams that are opened and reset in quick succession end their connection, or are held"
        " back.",
        "Opening costs the recorder more than it costs the sender, and no limit counts them.",
        "R: RFC 9113 §10.5",
    ),
    Clause(
        "hostile-10",
        _SHOULD,
        _RECORDER,
        "Floods of SETTINGS, PING and empty frames neither fill memory nor hold up other"
        " connections.",
        "Each asks for work or for an answer that the sender need not read.",
        "R: RFC 9113 §10.5",
    ),
    Clause(
        "hostile-11",
        _MUST,
        _RECORDER,
        "A sender that overruns a flow-control window, or makes one larger than 2^31-1, has its"
        " stream or connection ended.",
        "A recorder that reads on has no limit left.",
        "R: RFC 9113 §6.9.1; R: RFC 9113 §6.9",
    ),
    Clause(
        "hostile-12",
        _SHOULD,
        _RECORDER,
        "Connections that are slow, idle or never finish their request keep nobody else out.",
        "A few hundred of them cost an attacker nothing.",
        "R: RFC 9113 §10.5; R: RFC 9112 §9.5",
    ),
    Clause(
        "hostile-13",
        _SHOULD,
        _RECORDER,
        "Lines of up to 16 MiB, and headers nested as deeply as they like, cost a recorder no more"
        " than bounded memory.",
        "A recorder keeps bytes; it need not hold a line to keep it.",
        "R: RFC 8259 §9; D10",
    ),
    Clause(
        "hostile-14",
        _SHOULD,
        _CLIENT,
        "An answer without end, in one frame or in many, costs a client no more than bounded"
        " memory.",
        "A recorder may be taken over like any other machine, and must not take servers with it.",
        "R: RFC 8259 §9; R: RFC 9113 §10.5",
    ),
    Clause(
        "hostile-15",
        _SHOULD,
        _CLIENT,
        "What a recorder says reaches notices and logs only with its control characters made"
        " harmless, and the user's terminal not at all.",
        "An error message can move a cursor and write lines that look like a log's own.",
        "U: sessionrecording/connect.go (quotes the error)",
    ),
    Clause(
        "hostile-16",
        _SHOULD,
        Binds.CONTROL,
        "A policy file that is nested, long or damaged in any way ends in an error that says where,"
        " never in a crash or in a policy.",
        "A policy that is read half may be one without recording.",
        "R: RFC 8259 §9; protocol §2",
    ),
    Clause(
        "hostile-17",
        _MUST,
        _RECORDER,
        "A request that is refused leaves no recording and no part of one.",
        "An audit must not find sessions that never were.",
        "U: sessionrecording/connect.go; S: Data Flow Sequence",
    ),
)
