"""Draws pairs and triples of faults, plays them, and shrinks one that fails.

Hypothesis draws. In virtual time each is played as it is drawn, and hypothesis shrinks too; on real
parts many are played at once, and so are the steps by which one that fails is made simpler. It
needs hypothesis (extra ``strategies``): import this module only where it is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from conformance.judgement import Judgement, Status
from scenarios.matrix_axes import OnFailure
from scenarios.matrix_faults import Outcome
from scenarios.pairs import QUALITIES, RECORDERS, Plot, Stand, places, simpler

PLACES = places()
_PASSED = tuple(place for place in PLACES if place.row.outcome is Outcome.NOT_TAKEN)
STEPS = 12
"""How often a plot that fails on real parts is made simpler, at most."""


class Failure(msgspec.Struct, frozen=True):
    """A plot that fails, as simple as it could be made."""

    plot: Plot
    judgement: Judgement
    drawn: Plot | None = None
    """What was drawn, where that is known."""


class _FailedError(Exception):
    """What was drawn fails; a subclass for each clause, so that hypothesis tells them apart."""


@st.composite
def plots(draw: st.DrawFn) -> Plot:
    """Draw a plot: recorders whose attempts fail come first, as else nobody asks the others."""
    # A recorder is drawn in one piece, so that shrinking can leave it out in one.
    quality = st.sampled_from(("", *QUALITIES))
    passed = st.builds(Stand, st.sampled_from(_PASSED), quality)
    any_of_them = st.builds(Stand, st.none() | st.sampled_from(PLACES), quality)
    tells = draw(st.sampled_from(OnFailure))
    ahead = draw(st.lists(passed, max_size=RECORDERS - 1))
    least, most = 0 if ahead else 1, RECORDERS - len(ahead)
    rest = draw(st.lists(any_of_them, min_size=least, max_size=most))
    return Plot((*ahead, *rest), tells)


def existing() -> st.SearchStrategy[Plot]:
    """Draw a plot that can be played."""
    return plots().filter(lambda plot: plot.exists)


def broken(judgement: Judgement) -> str:
    """Return the first clause that is not kept, or nothing."""
    bad = (Status.FAIL, Status.WARN, Status.ERROR)
    return next((f.clause for f in judgement.findings if f.status in bad), "")


def _settings(examples: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples,
        phases=phases,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )


def search(
    play: Callable[[Plot], Judgement], *, examples: int, number: int
) -> tuple[int, Failure | None]:
    """Draw and play up to `examples` plots by the seed `number`; shrink the first that fails.

    Returns how many different ones were played, and what failed.
    """
    found: list[Failure] = []
    seen: set[str] = set()
    kinds: dict[str, type[_FailedError]] = {}

    @seed(number)
    @_settings(examples, Phase.generate, Phase.shrink)
    @given(existing())
    def one(plot: Plot) -> None:
        seen.add(plot.id)
        judgement = play(plot)
        clause = broken(judgement)
        if clause:
            found.append(Failure(plot, judgement))
            raise kinds.setdefault(clause, type(clause, (_FailedError,), {}))(plot.id)

    try:
        one()
    except _FailedError:
        # Hypothesis plays the simplest one last; what it could not leave out by itself goes now.
        last = _left_out(found[-1], play)
        return len(seen), msgspec.structs.replace(last, drawn=found[0].plot)
    return len(seen), None


def _left_out(failure: Failure, play: Callable[[Plot], Judgement]) -> Failure:
    """Leave out whatever the same clause is broken without."""
    clause = broken(failure.judgement)
    for plot in simpler(failure.plot):
        judgement = play(plot)
        if _breaks(judgement, clause):
            return _left_out(Failure(plot, judgement), play)
    return failure


def draw(examples: int, number: int) -> tuple[Plot, ...]:
    """Draw `examples` different plots by the seed `number`."""
    drawn: dict[str, Plot] = {}

    @seed(number)
    @_settings(examples * 2, Phase.generate)
    @given(existing())
    def one(plot: Plot) -> None:
        drawn.setdefault(plot.id, plot)

    one()
    return tuple(drawn.values())[:examples]


PlayMany = Callable[[Sequence[Plot]], Awaitable[Sequence[Judgement]]]


async def shrunk(plot: Plot, judgement: Judgement, play: PlayMany) -> Failure:
    """Make a plot simpler for as long as the same clause is broken, all next steps at once."""
    failure, clause = Failure(plot, judgement, plot), broken(judgement)
    for _ in range(STEPS):
        steps = list(simpler(failure.plot))
        judged: Any = zip(steps, await play(steps) if steps else (), strict=True)
        again = [Failure(p, j, plot) for p, j in judged if _breaks(j, clause)]
        if not again:
            break
        failure = again[0]
    return failure


def _breaks(judgement: Judgement, clause: str) -> bool:
    bad = (Status.FAIL, Status.WARN, Status.ERROR)
    return any(f.clause == clause and f.status in bad for f in judgement.findings)
