"""The virtual world: it plays the library, judged by the same checkers, and always the same way."""

from __future__ import annotations

import time
from functools import cache

import msgspec
import pytest

from conformance.checking import RIG, judge
from conformance.history import (
    Addressed,
    End,
    History,
    Played,
    Problem,
    Shown,
    to_lines,
)
from conformance.judgement import Finding, Judgement, Status
from conformance.machine import TRANSITIONS
from conformance.scenario import Scenario
from fixtures.faults import vocabulary
from scenarios.matrix import matrix
from scenarios.reader import library
from simulator.virtual.network import Quality
from simulator.virtual.playable import can_play
from simulator.virtual.world import VirtualWorld
from tests.simulator.pythons import digests

LIBRARY = library(frozenset(vocabulary()))
PLAYABLE = {name: s for name, s in LIBRARY.items() if not can_play(s)}
SOME = (
    "basic/two-at-once",
    "failover/silent",
    "loss/killed-acked",
    "loss/s3-gone",
    "output/binary",
    "policy/check",
    "user/password-lost",
)


@cache
def played(name: str, seed: int = 0) -> History:
    return VirtualWorld(LIBRARY[name], seed).play()


@cache
def judged(name: str) -> Judgement:
    return judge(LIBRARY[name], played(name))


def told(findings: tuple[Finding, ...]) -> str:
    return "\n".join(f"{f.status} {f.clause} {f.message} {f.evidence}" for f in findings)


def test_all_but_events_and_marks_on_a_disk_can_be_played() -> None:
    beyond = [name for name in LIBRARY if name not in PLAYABLE]
    assert len(PLAYABLE) + len(beyond) == len(LIBRARY)
    assert {name for name in beyond if not name.startswith("events/")} == {
        "failover/runs-late",  # their commands leave a mark on a real disk
        "reject/no-mark",
    }


@pytest.mark.parametrize("name", PLAYABLE)
def test_the_reference_client_conforms(name: str) -> None:
    judgement = judged(name)
    assert judgement.status is Status.PASS, told(judgement.findings)
    assert not [f for f in judgement.findings if f.clause == RIG]


def test_every_arrow_is_taken() -> None:
    taken = {arrow for name in PLAYABLE for arrow in judged(name).transitions}
    assert taken == set(TRANSITIONS)


@pytest.mark.parametrize("name", PLAYABLE)
def test_every_observer_of_the_live_world_is_there_and_ends(name: str) -> None:
    history = played(name)
    scenario = LIBRARY[name]
    last = {event.observer: event.what for event in history}
    real = {f"recorder/{node.name}" for node in scenario.recorders if node.script is None}
    others = {"user", "server", "network", "storage", "control", "faults", "world"}
    assert set(last) == others | real
    assert all(isinstance(last[name], End) for name in others)


def test_the_generated_matrix_conforms_too() -> None:
    scenarios = [s for s in matrix().values() if not can_play(s)]
    assert len(scenarios) == len(matrix())
    failed = [
        scenario.id
        for scenario in scenarios
        if judge(scenario, VirtualWorld(scenario).play()).status is not Status.PASS
    ]
    assert not failed


# --- determinism


@pytest.mark.parametrize("name", SOME)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    assert to_lines(VirtualWorld(LIBRARY[name]).play()) == to_lines(played(name))


@pytest.mark.parametrize("name", SOME)
def test_another_seed_gives_another_history_and_the_same_verdict(name: str) -> None:
    other = played(name, 1)
    assert to_lines(other) != to_lines(played(name))
    assert judge(LIBRARY[name], other).status is Status.PASS


PLAY_SOME = """
import hashlib, sys
from conformance.history import to_lines
from fixtures.faults import vocabulary
from scenarios.reader import library
from simulator.virtual.world import VirtualWorld
found = library(frozenset(vocabulary()))
digest = hashlib.sha256()
for name in sys.argv[1:]:
    digest.update(to_lines(VirtualWorld(found[name], 7).play()))
print(digest.hexdigest())
"""


def test_neither_hash_order_nor_process_nor_python_changes_a_byte() -> None:
    needed = "import msgspec, simpy, yaml, asyncssh, toxiproxy"
    found = digests(PLAY_SOME, needed, *SOME)
    assert len(set(found.values())) == 1, found
    assert {len(digest) for digest in found.values()} == {64}


