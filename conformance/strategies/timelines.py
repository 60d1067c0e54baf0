"""Strategies for fault timelines, and for whole scenarios that make sense.

Whole ones pass `conformance.scenario_check.check`.

Which faults there are is not known here: give their names, for instance those that
``recspec list faults`` prints. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from hypothesis import strategies as st

from conformance.history import KINDS
from conformance.machine import whole_paths
from conformance.scenario import (
    Action,
    Expectation,
    ExpectedAttempt,
    FaultPlan,
    Match,
    OnFailure,
    Pty,
    RecorderNode,
    Scenario,
    Script,
    Step,
    UserSession,
)
from conformance.strategies.policies import policies

Kinds = Mapping[str, Collection[str]]
"""Kinds of event, each with the names of its fields."""

HISTORY_KINDS: Kinds = {name: kind.__struct_fields__ for name, kind in KINDS.items()}
"""The kinds of event that histories have."""

_LONGEST = 3600.0
_PLACES = ("s3", "control")
_NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,12}", fullmatch=True).filter(
    lambda name: name not in _PLACES
)
_TEXTS = st.text(max_size=12)
_SOME = st.text(min_size=1, max_size=12)
_seconds = st.floats(0, _LONGEST)
_durations = st.floats(0.001, _LONGEST)


# --- timelines ------------------------------------------------------------------------------------


@st.composite
def matches(draw: st.DrawFn, *, kinds: Kinds = HISTORY_KINDS) -> Match:
    """Events of a history to wait for, and how long after them."""
    event = draw(st.sampled_from(sorted(kinds)))
    fields = sorted(kinds[event])
    values = st.text(max_size=8) | st.integers(-(10**12), 10**12) | st.booleans()
    where = st.dictionaries(st.sampled_from(fields), values, max_size=2) if fields else st.just({})
    return Match(event=event, where=draw(where), plus=draw(_seconds))


def fault_plans(
    faults: Collection[str], nodes: Collection[str] = (), *, kinds: Kinds = HISTORY_KINDS
) -> st.SearchStrategy[FaultPlan]:
    """One of `faults` that strikes one of `nodes`, S3 or the control plane."""
    return st.builds(
        FaultPlan,
        fault=st.sampled_from(sorted(faults)),
        node=st.sampled_from((*nodes, *_PLACES)),
        at=st.just("start") | _seconds | matches(kinds=kinds),
        lasts=st.none() | _durations,
        amount=st.none() | _durations,
    )


def timelines(
    faults: Collection[str],
    nodes: Collection[str] = (),
    *,
    kinds: Kinds = HISTORY_KINDS,
    max_size: int = 4,
) -> st.SearchStrategy[tuple[FaultPlan, ...]]:
    """Fault timelines: what strikes `nodes`, S3 and the control plane, and when."""
    if not faults:
        return st.just(())
    return st.lists(fault_plans(faults, nodes, kinds=kinds), max_size=max_size).map(tuple)


# --- scenarios ------------------------------------------------------------------------------------


@st.composite
def recorder_nodes(draw: st.DrawFn, name: str) -> RecorderNode:
    """A recorder of this name, sound or scripted."""
    speaks: Literal["v2", "v1"] = draw(st.sampled_from(("v2", "v1")))
    only = {"v2": "no-acks", "v1": "early-200"}[speaks]
    does = st.sampled_from(("refuse", "error-frame", "bad-final", "silent", "reset", only))
    scripts = st.builds(Script, does=does, status=st.integers(201, 599), on_text=_TEXTS)
    return RecorderNode(
        name=name,
        speaks=speaks,
        storage=draw(st.sampled_from(("filesystem", "s3"))),
        script=draw(st.none() | scripts),
        tags=draw(st.lists(_SOME, max_size=2).map(tuple)),
    )


_windows = st.builds(Pty, width=st.integers(0, 65535), height=st.integers(0, 65535), term=_TEXTS)


def steps(*, kinds: Kinds = HISTORY_KINDS) -> st.SearchStrategy[Step]:
    """One thing that a user does."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "type": _TEXTS,
        "secret": _SOME,
        "see": _TEXTS,
        "pause": _seconds,
        "resize": _windows,
        "wait": matches(kinds=kinds),
        "hang_up": st.just(True),
        "eof": st.just(True),
        "pull": _TEXTS,
    }
    return st.one_of(*(st.builds(Step, **{name: value}) for name, value in fields.items()))


