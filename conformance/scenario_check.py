"""Whether a scenario makes sense: what its types cannot say.

Names must refer to something, numbers lie within bounds, and what goes together must be there
together. Each mistake is one line that says what is wrong; the error also says where.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TypeAlias

from conformance.scenario import (
    Action,
    Api,
    FaultPlan,
    Match,
    Pty,
    Scenario,
    Step,
    UserSession,
)


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
    _unique(names, ("sessions",), "session")
    if not scenario.title:
        raise ScenarioError("a scenario needs a title", ("title",))
    if not names and scenario.api is None:
        raise ScenarioError("a scenario needs at least one session", ("sessions",))
    _number(scenario.deadline, ("deadline",), least=0.001)
    if scenario.line_limit is not None and scenario.line_limit < 1:
        raise ScenarioError(f"{scenario.line_limit} is not above 0", ("line_limit",))
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
    _unique(names, ("recorders",), "recorder")
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
            there = f"there are: {', '.join(sorted(nodes))}" if nodes else "there are none"
            raise ScenarioError(f"no recorder is named {name!r}; {there}", ("api", "recorders", i))
    _unique([request.name for request in api.requests], ("api", "requests"), "request")
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
            has = f"they are: {', '.join(api.recorders)}" if api.recorders else "it has none"
            raise ScenarioError(
                f"{request.stored_by!r} is none of the proxy's recorders; {has}",
                (*where, "stored_by"),
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
    _unique([expected.session for expected in scenario.expect], ("expect",), "expectation for")
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


def _unique(names: list[str], where: Where, what: str) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name:
            raise ScenarioError(f"a {what} needs a name", (*where, index))
        if name in seen:
            raise ScenarioError(f"two of {where[-1]} are named {name!r}", (*where, index))
        seen.add(name)
