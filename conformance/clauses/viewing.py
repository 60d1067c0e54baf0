"""The web UI in which people look at recordings: protocol section 1."""

from __future__ import annotations

from conformance.clauses.clause import Binds, Clause, Level

_UI, _MUST, _SHOULD, _MAY = Binds.UI, Level.MUST, Level.SHOULD, Level.MAY

CLAUSES = (
    Clause(
        "ui-1",
        _MAY,
        Binds.RECORDER,
        "A recorder may have a web UI.",
        "Where it has none, any asciicast player plays what is in storage.",
        "S: Overview; U: k8s-operator/apis/v1alpha1/types_recorder.go",
    ),
    Clause(
        "ui-2",
        _MUST,
        _UI,
        "The UI lists the recordings in storage and plays them.",
        "A recording that nobody can find might as well not be there.",
        "S: Overview; U: k8s-operator/apis/v1alpha1/types_recorder.go",
    ),
    Clause(
        "ui-3",
        _SHOULD,
        _UI,
        "The UI is served on port 443, over TLS.",
        "Browsers hold back what pages need when they came in clear.",
        "S: Overview; U: k8s-operator/apis/v1alpha1/types_recorder.go",
    ),
    Clause(
        "ui-4",
        _MUST,
        _UI,
        "What stands in a recording, its header included, is shown as text and never run.",
        "Whoever is recorded chooses every byte of it, and an auditor's browser opens it.",
        "R: RFC 8259 §12; S: Privacy & Security Guarantees",
    ),
    Clause(
        "ui-5",
        _MUST,
        _UI,
        "Only those see a recording whom the tailnet's policy lets reach the recorder.",
        "Recordings hold what was on the screens of administrators.",
        "S: Privacy & Security Guarantees; S: Key Features",
    ),
    Clause(
        "ui-6",
        _MUST,
        _UI,
        "No name in a request to the UI leads out of the base path.",
        "It would read any file of the recorder to whoever asks.",
        "S: Storage Backend Options; protocol §7",
    ),
    Clause(
        "ui-7",
        _SHOULD,
        _UI,
        "The UI changes nothing of what is stored.",
        "Looking at evidence must not alter it.",
        "S: How Session Recording Works; S: Privacy & Security Guarantees",
    ),
    Clause(
        "ui-8",
        _SHOULD,
        _UI,
        "A player passes over event codes that it does not know.",
        "The format is open to new ones.",
        "A: asciicast v2, Supported event codes",
    ),
    Clause(
        "ui-9",
        _SHOULD,
        _UI,
        "A player shortens pauses to `idle_time_limit` where the header has one.",
        "Nobody watches an idle terminal for hours.",
        "A: asciicast v2, Header",
    ),
    Clause(
        "ui-10",
        _SHOULD,
        _UI,
        "A player follows changes of the window, and opens a terminal also for a header that says"
        " 0 by 0.",
        "Sessions without a terminal have no size, and their output is worth seeing all the same.",
        "A: asciicast v2, r - resize; U: sessionrecording/header.go",
    ),
    Clause(
        "ui-11",
        _SHOULD,
        _UI,
        "A recording that is downloaded is named `.cast` and has the type"
        " `application/x-asciicast`.",
        "Players know it by both.",
        "A: asciicast v2, File extension; A: asciicast v2, Media type",
    ),
    Clause(
        "ui-12",
        _MAY,
        _UI,
        "The UI may search recordings for text.",
        "Recordings are text, and a search over many finds the one that matters.",
        "S: Key Features",
    ),
)
