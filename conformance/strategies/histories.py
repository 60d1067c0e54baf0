"""Strategies for histories of one session: sound ones, and ones that are damaged on purpose.

A sound history is whole and legal: it breaks no clause, and `conformance.checking.judge` passes it.
There is one for each path of the table, whatever else is drawn. A damaged one must never pass: it
lacks something, or something in it is not legal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar

import msgspec
from hypothesis import reject
from hypothesis import strategies as st

from conformance.history import End, Entered, Event, Gap, Handed, History, Problem, Shown
from conformance.machine import State, replay, whole_paths
from conformance.scenario import Pty
from conformance.strategies.plots import Output, Plot, Stream
from conformance.strategies.story import Told, tell
from conformance.wire import SECOND

S = State

Path: TypeAlias = tuple[State, ...]

PATHS = whole_paths()
"""Every path from start to end that the table has."""


# --- sound ones -----------------------------------------------------------------------------------

_MARK = ":"
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters=_MARK), max_size=20)
"""Output never holds what every message of a failure action does."""
_MESSAGES = st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: f"Sorry: {text}")
_SILENCES = st.just(0) | st.integers(0, 20 * SECOND)
_NAMES = st.from_regex(r"rec[a-z0-9-]{0,6}", fullmatch=True)


@st.composite
def outputs(draw: st.DrawFn, *, streams: Sequence[Stream] = ("stdout",)) -> Output:
    """Something that a command writes, now or after a silence, to one of `streams`."""
    return Output(
        text=draw(_TEXTS),
        stream=draw(st.sampled_from(streams)),
        silence=draw(_SILENCES),
        cut=draw(st.integers(0, 8)),
    )


@st.composite
def plots(draw: st.DrawFn, *, path: Path | None = None) -> Plot:
    """What happens in a session that takes `path`, or any path of the table."""
    taken = draw(st.sampled_from(PATHS)) if path is None else path
    least, most = _how_many(taken)
    pty = draw(st.none() | st.builds(Pty, width=_sizes, height=_sizes))
    streams: tuple[Stream, ...] = ("stdout",) if pty else ("stdout", "stderr")
    written = st.lists(outputs(streams=streams), max_size=4).map(tuple)
    return Plot(
        path=taken,
        recorders=tuple(
            draw(st.lists(_NAMES, min_size=least, max_size=most, unique=True)),
        ),
        speaks=draw(st.sampled_from(("v2", "v1"))),
        refusals=tuple(draw(st.lists(_refusals, min_size=1, max_size=3))),
        run=draw(st.sampled_from(("exec", "shell"))),
        pty=pty,
        user=draw(st.sampled_from(("alice", "root", "deploy"))),
        reject=draw(_message(taken, S.SESSION_REJECTED, S.SESSION_ALLOWED)),
        terminate=draw(_message(taken, S.SESSION_TERMINATED, S.CONTINUE_UNRECORDED)),
        notify=draw(st.booleans()),
        written=draw(written),
        unrecorded=draw(written),
        exit=draw(st.integers(0, 255)),
        gap=draw(st.booleans()),
        step=draw(st.integers(1, SECOND // 100)),
        began=draw(st.integers(0, 10**6 * SECOND)),
    )


_sizes = st.integers(1, 500)
_refusals = st.sampled_from((301, 400, 403, 404, 500, 503))


def _how_many(path: Path) -> tuple[int, int]:
    """Return how many recorders there may be on a path, at least and at most."""
    if S.NO_RECORDING in path:
        return 0, 0
    if S.CONNECTED not in path:
        return 0, 3
    return (2, 3) if S.TRY_FAILOVER in path else (1, 3)


def _message(path: Path, with_it: State, without: State) -> st.SearchStrategy[str]:
    """Draw a message that leads to the one state and not to the other."""
    if with_it in path:
        return _MESSAGES
    return st.just("") if without in path else st.just("") | _MESSAGES


@st.composite
def sound_histories(draw: st.DrawFn, *, path: Path | None = None) -> Told:
    """Whole, legal histories with their scenarios, of sessions that take `path`, or any.

    The order in which the parts of different observers are put together is chance, as it is when
    they come from different processes.
    """
    told = tell(draw(plots(path=path)))
    return msgspec.structs.replace(told, history=draw(_put_together(told.history)))


@st.composite
def _put_together(draw: st.DrawFn, history: History) -> History:
    if draw(st.booleans()):
        return history
    observers = list(dict.fromkeys(event.observer for event in history))
    rank = {name: at for at, name in enumerate(draw(st.permutations(observers)))}
    return tuple(sorted(history, key=lambda event: rank[event.observer]))


# --- damaged ones ---------------------------------------------------------------------------------


class Damaged(msgspec.Struct, frozen=True, kw_only=True):
    """A history that must never pass, beside the sound one that it was."""

    of: Told
    history: History
    damage: str
    """Which of `DAMAGES`."""


Damage: TypeAlias = Callable[[Told], st.SearchStrategy[History]]


def hole(told: Told) -> st.SearchStrategy[History]:
    """One event of an observer is not there, and its number is missing."""
    lasts = {event.observer: event for event in _ordered(told.history)}
    lost = [event for event in told.history if event is not lasts[event.observer]]
    return _one_of(lost).map(lambda one: tuple(e for e in told.history if e is not one))


def twice(told: Told) -> st.SearchStrategy[History]:
    """One event is there twice, under the same number."""
    return _one_of(told.history).map(lambda one: (*told.history, one))


def missing_observer(told: Told) -> st.SearchStrategy[History]:
    """One observer left nothing at all."""
    return _one_of(_observers(told)).map(
        lambda name: tuple(e for e in told.history if e.observer != name)
    )


def broken_off(told: Told) -> st.SearchStrategy[History]:
    """One observer stops before its end mark, and something may be missing before that."""

    def cut(event: Event) -> History:
        return tuple(e for e in told.history if e.observer != event.observer or e.seq < event.seq)

    return _one_of([event for event in told.history if event.seq]).map(cut)


def gap(told: Told) -> st.SearchStrategy[History]:
    """One observer stops at a gap that no fault of the scenario accounts for."""
    struck = {f"recorder/{plan.node}" for plan in told.scenario.faults}

    def cut(event: Event) -> History:
        kept = tuple(e for e in told.history if e.observer != event.observer or e.seq < event.seq)
        return (*kept, msgspec.structs.replace(event, what=Gap(reason="not known")))

    return _one_of([event for event in told.history if event.observer not in struck]).map(cut)


def trouble(told: Told) -> st.SearchStrategy[History]:
    """One observer says that the rig itself failed."""

    def add(name: str) -> History:
        problem = Event(name, 0, 0, Problem(what="the disk is full"))
        return _renumbered((problem, *_ordered(told.history)))

    return _one_of(_observers(told)).map(add)


def end_before_the_end(told: Told) -> st.SearchStrategy[History]:
    """An end mark comes before the last event of its observer."""
    pairs = [pair for pair in _neighbours(told.history) if isinstance(pair[1].what, End)]
    return _one_of(pairs).map(lambda pair: _exchanged(told.history, *pair))


def states_out_of_order(told: Told) -> st.SearchStrategy[History]:
    """Two states that the server entered one after the other have changed places.

    The table has no cycle: in the other order they are never legal.
    """
    states = _states(told.history)
    return _one_of(list(pairwise(states))).map(lambda pair: _exchanged(told.history, *pair))


def shown_first(told: Told) -> st.SearchStrategy[History]:
    """Under enforcement, output is shown before it is handed to the recording stream."""
    action = told.scenario.action
    if action is None or action.on_failure is None or not action.on_failure.terminate:
        return st.nothing()
    pairs = [pair for pair in _neighbours(told.history) if _handed_then_shown(*pair)]
    return _one_of(pairs).map(lambda pair: _exchanged(told.history, *pair))


def illegal_step(told: Told) -> st.SearchStrategy[History]:
    """The server enters a state too many, one too few, or another one, and it is not legal."""
    states = _states(told.history)

    ordered = _ordered(told.history)

    @st.composite
    def step(draw: st.DrawFn) -> History:
        found = draw(st.sampled_from([at for at, event in enumerate(ordered) if event in states]))
        event, said = ordered[found], ordered[found].what
        wrong = msgspec.structs.replace(said, state=draw(st.sampled_from(State)))
        other = msgspec.structs.replace(event, what=wrong)
        instead = draw(st.sampled_from(((), (other,), (event, other), (other, event))))
        after = (*ordered[:found], *instead, *ordered[found + 1 :])
        if replay(_path(after)) is None:
            reject()
        return _renumbered(after)

    return step() if states else st.nothing()


DAMAGES: Mapping[str, Damage] = {
    "hole": hole,
    "twice": twice,
    "missing-observer": missing_observer,
    "broken-off": broken_off,
    "gap": gap,
    "trouble": trouble,
    "end-before-the-end": end_before_the_end,
    "states-out-of-order": states_out_of_order,
    "shown-first": shown_first,
    "illegal-step": illegal_step,
}
"""What can be wrong with a history, by name. Each takes a sound one and yields it damaged."""


@st.composite
def damaged_histories(draw: st.DrawFn, *, by: str | None = None) -> Damaged:
    """Histories that must never pass, each damaged by the one of `DAMAGES` named, or by any."""
    name = draw(st.sampled_from(sorted(DAMAGES))) if by is None else by
    told = draw(sound_histories(path=draw(_ENFORCED) if name == "shown-first" else None))
    return Damaged(of=told, history=draw(DAMAGES[name](told)), damage=name)


_ENFORCED = st.sampled_from([path for path in PATHS if S.SESSION_TERMINATED in path])
"""Paths on which there is a recording, and a message that ends the session."""


# --- events of a history --------------------------------------------------------------------------

_T = TypeVar("_T")


def _one_of(choices: Sequence[_T]) -> st.SearchStrategy[_T]:
    return st.sampled_from(choices) if choices else st.nothing()


def _ordered(history: History) -> History:
    """Return the events by observer, each in its own order."""
    return tuple(sorted(history, key=lambda event: (event.observer, event.seq)))


def _observers(told: Told) -> list[str]:
    return sorted({event.observer for event in told.history})


def _neighbours(history: History) -> list[tuple[Event, Event]]:
    """Return the pairs of events that follow each other in one observer's part."""
    return [
        (before, after)
        for before, after in pairwise(_ordered(history))
        if before.observer == after.observer
    ]


