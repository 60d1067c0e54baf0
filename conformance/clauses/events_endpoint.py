"""The events endpoint, ``/v2/event``: protocol section 7."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_CLIENT, _RECORDER, _MUST, _SHOULD = Binds.CLIENT, Binds.RECORDER, Level.MUST, Level.SHOULD

CLAUSES = (
    Clause(
        "event-1",
        _MUST,
        _RECORDER,
        "A recorder answers `HEAD /v2/event` over HTTP/1.1 with 200 when it takes events, and 404"
        " when it does not.",
        "Clients ask before every event, and take any other answer for a fault.",
        "U: sessionrecording/connect.go; protocol §7",
    ),
    Clause(
        "event-2",
        _MUST,
        _CLIENT,
        "An answer to that HEAD other than 200 and 404 is an error, not a lack of support.",
        "A recorder that is broken must not pass for one that is old.",
        "U: sessionrecording/connect.go; protocol §7",
    ),
    Clause(
        "event-3",
        _MUST,
        _CLIENT,
        "No event is posted to a recorder that has not answered the HEAD with 200.",
        "It would go to a server that does not know what it is.",
        "U: sessionrecording/connect.go; protocol §7",
    ),
    Clause(
        "event-4",
        _MUST,
        _RECORDER,
        "A recorder answers `POST /v2/event` over HTTP/1.1 with 200 when, and only when, the event"
        " is stored.",
        "There is no second word: a request may be held back until its event is safe.",
        "U: sessionrecording/connect.go; protocol §7",
    ),
    Clause(
        "event-5",
        _MUST,
        _CLIENT,
        "An answer to the POST other than 200 means that the event was not stored there.",
        "An event that nobody has is a hole in the audit.",
        "U: sessionrecording/connect.go; protocol §7",
    ),
    Clause(
        "event-6",
        _MUST,
        _CLIENT,
        "An event is one JSON object, sent with `Content-Type: application/json`.",
        "Servers choose their reader by it.",
        "U: sessionrecording/connect.go; R: RFC 9110 §8.3",
    ),
    Clause(
        "event-7",
        _MUST,
        _CLIENT,
        "An event has `type`, `id`, `timestamp`, `userAgent`, `request`, `kubernetes`, `source` and"
        " `destination`.",
        "Recorders file and show events by them.",
        "U: sessionrecording/event.go",
    ),
    Clause(
        "event-8",
        _MUST,
        _CLIENT,
        "`timestamp` of an event is an integer, Unix seconds.",
        "Events and recordings are set side by side by time.",
        "U: sessionrecording/event.go",
    ),
    Clause(
        "event-9",
        _MUST,
        _CLIENT,
        "`request` has `method`, `path`, `body` in base64, and `queryParameters` as lists of"
        " strings by name.",
        "A body may be any bytes, and a parameter may come several times.",
        "U: sessionrecording/event.go",
    ),
    Clause(
        "event-10",
        _MUST,
        _CLIENT,
        "`source` has `node`, without a trailing dot, and `nodeID`, and either `nodeTags` or"
        " `nodeUserID` with `nodeUser`.",
        "It says who did it, in the words of a recording's header.",
        "U: sessionrecording/event.go, k8s-operator/api-proxy/proxy.go",
    ),
    Clause(
        "event-11",
        _MUST,
        _RECORDER,
        "A recorder takes events whose `id` and `destination` are empty.",
        "Upstream sends them so.",
        "U: k8s-operator/api-proxy/proxy.go; protocol §7",
    ),
    Clause(
        "event-12",
        _MUST,
        _RECORDER,
        "A recorder takes the keys of `kubernetes` with capitals, as they come, and null for"
        " `Parts`.",
        "They are Kubernetes' own structure, written by an encoder that nobody told otherwise.",
        "U: sessionrecording/event.go, k8s-operator/api-proxy/proxy.go; protocol §7",
    ),
    Clause(
        "event-13",
        _MUST,
        _CLIENT,
        "Recorders are tried in order until one has stored the event; one that takes no events is"
        " passed over.",
        "The list is the same as for recordings, and so is its meaning.",
        "U: k8s-operator/api-proxy/proxy.go",
    ),
    Clause(
        "event-14",
        _SHOULD,
        _CLIENT,
        "The answer to the HEAD is awaited at most 10 s.",
        "A request waits behind it.",
        "U: sessionrecording/connect.go; protocol §8",
    ),
    Clause(
        "event-15",
        _SHOULD,
        _RECORDER,
        "A body that is no JSON object is answered with a 4xx status, and not stored.",
        "What cannot be read later is better refused now.",
        "R: RFC 9110 §15.5.1; U: sessionrecording/event.go",
    ),
    Clause(
        "event-16",
        Level.MAY,
        _RECORDER,
        "A recorder may give an event its `id`: where the event lies in its storage.",
        "Only the recorder knows it.",
        "U: sessionrecording/event.go",
    ),
    Clause(
        "event-17",
        _MUST,
        _RECORDER,
        "A recorder that takes events takes them from users and from tagged nodes, with a length"
        " and in chunks.",
        "Whoever has answered the HEAD with 200 is asked for nothing more before the event comes.",
        "U: sessionrecording/event.go, sessionrecording/connect.go; R: RFC 9112 §7.1",
    ),
)
