"""The recorder client and the world around it, as one transition system that can be copied."""

from __future__ import annotations

from copy import copy
from typing import Any

import msgspec

from conformance.machine import Arrow, State
from simulator import client_steps as steps
from simulator.client import Client, Session
from simulator.explore.bounds import Bounds
from simulator.explore.moves import Move, Moves, after_the_end, overtaken
from simulator.explore.properties import OVERTAKEN, Judge
from simulator.explore.search import Problem
from simulator.explore.world import NEVER, World
from simulator.overlay import Overlay

_encode = msgspec.msgpack.Encoder().encode


class Node:
    """One state: a client, and the world around it."""

    __slots__ = ("client", "world")

    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        self.world = world


class SessionModel:
    """All that one session can go through within the bounds."""

    def __init__(self, bounds: Bounds, overlay: Overlay | None = None) -> None:
        self.bounds = bounds
        self.policies = bounds.policies()
        self.arrows: set[Arrow] = set()
        """The arrows of the table that were taken."""
        self.visited = dict.fromkeys(State, 0)
        """States of the search, by the state of the table that they are in."""
        self._client = (overlay or Overlay())(Client)
        self._tick = bounds.tick
        self._moves = Moves(bounds)
        self._judge = Judge(bounds.timers, self.policies)
        self._numbers = {policy: number for number, policy in enumerate(self.policies)}
        self._harmless: set[bytes] = set()

    def start(self) -> Node:
        """Return the session that has just begun: it is connecting."""
        node = Node(self._client(self.bounds.timers), World())
        problem = self._carry_out(node, None, node.client.start())
        assert problem is None, problem
        return node

    def moves(self, node: Node) -> list[Move]:
        """Return what may happen, in an order that never changes."""
        return self._moves(node.world)

    def over(self, node: Node) -> bool:
        """Tell whether the session is over."""
        return node.world.finished

    def after(self, node: Node, move: Move) -> Node | Problem:
        """Return the state after a move, or the property that it breaks."""
        after, _, problem = self.step(node, move)
        return problem or after

    def step(self, node: Node, move: Move) -> tuple[Node, steps.Effects, Problem | None]:
        """Make a move on a copy: the state after it, what the client did, and what is wrong."""
        world = copy(node.world)
        world.faults += move.fault
        if move.event is None:
            world.now = move.at
            wants = node.client.wants_output
            return Node(node.client, world), [], self._judge.rests(world, wants_output=wants)
        client = duplicate(node.client)
        if isinstance(move.event, steps.PolicyAnswered):
            world.policy = self._numbers[move.event]
        world.happen(move.event, self.bounds.timers)
        effects = client.on(move.event, world.now)
        after = Node(client, world)
        return after, effects, self._carry_out(after, move.event, effects)

    def _carry_out(
        self, node: Node, event: steps.Event | None, effects: steps.Effects
    ) -> Problem | None:
        """Carry out what the client did, and judge each effect before the world knows of it."""
        world, judge = node.world, self._judge
        for effect in effects:
            problem = judge.effect(world, effect)
            if problem is not None:
                return problem
            if isinstance(effect, steps.Enter):
                self.arrows.add((world.state, effect.state))
            elif isinstance(effect, steps.Finish) and not world.aborted:
                self.arrows.add((world.state, State.END))
            world.carry_out(effect)
        if event is None:
            return None
        problem = judge.reaction(world, event, effects)
        return problem or judge.rests(world, wants_output=node.client.wants_output)

    # --- equal states ---------------------------------------------------------------------------

    def key(self, node: Node) -> bytes:
        """Return the same bytes for equal states (see `client_key` for what equal means)."""
        world = node.world
        return _encode((client_key(node.client, world), world.key(), world.now % self._tick))

    def problem(self, node: Node) -> Problem | None:
        """Return what a client does with events that must not matter to it any more."""
        world = node.world
        self.visited[world.state] += 1
        late = overtaken(world)
        if world.finished:
            late += after_the_end()
        if not late:
            return None
        known = _encode((client_key(node.client, world), world.stage, world.finished))
        if known in self._harmless:
            return None
        self._harmless.add(known)
        before = client_key(node.client, world)
        for event in late:
            client = duplicate(node.client)
            effects = client.on(event, world.now)
            if effects or client_key(client, world) != before:
                does = type(effects[0]).__name__ if effects else "another state"
                return Problem(OVERTAKEN, f"{type(event).__name__}, which came late, led to {does}")
        return None


def duplicate(client: Client) -> Client:
    """Copy a client with all of its state; what it only reads is shared."""
    other = object.__new__(type(client))
    other.__dict__.update(client.__dict__)
    other.session = copy(client.session)
    return other


_FIELDS = Session.__struct_fields__
_AT = {name: _FIELDS.index(name) for name in ("choose_by", "last_frame_at", "op", "attempts")}


def client_key(client: Client, world: World) -> list[Any]:
    """Return the client's state as one value; equal values behave alike.

    It is `Session.key`, told from now: the two times count from now while the clock that they
    belong to runs, and not at all when it does not; operations are all alike but for their order,
    so the number of the last is left out; of a failure's text only that there is one is kept.
    """
    key = list(client.session.key())
    now = world.now
    at = _AT["choose_by"]
    key[at] = key[at] - now if world.chosen_at >= 0 else NEVER
    at = _AT["last_frame_at"]
    key[at] = now - key[at] if world.frame_at >= 0 else NEVER
    key[_AT["op"]] = 0
    at = _AT["attempts"]
    key[at] = [(attempt.recorder, bool(attempt.failure_message)) for attempt in key[at]]
    if len(client.__dict__) > len(_REFERENCE):
        key.append(sorted((k, v) for k, v in client.__dict__.items() if k not in _REFERENCE))
    return key


_REFERENCE = frozenset({"timers", "session"})