@st.composite
def user_sessions(draw: st.DrawFn, name: str, *, kinds: Kinds = HISTORY_KINDS) -> UserSession:
    """A session of this name."""
    run: Literal["shell", "exec", "sftp"] = draw(st.sampled_from(("shell", "exec", "sftp")))
    return UserSession(
        name=name,
        connection=draw(st.sampled_from(("", "shared"))),
        ssh_user=draw(_SOME),
        run=run,
        command=draw(_SOME) if run == "exec" else "",
        pty=draw(st.none() | _windows),
        steps=tuple(draw(st.lists(steps(kinds=kinds), max_size=4))),
    )


@st.composite
def expectations(draw: st.DrawFn, session: str, nodes: Collection[str] = ()) -> Expectation:
    """What must hold for a session of this name, beside recorders of these names."""
    recording: Literal["complete", "prefix", "none"] = "none"
    if nodes:
        recording = draw(st.sampled_from(("complete", "prefix", "none")))
    named = st.sampled_from(sorted(nodes)) if nodes else st.nothing()
    attempts = st.builds(ExpectedAttempt, recorder=named, failed=st.booleans())
    return Expectation(
        session=session,
        path=draw(st.sampled_from(whole_paths())),
        aborted=draw(st.booleans()),
        exit=draw(st.integers(0, 255) | st.sampled_from(("nonzero", "none"))),
        attempts=tuple(draw(st.lists(attempts, max_size=3))) if nodes else (),
        notices=tuple(draw(st.lists(st.integers(1, 3), max_size=2))),
        shows=tuple(draw(st.lists(_TEXTS, max_size=2))),
        hides=tuple(draw(st.lists(_TEXTS, max_size=2))),
        recording=recording,
        recorded_by="" if recording == "none" else draw(named),
    )


@st.composite
def actions(draw: st.DrawFn, nodes: Collection[str] = ()) -> Action:
    """What the control plane answers; it names recorders among `nodes`."""
    listed = st.lists(st.sampled_from(sorted(nodes)), max_size=3) if nodes else st.just([])
    record = draw(st.none() | listed)
    failure = st.builds(OnFailure, reject=_TEXTS, terminate=_TEXTS, notify=st.booleans())
    return Action(
        record=None if record is None else tuple(record), on_failure=draw(st.none() | failure)
    )


@st.composite
def scenarios(
    draw: st.DrawFn, faults: Collection[str], *, kinds: Kinds = HISTORY_KINDS
) -> Scenario:
    """Whole scenarios that make sense: every name refers to something, every number is in range.

    What is expected need not come true: nobody played them.
    """
    nodes = draw(st.lists(_NAMES, max_size=3, unique=True))
    names = draw(st.lists(_SOME, min_size=1, max_size=2, unique=True))
    by_policy = draw(st.booleans())
    return Scenario(
        title=draw(_SOME),
        about=draw(_TEXTS),
        recorders=tuple(draw(recorder_nodes(name)) for name in nodes),
        action=None if by_policy else draw(actions(nodes)),
        policy=draw(policies()) if by_policy else "",
        sessions=tuple(draw(user_sessions(name, kinds=kinds)) for name in names),
        faults=draw(timelines(faults, nodes, kinds=kinds)),
        expect=tuple(draw(expectations(name, nodes)) for name in names),
        deadline=draw(_durations),
    )
