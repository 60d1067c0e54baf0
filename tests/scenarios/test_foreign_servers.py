"""SSH servers under test: ours as if it were another's, and defects of it, told from outside."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from conformance.judgement import Judgement, Status
from conformance.machine import State
from conformance.scenario import (
    Action,
    Expectation,
    ExpectedAttempt,
    OnFailure,
    RecorderNode,
    Scenario,
    UserSession,
)
from conformance.servers import NotFromOutside, from_outside, judge_served
from fixtures.faults import vocabulary
from fixtures.live import LiveWorld
from fixtures.profiles import Profile, read_profile
from fixtures.rig import Rig
from scenarios.engine import TAKES
from scenarios.reader import library

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]
FAULTS = vocabulary()
LIBRARY = library(frozenset(FAULTS))
SERVER = read_profile(ROOT / "fixtures" / "targets" / "reference-server.toml")
TOLD = msgspec.structs.replace(SERVER, command=(*SERVER.command, "--control", "{control}"))
"""The same, with our control plane to ask who connects."""
at = SERVER.command.index("--action")
ASKS = msgspec.structs.replace(TOLD, command=(*TOLD.command[:at], *TOLD.command[at + 2 :]))
"""The same, with our control plane to ask for everything."""


async def judged(plays: list[tuple[Profile, Scenario]]) -> list[Judgement]:
    """Play everything at once."""
    async with Rig.started() as rig:

        async def one(profile: Profile, scenario: Scenario) -> Judgement:
            seen = from_outside(scenario, asks=profile.asks)
            for _ in range(TAKES):
                history = await LiveWorld(rig, seen, FAULTS, served=profile).play()
                judgement = judge_served(seen, history)
                if not any(finding.void for finding in judgement.findings):
                    break
            return judgement

        return await asyncio.gather(*(one(*play) for play in plays))


def mutant(name: str, profile: Profile = SERVER) -> Profile:
    return msgspec.structs.replace(profile, command=(*profile.command, "--mutant", name))


def broken(judgement: Judgement) -> set[str]:
    return {f.clause for f in judgement.findings if f.status in (Status.FAIL, Status.WARN)}


def unseen(judgement: Judgement) -> set[str]:
    return {f.clause for f in judgement.findings if f.status is Status.SKIP}


KEPT = {
    "answers/gzip": {"machine-2", "streaming-5"},
    "basic/exec-pty": {"streaming-1", "header-6", "machine-2"},
    "basic/multiplexed": {"streaming-1"},
    "basic/not-recorded": {"choose-5"},
    "basic/sftp": {"choose-5"},
    "basic/v1-shell": {"v1-1", "v1-4", "choose-11"},
    "basic/v2-shell": {"v2-1", "v2-7", "choose-12", "failure-3", "header-29"},
    "failover/second-wins": {"choose-2", "streaming-1"},
    "loss/killed-both": {"failure-2", "notice-1", "notice-2", "notice-4", "privacy-2"},
    "loss/killed-neither": {"failure-6", "machine-10", "notice-2"},
    "open/neither": {"failure-5", "notice-2"},
    "reject/both": {"failure-1", "failure-4", "machine-2", "notice-2"},
    "user/password": {"privacy-1"},
}
"""Scenarios, and some of the clauses that must be seen in them from outside."""


def test_our_own_server_keeps_every_clause_that_shows_outside() -> None:
    plays = [(SERVER, LIBRARY[name]) for name in KEPT]
    for judgement in asyncio.run(judged(plays)):
        assert judgement.status is Status.PASS, judgement.findings
        assert KEPT[judgement.scenario] <= set(judgement.clauses)
        # Recorders and the control plane are ours; and whose node it is nobody told the server.
        assert not set(judgement.clauses) & {"storage-1", "acks-1", "v2-2", "header-28"}


def test_a_server_that_asks_our_control_plane_is_judged_by_more() -> None:
    names = ("policy/check", "policy/enforced-down", "basic/v2-shell")
    found = asyncio.run(judged([(ASKS, LIBRARY[name]) for name in names]))
    assert {one.scenario: (one.status, broken(one)) for one in found} == {
        name: (Status.PASS, set()) for name in names
    }
    assert "header-28" in found[2].clauses


def test_what_needs_a_control_plane_to_ask_is_not_played_with_an_action_as_a_file() -> None:
    for profile in (SERVER, TOLD):
        assert not profile.asks
        with pytest.raises(NotFromOutside, match="gets one action as a file"):
            from_outside(LIBRARY["policy/enforced"], asks=profile.asks)
    with pytest.raises(NotFromOutside, match="waits for 'policy-applied'"):
        from_outside(LIBRARY["open/control-silent"], asks=True)


CAUGHT = {
    ("fails-open-when-enforced", "reject/both"): {
        "failure-1", "failure-4", "machine-2", "machine-8", "notice-2",
    },
    ("fails-open-when-enforced", "loss/killed-both"): {"failure-14", "failure-2", "notice-2"},
    ("falls-back-to-v1", "failover/refuses-v2"): {"choose-10"},
    ("goes-back-to-recorder", "loss/error-frame-open"): {"choose-2", "machine-1"},
    ("hasty-ack-window", "loss/black-hole"): {"acks-14"},
    ("leaves-descendants", "loss/descendants"): {"failure-7"},
    ("counts-actions-between", "policy/check-between"): {"policy-15"},
    ("names-wrong-node", "basic/v2-shell"): {"header-28"},
    ("notices-elsewhere", "reject/exec"): {"notice-5"},
    ("notices-other-user", "reject/exec"): {"notice-10"},
    ("notices-the-last-attempt", "reject/both"): {"notice-3"},
    ("shows-before-recording", "basic/idle"): {"failure-3"},
    ("terminates-on-stdout", "loss/error-frame"): {"failure-2"},
    ("waits-for-notice", "open/control-silent"): set(),
}  # fmt: skip
"""Defects of our server in a scenario, with what they are seen to break from outside."""
MORE = {"counts-actions-between": ASKS, "names-wrong-node": TOLD}
"""Those that must be told more than an action to show what they do."""
HIDDEN = {"waits-for-notice": "notice-8"}
"""What cannot be seen: whoever waits may just as well have tried a recorder that refuses again."""


def test_defects_are_caught_from_outside() -> None:
    plays = [(mutant(name, MORE.get(name, SERVER)), LIBRARY[scenario]) for name, scenario in CAUGHT]
    found = asyncio.run(judged(plays))
    assert {key: broken(one) for key, one in zip(CAUGHT, found, strict=True)} == CAUGHT
    for (name, _), judgement in zip(CAUGHT, found, strict=True):
        assert not [f for f in judgement.findings if f.status is Status.ERROR]
        if name in HIDDEN:
            assert HIDDEN[name] in unseen(judgement)


DIES = Scenario(
    id="dies",
    title="The server is killed by what its user runs",
    recorders=(RecorderNode(name="rec1"),),
    action=Action(record=("rec1",), on_failure=OnFailure(reject="no", terminate="no")),
    sessions=(UserSession(name="s1", run="exec", command="kill -9 $PPID"),),
    expect=(
        Expectation(
            session="s1",
            path=(
                *(State.CONNECTING, State.CHECK_POLICY, State.FIND_RECORDER, State.TRY_PRIMARY),
                *(State.CONNECTED, State.STREAMING, State.SESSION_COMPLETE),
            ),
            attempts=(ExpectedAttempt(recorder="rec1"),),
        ),
    ),
)


def test_a_server_that_dies_is_to_blame_and_its_end_is_told() -> None:
    (judgement,) = asyncio.run(judged([(SERVER, DIES)]))
    assert judgement.status is Status.FAIL
    told = [f for f in judgement.findings if f.clause == "streaming-5"]
    assert any("ended by itself with status -9" in line for line in told[0].evidence)