def _states(history: History) -> list[Event]:
    return [event for event in _ordered(history) if isinstance(event.what, Entered)]


def _path(events: Sequence[Event]) -> list[State]:
    return [event.what.state for event in events if isinstance(event.what, Entered)]


def _exchanged(history: History, one: Event, other: Event) -> History:
    """Let what two events say change places; their numbers and times stay."""
    says = {id(one): other.what, id(other): one.what}
    return tuple(
        msgspec.structs.replace(event, what=says.get(id(event), event.what)) for event in history
    )


def _handed_then_shown(before: Event, after: Event) -> bool:
    """Tell whether output was handed over and then shown, so that it can be told when."""
    if not (isinstance(before.what, Handed) and isinstance(after.what, Shown)):
        return False
    shown = after.what.data
    try:
        _, code, text = msgspec.json.decode(before.what.data, type=tuple[float, str, str])
    except (msgspec.MsgspecError, UnicodeDecodeError):  # the header, or no event at all
        return False
    # A character that is cut in two, or that cannot be told from the one before, shows nothing.
    tells = shown.decode("utf-8", "ignore").replace("\ufffd", "")
    return code == "o" and bool(tells) and text.encode().startswith(shown)


def _renumbered(events: Sequence[Event]) -> History:
    """Number the events of each observer anew, in the order given."""
    numbers: dict[str, int] = {}
    found = []
    for event in events:
        number = numbers.get(event.observer, 0)
        numbers[event.observer] = number + 1
        found.append(msgspec.structs.replace(event, seq=number))
    return tuple(found)
