"""Protocol v1, ``POST /record`` over HTTP/1.1: protocol sections 3 and 4."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

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
        "v1-4",
        _MUST,
        _CLIENT,
        "A v1 upload is `POST /record` over HTTP/1.1 with a chunked body and"
        " `Expect: 100-continue`.",
        "The length is not known before the end, and the client needs a word before the first"
        " byte.",
        "U: sessionrecording/connect.go; R: RFC 9112 §7.1; R: RFC 9110 §10.1.1",
    ),
    Clause(
        "v1-5",
        _MUST,
        _CLIENT,
        "A final answer before the interim 100, even a 200, fails that recorder.",
        "A recorder that is done before it has read anything records nothing.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "v1-6",
        _MUST,
        _CLIENT,
        "The interim 100 starts the session whenever it comes within the time for choosing.",
        "A recorder may open its storage first, and an object store takes its time.",
        "U: sessionrecording/connect.go; protocol §3",
    ),
    Clause(
        "v1-7",
        _MUST,
        _RECORDER,
        "A v1 recorder that cannot take the recording answers with a final status other than 200"
        " in place of the 100.",
        "Only a refusal before the start lets the client try the next recorder.",
        "R: RFC 9110 §10.1.1; U: sessionrecording/connect.go",
    ),
    Clause(
        "v1-8",
        _MUST,
        _CLIENT,
        "Interim answers other than the 100 are passed over.",
        "HTTP lets servers send any number of them, and none of them means yes.",
        "R: RFC 9110 §15.2; U: sessionrecording/connect.go",
    ),
    Clause(
        "v1-9",
        _MUST,
        _RECORDER,
        "A v1 recorder reads chunks of every size, and passes over chunk extensions and trailers.",
        "How a body is cut into chunks means nothing, and every library cuts it otherwise.",
        "R: RFC 9112 §7.1; R: RFC 9112 §7.1.1",
    ),
    Clause(
        "v1-10",
        _MUST,
        _RECORDER,
        "A body that breaks off before its last chunk is incomplete, and is not answered 200.",
        "Only the last chunk tells a whole recording from one that was cut off.",
        "R: RFC 9112 §8; protocol §4",
    ),
    Clause(
        "v1-11",
        _MUST,
        _CLIENT,
        "After the end of the body a final status other than 200, or a connection that breaks"
        " before one, is a loss.",
        "Nobody has said that the recording is stored.",
        "U: sessionrecording/connect.go; protocol §4",
    ),
    Clause(
        "v1-12",
        _SHOULD,
        _CLIENT,
        "The final answer is awaited at most 30 s after the end of the body; none is a loss.",
        "A session that waits for ever for its recorder's last word never ends.",
        "D13; protocol §8",
    ),
    Clause(
        "v1-13",
        _MUST,
        _CLIENT,
        "A final answer while the session still runs is a loss, even a 200.",
        "What the session shows after it is recorded by nobody.",
        "U: ssh/tailssh/tailssh.go; protocol §4",
    ),
    Clause(
        "v1-14",
        _MUST,
        _RECORDER,
        "A recorder without HTTP/2 ends a connection that begins with `PRI * HTTP/2.0`, by an"
        " error or by closing it, and goes on serving others.",
        "Every client that knows v2 begins with it.",
        "R: RFC 9113 §3.4; U: sessionrecording/connect.go",
    ),
    Clause(
        "v1-15",
        _SHOULD,
        _RECORDER,
        "A v1 recorder that fails to store what it has taken answers with a 5xx status.",
        "The fault is the server's, and logs and proxies sort by the first digit.",
        "R: RFC 9110 §15.6; U: sessionrecording/connect.go",
    ),
    Clause(
        "v1-16",
        _SHOULD,
        _RECORDER,
        "A method that an endpoint does not have is answered 405, with `Allow`.",
        "Whoever probes by hand learns what the recorder can do.",
        "R: RFC 9110 §15.5.6",
    ),
    Clause(
        "v1-17",
        _SHOULD,
        _RECORDER,
        "A path that a recorder does not have is answered 404.",
        "Every later protocol is probed for as v2 is, and a 200 would be taken for it.",
        "R: RFC 9110 §15.5.5; U: sessionrecording/connect.go, sessionrecording/event.go",
    ),
)
