"""Scenarios: what is to be played, as data.

A scenario names its recorders in their order, what the control plane says, what users do, which
faults strike when, and what must hold at the end. The same scenario is played by the live world
and by the virtual one. Times are seconds, as people write them in the files; everything else in
the project counts nanoseconds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal, TypeAlias

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

    @property
    def notice_status(self) -> int:
        """How the control plane answers notices."""
        return (self.control or Control()).notice_status

    @property
    def needs_s3(self) -> bool:
        """True when a recorder of it stores in S3."""
        return any(node.storage == "s3" for node in self.recorders)


class ScenarioError(ValueError):
    """A scenario that makes no sense; `where` is the path of the field, outermost first."""

    def __init__(self, message: str, where: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.where = where


_STEP_FIELDS = Step.__struct_fields__
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_METHOD = re.compile(r"[A-Z]{1,20}")
_PATH = re.compile(r"/[!-~]{0,2000}")
_OTHER_NODES = frozenset({"s3", "control"})
_EVENT_MOMENTS = ("event-head", "event-post")
_AT_EVENTS = ("refuse", "silent", "reset", "reset-connection", "half-close", "garbage")
"""What a script can do about events."""
_SPOKEN = {
    **dict.fromkeys(("early-200", "early-hints", "late-continue"), "v1"),
    **dict.fromkeys(("no-acks", "late-acks", "falling-acks", "high-acks", "go-away"), "v2"),
    **dict.fromkeys(("junk-frame", "cut-final", "endless-frame"), "v2"),
    **dict.fromkeys(("bare-acks", "extra-keys", "split-acks", "gzip-acks"), "v2"),
}
"""What exists in one version of the protocol only."""
_LONGEST = 3600.0
"""Seconds: a scenario that waits for longer is a mistake."""

Where: TypeAlias = tuple[str | int, ...]


def check(
    scenario: Scenario, *, faults: frozenset[str], kinds: Mapping[str, Collection[str]]
) -> None:
    """Raise ScenarioError for what the types cannot say: names that refer to nothing, odd numbers.

    `faults` are the names of the faults that exist; `kinds` those of the kinds of event, each
    with the names of its fields.
    """
    nodes = _check_recorders(scenario)
    names = [session.name for session in scenario.sessions]
    _unique(names, "sessions", "session")
    if not scenario.title:
        raise ScenarioError("a scenario needs a title", ("title",))
    if not names and scenario.api is None:
        raise ScenarioError("a scenario needs at least one session", ("sessions",))
    _number(scenario.deadline, ("deadline",), least=0.001)
    if names and (scenario.action is None) == (not scenario.policy):
        raise ScenarioError("give either 'action' or 'policy'", ("action",))
    if scenario.then and scenario.action is None:
        raise ScenarioError("'then' follows an 'action'", ("then",))
    _check_action(scenario.action, ("action",), nodes)
    for index, action in enumerate(scenario.then):
        _check_action(action, ("then", index), nodes)
    _check_control(scenario, kinds)
    for i, session in enumerate(scenario.sessions):
        if (session.run == "exec") != bool(session.command):
            raise ScenarioError(
                "'command' goes with 'run: exec', and only with it", ("sessions", i)
            )
        if session.after is not None:
            _check_match(session.after, ("sessions", i, "after"), kinds)
        _check_client(session, scenario.sessions, ("sessions", i, "client"))
        _check_window(session.pty, ("sessions", i, "pty"))
        for j, step in enumerate(session.steps):
            _check_step(step, ("sessions", i, "steps", j), kinds)
    if scenario.api is not None:
        _check_api(scenario.api, nodes, kinds)
    for i, plan in enumerate(scenario.faults):
        _check_fault(plan, ("faults", i), nodes, faults, kinds)
    _check_expectations(scenario, names, nodes)


def _check_action(action: Action | None, where: Where, nodes: frozenset[str]) -> None:
    for index, name in enumerate((action and action.record) or ()):
        if name not in nodes:
            raise ScenarioError(f"no recorder is named {name!r}", (*where, "record", index))


def _check_recorders(scenario: Scenario) -> frozenset[str]:
    names = [node.name for node in scenario.recorders]
    _unique(names, "recorders", "recorder")
    for i, node in enumerate(scenario.recorders):
        # A recorder's name is also a host's, and a folder's.
        if not _NAME.fullmatch(node.name) or node.name in _OTHER_NODES:
            raise ScenarioError(
                f"{node.name!r} cannot be a recorder's name: letters, digits, '-' and '_', "
                "and neither 's3' nor 'control'",
                ("recorders", i, "name"),
            )
        if node.script is None:
            continue
        where = ("recorders", i, "script")
        only = _SPOKEN.get(node.script.does, node.speaks)
        if only != node.speaks:
            raise ScenarioError(
                f"{node.script.does!r} exists in {only} only, and this recorder speaks "
                f"{node.speaks}",
                (*where, "does"),
            )
        if node.script.moment in _EVENT_MOMENTS and node.script.does not in _AT_EVENTS:
            raise ScenarioError(
                f"{node.script.does!r} cannot be done at {node.script.moment!r}; what can:"
                f" {', '.join(_AT_EVENTS)}",
                (*where, "does"),
            )
        _number(node.script.status, (*where, "status"), least=201, most=599)
        _number(node.script.after, (*where, "after"))
        _number(node.script.seconds, (*where, "lasts"), least=0.001)
        _number(node.script.error_code, (*where, "code"), most=0xFFFFFFFF)
    return frozenset(names)


def _check_api(api: Api, nodes: frozenset[str], kinds: Mapping[str, Collection[str]]) -> None:
    for i, name in enumerate(api.recorders):
        if name not in nodes:
            raise ScenarioError(f"no recorder is named {name!r}", ("api", "recorders", i))
    _unique([request.name for request in api.requests], "requests", "request")
    if not api.requests:
        raise ScenarioError("the proxy is given no request", ("api", "requests"))
    for i, request in enumerate(api.requests):
        where = ("api", "requests", i)
        if not _METHOD.fullmatch(request.method):
            raise ScenarioError(
                f"{request.method!r} is no method: capital letters", (*where, "method")
            )
        if not _PATH.fullmatch(request.path):
            raise ScenarioError(
                f"{request.path!r} is no path: it begins with '/', and has no spaces",
                (*where, "path"),
            )
        if request.stored_by and request.stored_by not in api.recorders:
            raise ScenarioError(
                f"{request.stored_by!r} is none of the proxy's recorders", (*where, "stored_by")
            )
        if isinstance(request.at, Match):
            _check_match(request.at, (*where, "at"), kinds)
        elif not isinstance(request.at, str):
            _number(request.at, (*where, "at"))


def _check_fault(
    plan: FaultPlan,
    where: Where,
    nodes: frozenset[str],
    faults: frozenset[str],
    kinds: Mapping[str, Collection[str]],
) -> None:
    if plan.fault not in faults:
        known = ", ".join(sorted(faults))
        raise ScenarioError(f"no fault is named {plan.fault!r}; known: {known}", (*where, "fault"))
    if plan.node not in nodes | _OTHER_NODES:
        raise ScenarioError(f"no node is named {plan.node!r}", (*where, "node"))
    if isinstance(plan.at, Match):
        _check_match(plan.at, (*where, "at"), kinds)
    elif not isinstance(plan.at, str):
        _number(plan.at, (*where, "at"))
    for field in ("lasts", "amount"):
        value: float | None = getattr(plan, field)
        if value is not None:
            _number(value, (*where, field), least=0.001)


def _check_expectations(scenario: Scenario, names: list[str], nodes: frozenset[str]) -> None:
    _unique([expected.session for expected in scenario.expect], "expect", "expectation for")
    sessions, judged = set(names), {expected.session for expected in scenario.expect}
    for name in names:
        if name not in judged:
            raise ScenarioError(f"nothing is expected of session {name!r}", ("expect",))
    for i, expected in enumerate(scenario.expect):
        if expected.session not in sessions:
            raise ScenarioError(
                f"no session is named {expected.session!r}", ("expect", i, "session")
            )
        if expected.recorded_by and expected.recorded_by not in nodes:
            raise ScenarioError(
                f"no recorder is named {expected.recorded_by!r}", ("expect", i, "recorded_by")
            )
        if (expected.recording == "none") == bool(expected.recorded_by):
            raise ScenarioError(
                "'recorded_by' goes with a recording, and a recording with 'recorded_by'",
                ("expect", i, "recording"),
            )
        if isinstance(expected.exit, int):
            _number(expected.exit, ("expect", i, "exit"), most=255)
        for j, attempt in enumerate(expected.attempts):
            if attempt.recorder not in nodes:
                raise ScenarioError(
                    f"no recorder is named {attempt.recorder!r}",
                    ("expect", i, "attempts", j, "recorder"),
                )
        for j, notice in enumerate(expected.notices):
            _number(notice, ("expect", i, "notices", j), least=1, most=3)


def _check_step(step: Step, where: Where, kinds: Mapping[str, Collection[str]]) -> None:
    given = [name for name in _STEP_FIELDS if getattr(step, name) is not None]
    if len(given) != 1:
        raise ScenarioError(f"a step does exactly one of: {', '.join(_STEP_FIELDS)}", where)
    if step.hang_up is False or step.eof is False:
        raise ScenarioError("is true, or is not there", (*where, given[0]))
    if step.wait is not None:
        _check_match(step.wait, (*where, "wait"), kinds)
    if step.pause is not None:
        _number(step.pause, (*where, "pause"))
    _check_window(step.resize, (*where, "resize"))


def _check_control(scenario: Scenario, kinds: Mapping[str, Collection[str]]) -> None:
    if scenario.changes and not scenario.policy:
        raise ScenarioError("'changes' are of a 'policy'", ("changes",))
    _number(scenario.notice_status, ("control", "notice_status"), least=200, most=599)
    for i, change in enumerate(scenario.changes):
        if isinstance(change.at, Match):
            _check_match(change.at, ("changes", i, "at"), kinds)
        else:
            _number(change.at, ("changes", i, "at"))


def _check_client(session: UserSession, others: tuple[UserSession, ...], where: Where) -> None:
    for other in others:
        if session.connection == other.connection != "" and session.client != other.client:
            message = f"shares a connection with {other.name!r}, and so its 'client' too"
            raise ScenarioError(message, where)


def _check_match(match: Match, where: Where, kinds: Mapping[str, Collection[str]]) -> None:
    if match.event not in kinds:
        raise ScenarioError(f"no event of a history is called {match.event!r}", (*where, "event"))
    known = kinds[match.event]
    for field in match.where:
        if field not in known:
            has = ", ".join(known) or "no fields"
            message = f"an event {match.event!r} has no {field!r}; it has: {has}"
            raise ScenarioError(message, (*where, "where", field))
    _number(match.plus, (*where, "plus"))


def _check_window(window: Pty | None, where: Where) -> None:
    if window is not None:
        _number(window.width, (*where, "width"), most=65535)
        _number(window.height, (*where, "height"), most=65535)


def _number(value: float, where: Where, *, least: float = 0.0, most: float = _LONGEST) -> None:
    if not least <= value <= most:  # what is not a number is neither
        raise ScenarioError(f"{value:g} is not between {least:g} and {most:g}", where)


def _unique(names: list[str], field: str, what: str) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name:
            raise ScenarioError(f"a {what} needs a name", (field, index))
        if name in seen:
            raise ScenarioError(f"two of {field} are named {name!r}", (field, index))
        seen.add(name)
