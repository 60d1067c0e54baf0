"""The world of campaigns: plays one seed of a plan in virtual time, and returns its tally."""

from __future__ import annotations

import msgspec
import simpy

from simulator.campaign.causes import Causes
from simulator.campaign.chance import Chance
from simulator.campaign.plan import Plan
from simulator.campaign.recorder import US, Bucket, Recorder, Standing
from simulator.campaign.session import CampaignSession
from simulator.campaign.tally import Outcomes, Tally
from simulator.client_steps import PolicyAnswered

MESSAGE = "Not recorded."
ACTIONS = {"none": ("", ""), "reject": (MESSAGE, ""), "terminate": ("", MESSAGE)}
ACTIONS["both"] = (MESSAGE, MESSAGE)
"""The messages of the four failure actions: on rejection, on termination."""


def play(plan: Plan, seed: int) -> Tally:
    """Play one seed from the first moment to the end of the last session.

    The same plan and seed give the same tally on every machine and every supported Python.
    """
    return CampaignWorld(plan, seed).play()


class CampaignWorld:
    """What all sessions of one seed share. Use `play` once."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.timers = plan.protocol_timers()
        self.round_trip = plan.network.round_trip
        self.buffer = plan.network.buffer
        self.tally = Tally(seeds=1, actions={name: Outcomes() for name in sorted(ACTIONS)})
        self.bucket = Bucket(plan, self.tally)
        self._standing = Standing(plan.recorders.count, self.tally)
        self.env = simpy.Environment(initial_time=0)
        self.schedule = self.env.schedule
        self.events = 0
        """How often a session was put into the queue."""
        self._over = self.env.event()
        self._seed = seed
        self._recorders = [
            Recorder(number, plan, self.bucket, self._standing, self.tally)
            for number in range(plan.recorders.count)
        ]
        names = [f"rec{number + 1}:80" for number in range(plan.recorders.count)]
        self.by_address = dict(zip(names, self._recorders, strict=True))
        self._orders = _Orders(plan, seed, tuple(names))
        self._causes = Causes(self.env, plan, seed, self._recorders, self.bucket, self.tally)
        self._sessions = Chance(f"{seed}/sessions")
        weights = msgspec.structs.asdict(plan.enforcement)
        self._weighed = [name for name, weight in weights.items() for _ in range(weight)]
        self._policies: dict[tuple[tuple[str, ...], str], PolicyAnswered] = {}
        self._running = 0
        self._to_come = plan.sessions.count

    def play(self) -> Tally:
        """Play it."""
        self._causes.start()
        self._expect(0)
        self.env.run(until=self._over)
        now = self.env.now
        assert isinstance(now, int)
        self.tally.span = now // US
        self.tally.events += self.events
        self._standing.close(now)
        for recorder in self._recorders:
            recorder.close(now)
            self.tally.recorders.append(recorder.load)
        return self.tally

    def finished(self) -> None:
        """A session is over."""
        self._running -= 1
        if not self._running and not self._to_come:
            self._over.succeed()

    def _expect(self, now: int) -> None:
        gap = self._sessions.exponential(self.plan.sessions.gap)
        self._causes.later(now, gap, self._arrive)

    def _arrive(self, now: int) -> None:
        """Let a session begin. What is drawn for it does not depend on anything that fails."""
        plan, chance = self.plan, self._sessions
        node = chance.below(plan.nodes)
        action = self._weighed[chance.below(len(self._weighed))]
        unit = chance.exponential(1 << 40)
        size = 1 + chance.below(2 * plan.sessions.output_bytes - 1)
        fixed = plan.sessions.lengths == "fixed"
        length = plan.sessions.length if fixed else unit * plan.sessions.length >> 40
        outcomes = self.tally.actions[action]
        outcomes.arrived += 1
        self._running += 1
        self._to_come -= 1
        session = CampaignSession(self, outcomes, length=length, size=size)
        session.begin(self._policy(self._orders.of(node), action), now)
        if self._to_come:
            self._expect(now)

    def _policy(self, order: tuple[str, ...], action: str) -> PolicyAnswered:
        key = order, action
        if key not in self._policies:
            reject, terminate = ACTIONS[action]
            self._policies[key] = PolicyAnswered(
                required=True, recorders=order, reject_message=reject, terminate_message=terminate
            )
        return self._policies[key]


class _Orders:
    """In which order each node's policy names the recorders."""

    def __init__(self, plan: Plan, seed: int, names: tuple[str, ...]) -> None:
        self._policy = plan.recorders.order
        self._seed = seed
        self._names = names
        self._drawn: dict[int, tuple[str, ...]] = {}

    def of(self, node: int) -> tuple[str, ...]:
        """Return the order of one node."""
        if self._policy == "same" or not self._names:
            return self._names
        if self._policy == "rotated":
            first = node % len(self._names)
            return self._names[first:] + self._names[:first]
        if node not in self._drawn:
            self._drawn[node] = self._draw(node)
        return self._drawn[node]

    def _draw(self, node: int) -> tuple[str, ...]:
        chance, left = Chance(f"{self._seed}/node/{node}"), list(self._names)
        return tuple(left.pop(chance.below(len(left))) for _ in self._names)
