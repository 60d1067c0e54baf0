"""Exploring and driving agree, and states that are taken for equal behave alike."""

from __future__ import annotations

import random
from collections import deque
from copy import copy
from typing import Any

import msgspec
import pytest

from conformance.machine import State, replay
from conformance.wire import SECOND
from simulator import client_steps as core
from simulator.client import Client
from simulator.explore.bounds import Bounds
from simulator.explore.model import Node, SessionModel, client_key
from simulator.explore.moves import Move
from simulator.explore.schedule import play
from simulator.explore.search import Problem
from simulator.explore.world import NEVER

SMALL = Bounds(recorders=2, faults=2, outputs=2)
BOOT = 1000 * SECOND
"""A driver's clock begins anywhere."""


def walk(model: SessionModel, seed: int) -> tuple[str, ...]:
    """A schedule at random, from the start to an end."""
    choose = random.Random(seed)
    node, names = model.start(), []
    while moves := model.moves(node):
        move = choose.choice(moves)
        after = model.after(node, move)
        assert isinstance(after, Node)
        names.append(move.name)
        node = after
    return tuple(names)


class Driver:
    """Drives one client, never copied, as the live server does: a queue, timers, a clock."""

    def __init__(self) -> None:
        self.client = Client(SMALL.timers)
        self.now = BOOT
        self.timers: dict[core.Timer, int] = {}
        self.effects = list(self.client.start())

    def tell(self, event: core.Event) -> list[core.Effect]:
        if isinstance(event, core.TimerFired):
            due = self.timers.pop(event.timer)
            assert due <= self.now
            assert all(at >= due or at >= self.now for at in self.timers.values())
        effects = self.client.on(event, self.now)
        for effect in effects:
            if isinstance(effect, core.SetTimer | core.StopTimer):
                self.timers.pop(effect.timer, None)
            if isinstance(effect, core.SetTimer):
                self.timers[effect.timer] = effect.at
            elif isinstance(effect, core.Finish):
                self.timers.clear()
        self.effects += effects
        return effects


def since_boot(effects: Any) -> list[core.Effect]:
    return [
        msgspec.structs.replace(e, at=e.at - BOOT) if isinstance(e, core.SetTimer) else e
        for e in effects
    ]


@pytest.mark.parametrize("seed", range(150))
def test_a_client_that_is_driven_straight_through_does_the_same(seed: int) -> None:
    model = SessionModel(SMALL)
    played, problem = play(model, walk(model, seed))
    assert problem is None
    driver = Driver()
    for one in played:
        driver.now = BOOT + one.after.now
        if one.move.event is None:
            assert all(at >= driver.now for at in driver.timers.values()), "none is passed over"
            continue
        assert since_boot(driver.tell(one.move.event)) == list(one.effects)
    path = [effect.state for effect in driver.effects if isinstance(effect, core.Enter)]
    assert path[-1] == played[-1].after.state
    assert replay(path, ended=not played[-1].after.aborted) is None
    assert played[-1].after.finished
    assert isinstance(driver.effects[-1], core.Finish)


def test_schedules_go_everywhere() -> None:
    model = SessionModel(SMALL)
    ends = {play(model, walk(model, seed))[0][-1].after.state for seed in range(150)}
    assert ends >= {State.SESSION_COMPLETE, State.SESSION_REJECTED, State.SESSION_TERMINATED}


def test_states_that_are_taken_for_equal_behave_alike() -> None:
    """Bisimulation, as far as eleven moves go, among states told apart by all that they are."""
    bounds = Bounds(recorders=2, faults=1, outputs=1, actions=("both",), notify=(True,))
    model = SessionModel(bounds)
    seen: dict[tuple[Any, ...], Node] = {}
    alike: dict[bytes, dict[str, object]] = {}
    merged = 0
    queue = deque([(model.start(), 0)])
    while queue:
        node, depth = queue.popleft()
        whole = (node.client.session.key(), msgspec.structs.astuple(node.world))
        if whole in seen:
            continue
        seen[whole] = node
        behaves: dict[str, object] = {}
        for move in model.moves(node):
            after, effects, problem = model.step(node, move)
            assert problem is None
            behaves[move.name] = (model.key(after), move.fault, [type(e) for e in effects])
            if depth < 11:
                queue.append((after, depth + 1))
        key = model.key(node)
        merged += key in alike
        assert alike.setdefault(key, behaves) == behaves
    assert merged > 100


@pytest.mark.parametrize("seed", range(40))
def test_what_equal_states_leave_out_does_not_matter(seed: int) -> None:
    """Times whose clock does not run, and the words of a failure, change no effect but words."""
    model = SessionModel(SMALL)
    node = model.start()
    for name in walk(model, seed):
        other = Node(copy(node.client), copy(node.world))
        s = other.client.session = copy(node.client.session)
        if node.world.chosen_at < 0:
            s.choose_by = 77 * SECOND
        if node.world.frame_at < 0:
            s.last_frame_at = 88 * SECOND
        assert client_key(other.client, other.world) == client_key(node.client, node.world)
        (move,) = (move for move in model.moves(node) if move.name == name)
        one, effects, _ = model.step(node, move)
        two, same, _ = model.step(other, move)
        assert effects == same
        assert model.key(one) == model.key(two)
        node = one


def test_a_move_leaves_the_state_it_began_in_as_it_was() -> None:
    model = SessionModel(SMALL)
    node = model.start()
    before = (node.client.session.key(), msgspec.structs.astuple(node.world))
    for move in model.moves(node):
        assert not isinstance(model.after(node, move), Problem)
    assert (node.client.session.key(), msgspec.structs.astuple(node.world)) == before


def test_timers_fire_in_their_order_and_are_never_passed_over() -> None:
    model = SessionModel(SMALL)
    for seed in range(60):
        node = model.start()
        for name in walk(model, seed):
            moves = {move.name: move for move in model.moves(node)}
            due = [at for at in node.world.due if at != NEVER]
            move: Move = moves[name]
            if move.event is None:
                assert move.at <= min(due, default=move.at)
            elif isinstance(move.event, core.TimerFired):
                assert node.world.due[move.event.timer] == min(due)
            after = model.after(node, move)
            assert isinstance(after, Node)
            node = after
