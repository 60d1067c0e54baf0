"""Scenarios: what is to be played, as data.

A scenario names its recorders in their order, what the control plane says, what users do, which
faults strike when, and what must hold at the end. The same scenario is played by the live world
and by the virtual one. Times are seconds, as people write them in the files; everything else in
the project counts nanoseconds.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from conformance.machine import State


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of everything in a scenario file: unknown keys are errors."""


class RecorderNode(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recorder on the tailnet. `script` makes it a scripted recorder that misbehaves to order."""

    name: str
    speaks: Literal["v2", "v1"] = "v2"
    storage: Literal["filesystem", "s3"] = "filesystem"
    script: Script | None = None
    tags: tuple[str, ...] = ("tag:recorder",)


class Script(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scripted recorder does instead of recording properly, and from which moment on.

    What it can do. The connection: ``silent`` (says nothing more, and reads on),
    ``reset-connection`` (RST), ``half-close`` (ends its own direction, and reads on),
    ``stop-reading`` (for `lasts` seconds), ``tls`` (speaks TLS). Answers: ``refuse`` (answers
    `status`; in the middle of a v1 upload that is its final answer), ``wrong-content`` (200 with
    a page of HTML), ``early-200`` (v1: 200 in place of the interim 100), ``end-early`` (a clean
    end), ``garbage`` (something that is no answer, or no ack frame). Streams: ``reset``
    (RST_STREAM with `code`; v1: RST), ``go-away`` (GOAWAY with `code`; 0 is graceful). Acks:
    ``no-acks`` from here on, ``late-acks`` (the next comes after `lasts` seconds),
    ``falling-acks``, ``high-acks`` (far more than was sent), ``error-frame``, ``junk-frame`` (no
    ack frame, and then all that is proper). Ends: ``bad-final`` (500 or an error frame),
    ``no-final``, ``cut-final`` (the answer ends within its last ack), ``endless-frame`` (two
    megabytes of an ack that is never over).

    What is proper, and seldom seen: ``bare-acks`` (the first ack is ``{}``), ``extra-keys`` (the
    first ack says more), ``split-acks`` (the first acks stand close together, or are cut over
    DATA frames), ``gzip-acks`` (the answer is compressed when that was offered), ``early-hints``
    (v1: an interim 103, and a second later the 100), ``late-continue`` (v1: the 100 comes after
    `lasts` seconds).
    """

    does: Literal[
        "refuse",
        "error-frame",
        "no-acks",
        "garbage",
        "end-early",
        "reset",
        "bad-final",
        "no-final",
        "early-200",
        "silent",
        "reset-connection",
        "half-close",
        "wrong-content",
        "go-away",
        "late-acks",
        "falling-acks",
        "high-acks",
        "stop-reading",
        "tls",
        "junk-frame",
        "cut-final",
        "endless-frame",
        "bare-acks",
        "extra-keys",
        "split-acks",
        "gzip-acks",
        "early-hints",
        "late-continue",
    ]
    at: (
        Literal[
            "dial",
            "probe",
            "open",
            "before-header",
            "header",
            "text",
            "closing",
            "event-head",
            "event-post",
        ]
        | None
    ) = None
    """The moment: every connection as soon as something is sent on it; the probe; the upload's
    request, before it is answered; right after the 200 or the 100; the header line's end; the
    text `on_text` in the body; the body's end; ``HEAD /v2/event``; the end of a POST there. Events
    are taken by one only whose moment is one of the last two. Absent: as its name has it, else the
    text."""
    after: float = 0.0
    """Seconds after the moment."""
    status: int = 503
    on_text: str = ""
    code: int | None = None
    """The error code of HTTP/2; absent: INTERNAL_ERROR."""
    lasts: float | None = None
    """Seconds; absent: two."""
    words: str = "the disk is on fire"
    """What an error frame says."""

    @property
    def error_code(self) -> int:
        """The error code of HTTP/2 that counts."""
        return _INTERNAL_ERROR if self.code is None else self.code

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return _LASTS if self.lasts is None else self.lasts

    @property
    def moment(self) -> str:
        """Return the moment at which it departs."""
        return self.at or _MOMENTS.get(self.does, "text")


_INTERNAL_ERROR = 2
_LASTS = 2.0
_MOMENTS = {
    "bad-final": "closing",
    "bare-acks": "before-header",
    "cut-final": "closing",
    "early-200": "open",
    "early-hints": "open",
    "extra-keys": "before-header",
    "gzip-acks": "before-header",
    "late-continue": "open",
    "no-acks": "before-header",
    "no-final": "closing",
    "refuse": "open",
    "silent": "dial",
    "split-acks": "before-header",
    "tls": "dial",
}


class OnFailure(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The failure action: two independent messages, and whether notices are wanted."""

    reject: str = ""
    terminate: str = ""
    notify: bool = True


class Action(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the control plane answers, written out. `record` names recorders in order.

    `record` absent means that nobody asked for a recording; an empty list is required recording
    with no recorder to try (D3).
    """

    record: tuple[str, ...] | None = None
    on_failure: OnFailure | None = None


class Pty(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A terminal, as the user's client asks for it."""

    width: int = 80
    height: int = 24
    term: str = "xterm-256color"


class Match(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first event of the history of this kind whose fields have these values."""

    event: str
    where: dict[str, str | int | bool] = {}
    plus: float = 0.0
    """Seconds after the event."""


class Step(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that a user does; exactly one field is set.

    ``type``: keys. ``secret``: types the canary of this name and Enter. ``see``: waits until this
    text was shown (after the last text waited for). ``pause``: seconds. ``resize``: a new window.
    ``wait``: for an event. ``hang_up``: closes the connection. ``eof``: ends standard input.
    ``pull``: fetches the file at this path by sftp. ``forward``: sends this text through a port
    forward of the session's connection, to an echo service behind the server, and waits until it
    is back; the forward stays open.
    """

    type: str | None = None
    secret: str | None = None
    see: str | None = None
    pause: float | None = None
    resize: Pty | None = None
    wait: Match | None = None
    hang_up: bool | None = None
    eof: bool | None = None
    pull: str | None = None
    forward: str | None = None


class UserSession(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One session of one user. Sessions that name the same `connection` share it.

    `client` is what the user connects with: absent, whatever the world has; ``openssh``, the `ssh`
    of that name, which the live world starts as a process.
    """

    name: str
    after: Match | None = None
    """When the connection is made; absent: at once. The first session of a connection says it."""
    connection: str = ""
    client: Literal["", "openssh"] = ""
    ssh_user: str = "alice"
    run: Literal["shell", "exec", "sftp"] = "shell"
    command: str = ""
    pty: Pty | None = None
    steps: tuple[Step, ...] = ()


class Control(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the control plane does beside answering as it should."""

    notice_status: int = 201
    """How it answers notices."""


class Change(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another policy counts, from an event on or some seconds after the start."""

    at: float | Match
    policy: str


class FaultPlan(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault on the timeline: `at` the start, some seconds later, or relative to an event.

    `node` is a recorder's name, ``s3`` or ``control``. `lasts` seconds (absent: to the end).
    """

    fault: str
    node: str
    at: Literal["start"] | float | Match = "start"
    lasts: float | None = None
    amount: float | None = None
    """What the fault takes as its number, if it takes one; its module says of what."""


class ExpectedAttempt(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attempt, in order."""

    recorder: str
    failed: bool = False


class Expectation(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must hold for one session at the end.

    `path` lists the states from Connecting on, without the marks. `exit` is a status, or
    ``nonzero``, or ``none`` (the user left, or was never told). `recording` says what the
    storage of `recorded_by` holds: ``complete``, ``prefix`` (cut off by the fault) or ``none``.
    """

    session: str
    path: tuple[State, ...]
    aborted: bool = False
    exit: int | Literal["nonzero", "none"] = 0
    attempts: tuple[ExpectedAttempt, ...] = ()
    notices: tuple[int, ...] = ()
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    recording: Literal["complete", "prefix", "none"] = "none"
    recorded_by: str = ""


class ApiRequest(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request to the Kubernetes API, and which recorder has it as an event at the end.

    `by` is alice's laptop (``user``) or a tagged node (``tagged``). `path` may have a query.
    """

    name: str
    by: Literal["user", "tagged"] = "user"
    method: str = "GET"
    path: str
    body: str = ""
    at: Literal["start"] | float | Match = "start"
    stored_by: str = ""
    """Empty: by none of them."""


class Api(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proxy of the Kubernetes API that records every request at one of `recorders`, in order."""

    recorders: tuple[str, ...]
    requests: tuple[ApiRequest, ...]


class Scenario(_Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scenario. `id` is its path in the library without the suffix."""

    id: str = ""
    title: str
    about: str = ""
    recorders: tuple[RecorderNode, ...] = ()
    action: Action | None = None
    then: tuple[Action, ...] = ()
    """What is answered after `action`, in this order: each before the last holds the user."""
    policy: str = ""
    """HuJSON, in place of `action`."""
    control: Control | None = None
    changes: tuple[Change, ...] = ()
    sessions: tuple[UserSession, ...] = ()
    api: Api | None = None
    faults: tuple[FaultPlan, ...] = ()
    expect: tuple[Expectation, ...] = ()
    deadline: float = 60.0
    """Seconds after which a user stops waiting; the protocol's longest wait is 30 s."""
    line_limit: int | None = None
    """Bytes of the longest line of a recording that its readers take; absent: 16 MiB (file-9)."""

    @property
    def notice_status(self) -> int:
        """How the control plane answers notices."""
        return (self.control or Control()).notice_status

    @property
    def needs_s3(self) -> bool:
        """True when a recorder of it stores in S3."""
        return any(node.storage == "s3" for node in self.recorders)
