"""Protocol v2, ``POST /v2/record`` over HTTP/2: protocol sections 3 and 4."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_CLIENT, _RECORDER, _MUST, _SHOULD = Binds.CLIENT, Binds.RECORDER, Level.MUST, Level.SHOULD

CLAUSES = (
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
        "v2-3",
        _MUST,
        _RECORDER,
        "A v2 recorder takes HTTP/2 by prior knowledge on cleartext at the address that the"
        " action lists.",
        "The tailnet encrypts; there is neither TLS to negotiate in nor an upgrade.",
        "U: sessionrecording/connect.go; R: RFC 9113 §3.3",
    ),
    Clause(
        "v2-4",
        _MUST,
        _RECORDER,
        "A v2 recorder answers `HEAD /v2/record` over HTTP/2 with 200, and over either HTTP without"
        " content.",
        "This answer alone turns v2 on.",
        "U: sessionrecording/connect.go; R: RFC 9110 §9.3.2",
    ),
    Clause(
        "v2-5",
        _MUST,
        _RECORDER,
        "A recorder that has no v2 does not answer the probe with 200 over HTTP/2.",
        "The client would send its upload where nobody reads it.",
        "U: sessionrecording/connect.go; R: RFC 9110 §15.5.5",
    ),
    Clause(
        "v2-6",
        _MUST,
        _RECORDER,
        "A v2 recorder that cannot take the recording answers the upload with a status other"
        " than 200.",
        "Only a refusal before the start lets the client try the next recorder.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "v2-7",
        _MUST,
        _CLIENT,
        "A v2 upload is `POST /v2/record` over HTTP/2, its body open until the session ends.",
        "One stream carries one recording from its header to its last event.",
        "U: sessionrecording/connect.go; R: RFC 9113 §8.1",
    ),
    Clause(
        "v2-8",
        _MUST,
        _CLIENT,
        "A client that offers a content coding reads an answer that uses it.",
        "Upstream offers gzip, and a recorder may take it at its word.",
        "R: RFC 9110 §12.5.3; U: sessionrecording/connect.go",
    ),
    Clause(
        "v2-9",
        _SHOULD,
        _CLIENT,
        "A client turns server push off.",
        "Nothing that a recorder could push has a meaning.",
        "R: RFC 9113 §6.5.2; U: sessionrecording/connect.go",
    ),
    Clause(
        "v2-10",
        _MUST,
        _CLIENT,
        "A client sends no more than the recorder's flow-control windows and frame size let"
        " through.",
        "A recorder that is slow protects itself by them, and ends connections that ignore them.",
        "R: RFC 9113 §5.2; R: RFC 9113 §4.2",
    ),
    Clause(
        "v2-11",
        _MUST,
        _RECORDER,
        "A recorder keeps to the client's settings: its windows, frame size and header list.",
        "Acks that overrun a window end the connection, and the session with it.",
        "R: RFC 9113 §6.5.2; R: RFC 9113 §6.9",
    ),
    Clause(
        "v2-12",
        _MUST,
        _RECORDER,
        "A recorder gives window back for what it has read, on the stream and on the connection.",
        "A window that is not given back stalls the terminal for good.",
        "R: RFC 9113 §6.9; R: RFC 9113 §5.2.2",
    ),
    Clause(
        "v2-13",
        _MUST,
        _RECORDER,
        "A recorder acknowledges SETTINGS and answers PING.",
        "Clients and proxies take a peer that does not for broken.",
        "R: RFC 9113 §6.5.3; R: RFC 9113 §6.7",
    ),
    Clause(
        "v2-14",
        _SHOULD,
        _RECORDER,
        "A recorder allows at least 100 streams on one connection at once.",
        "A client may keep all uploads of a busy server on one connection.",
        "R: RFC 9113 §6.5.2",
    ),
    Clause(
        "v2-15",
        _MUST,
        _CLIENT,
        "A GOAWAY that covers the upload's stream lets the upload go on.",
        "It forbids new streams; a recorder that is being replaced finishes the old ones.",
        "R: RFC 9113 §6.8",
    ),
    Clause(
        "v2-16",
        _MUST,
        _CLIENT,
        "A stream that is reset, or a connection that breaks, before the answer has ended is a"
        " loss.",
        "Nobody receives the recording any more.",
        "U: sessionrecording/connect.go; R: RFC 9113 §6.4",
    ),
    Clause(
        "v2-17",
        _MUST,
        _RECORDER,
        "A recorder takes a stream that is reset before the end of its body for a recording that"
        " was cut off.",
        "A reset is how a client gives up; only the end of the body means complete.",
        "R: RFC 9113 §8.1; protocol §4",
    ),
    Clause(
        "v2-18",
        _MUST,
        _RECORDER,
        "A request with connection-specific header fields over HTTP/2 is malformed, and starts no"
        " recording.",
        "They exist in HTTP/1.1 alone, and servers behind may read them as such.",
        "R: RFC 9113 §8.2.2",
    ),
    Clause(
        "v2-19",
        Level.MAY,
        _CLIENT,
        "A client may open large windows: upstream has 4 MiB a stream, frames of 1 MiB, 10 MiB of"
        " header list.",
        "A recorder that assumes HTTP/2's small defaults meets them in the wild.",
        "U: sessionrecording/connect.go (its HTTP library's defaults); R: RFC 9113 §6.5.2;"
        " protocol §3",
    ),
    Clause(
        "v2-20",
        _SHOULD,
        _RECORDER,
        "A GOAWAY from the client lets the uploads of its connection go on to their ends.",
        "It forbids the recorder new streams of its own, and says nothing of the client's.",
        "R: RFC 9113 §6.8",
    ),
)
