"""Real histories, with what the server said of itself taken away, and told from outside."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatch

import msgspec
import pytest

from conformance.checking import judge
from conformance.history import History, Played
from conformance.inference import infer
from conformance.judgement import Judgement, Status
from conformance.machine import replay
from conformance.scenario import Scenario
from conformance.sessions import Possible, join
from fixtures.faults import vocabulary
from scenarios.engine import Options, Play, play
from scenarios.reader import library

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

LIBRARY = library(frozenset(vocabulary()))
SLOW = (
    "*/idle", "*/long-idle", "*/silent", "*/stopped*", "*/s3-gone*", "*/black-hole", "*/no-acks",
    "*/no-final", "*/budget", "network/*",
)  # fmt: skip
REFUSED = {"policy/refused"}
"""Where no rule lets the user in: there is a connection, and no session."""
QUICK = {
    name: scenario
    for name, scenario in LIBRARY.items()
    if not any(fnmatch(name, pattern) for pattern in SLOW)
}


class Quiet:
    """Watches nothing: pytest tells."""

    def started(self, scenario: str) -> None:
        pass

    def finished(self, judgement: Judgement) -> None:
        pass


@pytest.fixture(scope="module")
def histories() -> dict[str, History]:
    """The scenarios of the library that need no long wait, played at once."""
    plays = [Play(scenario) for scenario in QUICK.values()]
    result = asyncio.run(play(plays, Options(), Quiet(), asyncio.Event()))
    return dict(zip(QUICK, result.histories, strict=True))


def from_outside(history: History) -> History:
    return tuple(
        msgspec.structs.replace(
            event, what=msgspec.structs.replace(event.what, without=("server",))
        )
        if isinstance(event.what, Played)
        else event
        for event in history
        if event.observer != "server"
    )


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("name", QUICK)
def test_the_true_path_is_among_those_that_are_left(
    name: str, planned: bool, histories: dict[str, History]
) -> None:
    scenario: Scenario | None = QUICK[name] if planned else None
    told = join(scenario, histories[name])
    view = join(scenario, from_outside(histories[name]))
    infer(view)
    for session in told.sessions.values():
        if not session.path:
            assert name in REFUSED
            continue  # refused at the door: there was no session to go anywhere
        truth = Possible(session.path, session.aborted)
        assert truth.aborted or replay(truth.path) is None
        inferred = view.sessions[session.name].inferred
        assert inferred is not None
        assert inferred.illegal == ""
        assert truth in inferred.paths
        assert len(inferred.paths) == 1 or inferred.why


@pytest.mark.parametrize("name", QUICK)
def test_nothing_is_held_against_a_server_for_its_silence(
    name: str, histories: dict[str, History]
) -> None:
    whole = judge(QUICK[name], histories[name])
    outside = judge(QUICK[name], from_outside(histories[name]))
    broken = {f.clause for f in outside.findings if f.status in (Status.FAIL, Status.WARN)}
    assert broken <= {f.clause for f in whole.findings}
    assert set(outside.clauses) <= set(whole.clauses)


def test_most_paths_can_be_told(histories: dict[str, History]) -> None:
    """An inference that shrugs at everything would pass all of the above."""
    left = []
    for name, history in histories.items():
        view = join(QUICK[name], from_outside(history))
        infer(view)
        left += [len(s.inferred.paths) for s in view.sessions.values() if s.inferred]
    assert left.count(1) >= 0.8 * len(left)
