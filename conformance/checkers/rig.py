"""Is the history whole, and its time sound? A missing observation is never a success."""

from __future__ import annotations

from conformance.checking import RIG, Findings, checks
from conformance.history import End, Event, Gap, Late, Played, UserConnectionFailed
from conformance.sessions import View
from conformance.wire import SECOND

_ALWAYS = ("user", "network", "faults", "storage", "world")
CLOCK_GRACE = SECOND
"""Nanoseconds by which two threads of one observer may note out of turn, and a run end late."""


@checks(RIG)
def whole(view: View, out: Findings) -> None:
    """Every observer that must be there is, counts without holes, and ended or left a gap."""
    by_observer: dict[str, list[Event]] = {}
    for event in view.history:
        by_observer.setdefault(event.observer, []).append(event)
    if view.played is None:
        out.unknown(RIG, "the history does not say what was played")
    expected = [*_ALWAYS, *_expected_parts(view)]
    for name in expected:
        if name not in by_observer:
            out.unknown(RIG, f"the observer {name!r} left nothing")
    for name, events in by_observer.items():
        _one(view, name, events, out)


def _expected_parts(view: View) -> list[str]:
    played = view.played
    if played is None:
        return []
    real = [f"recorder/{node.name}" for node in view.scenario.recorders if node.script is None]
    proxy = ("api-proxy",) if view.scenario.api is not None else ()
    return [name for name in ("server", "control", *proxy, *real) if name not in played.without]


def _one(view: View, name: str, events: list[Event], out: Findings) -> None:
    numbers = [event.seq for event in events]
    if numbers != list(range(len(numbers))):
        out.unknown(RIG, f"the observer {name!r} has events missing", numbers[:20])
    last = events[-1].what
    # Only a recorder that the scenario itself disturbs may be gone at the end.
    excused = name.startswith("recorder/") and view.faulted(name.removeprefix("recorder/"))
    # An SSH server under test that ends by itself is gone for its users, which is what is judged.
    excused |= view.played is not None and name in view.played.without
    if not isinstance(last, End) and not (excused and isinstance(last, Gap)):
        out.unknown(RIG, f"the observer {name!r} stopped without an end mark", last)


@checks(RIG)
def let_in(view: View, out: Findings) -> None:
    """Users reach an SSH server of ours; where one did not, nobody else is to blame."""
    if view.played is None or "server" in view.played.without:
        return
    for event in view.of("user"):
        if isinstance(event.what, UserConnectionFailed) and event.what.tried:
            out.unknown(RIG, f"a user could not connect to our SSH server: {event.what.reason}")


@checks(RIG)
def sound_times(view: View, out: Findings) -> None:
    """One clock counts for all: nobody saw anything before the beginning, nor goes back in time.

    What the user's workstation sees is noted by two threads, one of which may be late by what it
    says itself; every other observer notes one thing after the other.
    """
    began = [e.at for e in view.history if isinstance(e.what, Played)]
    over = max((e.at for e in view.history if e.observer == "world"), default=0)
    late = max((e.what.by for e in view.of("user") if isinstance(e.what, Late)), default=0)
    latest: dict[str, int] = {}
    for event in view.history:
        name, at = event.observer, event.at
        grace = CLOCK_GRACE + late if name == "user" else 0
        back = latest.get(name, at) - at
        latest[name] = max(latest.get(name, at), at)
        if back > grace:
            out.unknown(RIG, f"the time of {name!r} goes back by {back / SECOND:.3f} s", event)
            return
        # A standstill is noted with the time at which it was seen, by a thread that all runs share.
        shared = isinstance(event.what, Late)
        if began and not shared and not began[0] <= at <= over + CLOCK_GRACE:
            out.unknown(RIG, f"{name!r} saw something before the run began, or after it", event)
            return