def test_no_clock_of_the_machine_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> int:
        raise AssertionError("the wall clock was read")

    world = VirtualWorld(LIBRARY["loss/killed-acked"])
    for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"):
        monkeypatch.setattr(time, name, never)
    history = world.play()
    monkeypatch.undo()
    assert to_lines(history) == to_lines(played("loss/killed-acked"))


@pytest.mark.parametrize("name", SOME)
def test_all_times_are_whole_nanoseconds_and_never_go_back(name: str) -> None:
    times = [event.at for event in played(name)]
    assert all(type(at) is int for at in times)
    assert times == sorted(times)


def test_what_takes_half_a_minute_takes_virtual_time_only() -> None:
    history = played("loss/black-hole")
    assert history[-1].at > 30 * 10**9


# --- what it is told


def test_a_history_says_in_which_world_it_was_played() -> None:
    first = played("basic/exec", 3)[0].what
    assert isinstance(first, Played)
    assert (first.scenario, first.world, first.seed, first.speed) == ("basic/exec", "sim", 3, 1)


def test_nodes_are_known_as_in_the_live_world() -> None:
    found = {e.what.node: e.what for e in played("basic/exec") if isinstance(e.what, Addressed)}
    assert set(found) == {"rec1", "laptop.example.ts.net", "prod-1.example.ts.net"}
    assert found["laptop.example.ts.net"].node_id == "nLAPTOP1CNTRL"


def test_speed_divides_the_timers() -> None:
    fast = VirtualWorld(LIBRARY["loss/black-hole"], speed=10).play()
    assert judge(LIBRARY["loss/black-hole"], fast).status is Status.PASS
    assert fast[-1].at < 5 * 10**9


def slow(scenario: Scenario, quality: Quality) -> History:
    return VirtualWorld(scenario, quality=quality).play()


def test_a_worse_network_makes_the_same_session_longer() -> None:
    scenario = LIBRARY["basic/v2-shell"]
    far = slow(scenario, Quality(latency=80_000_000, jitter=0))
    assert far[-1].at > played("basic/v2-shell")[-1].at + 5 * 80_000_000
    lossy = slow(scenario, Quality(loss=200_000))
    assert lossy[-1].at > played("basic/v2-shell")[-1].at
    assert judge(scenario, far).status is judge(scenario, lossy).status is Status.PASS


def test_a_fault_that_cannot_be_taken_back_is_a_problem() -> None:
    plain = LIBRARY["loss/cut"]
    plan = msgspec.structs.replace(plain.faults[0], lasts=0.5)
    history = VirtualWorld(msgspec.structs.replace(plain, faults=(plan,))).play()
    problems = [e.what.what for e in history if isinstance(e.what, Problem)]
    assert not problems  # the session was over before
    idle = LIBRARY["loss/cut-open"]
    plan = msgspec.structs.replace(idle.faults[0], lasts=0.001)
    scenario = msgspec.structs.replace(idle, faults=(plan,))
    history = VirtualWorld(scenario).play()
    assert any("stay cut" in e.what.what for e in history if isinstance(e.what, Problem))
    assert judge(scenario, history).status is Status.ERROR


def test_a_user_who_waits_in_vain_gives_up() -> None:
    plain = LIBRARY["basic/v2-shell"]
    steps = (msgspec.structs.replace(plain.sessions[0].steps[1], see="never shown"),)
    session = msgspec.structs.replace(plain.sessions[0], steps=steps)
    scenario = msgspec.structs.replace(plain, sessions=(session,), deadline=3.0)
    judgement = judge(scenario, VirtualWorld(scenario).play())
    assert judgement.status is Status.FAIL
    assert any("waited in vain" in piece for f in judgement.findings for piece in f.evidence)


def test_output_is_shown_byte_by_byte_as_it_was_written() -> None:
    shown = b"".join(e.what.data for e in played("output/burst") if isinstance(e.what, Shown))
    line = b"0123456789abcdef\n"
    burst = (line * (4_000_000 // len(line) + 1))[:4_000_000]
    assert shown == burst + b"\nend\n"
