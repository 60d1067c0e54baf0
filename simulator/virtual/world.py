"""The virtual world: plays one scenario in virtual time and returns its history.

`fixtures.live` is its counterpart on real parts: users play, faults strike, everything settles, and
what is left at the end is noted, by the same observers.
"""

from __future__ import annotations

import simpy

from conformance import canaries
from conformance.history import (
    End,
    FaultApplied,
    FaultCleared,
    History,
    Log,
    Played,
    Problem,
    ServerSession,
    Stored,
)
from conformance.scenario import Change, FaultPlan, Match, Scenario
from conformance.wire import SECOND, Timers
from simulator.overlay import Mutant, Overlay
from simulator.virtual.clock import MILLISECOND, Clock, Dice, Steps, nanoseconds
from simulator.virtual.faults import FAULTS, NotClearableError
from simulator.virtual.network import Quality
from simulator.virtual.session import EPOCH_S
from simulator.virtual.tailnet import LAPTOP_ADDRESS, Tailnet
from simulator.virtual.timeline import Timeline
from simulator.virtual.users import Users

WORLD = "sim"
SETTLE = 45 * SECOND
"""How long a session whose user is gone may take to be over: the final answer's 30 s, and slack."""
LINGER = 10 * MILLISECOND
"""How long recorders still read when all sessions are over."""


class VirtualWorld:
    """One scenario in virtual time. Use `play` once.

    The same scenario, seed, speed, mutant and quality give the same history, byte for byte. What
    cannot be played (`playable.can_play`) must not be.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int = 0,
        speed: int = 1,
        mutant: Mutant | None = None,
        quality: Quality = Quality(),  # noqa: B008 - it holds nothing that changes
    ) -> None:
        self._scenario = scenario
        self._seed = seed
        self._speed = speed
        self._clock = Clock()
        self._dice = Dice(f"{seed}/{scenario.id}")
        self._timeline = Timeline(self._clock)
        recorders = [f"recorder/{n.name}" for n in scenario.recorders if n.script is None]
        parts = ("world", "user", "network", "faults", "storage", "server", "control", *recorders)
        self._logs = {name: Log(name, self._clock.now, self._timeline.take) for name in parts}
        self._canaries = canaries.made(scenario, seed)
        self._tailnet = Tailnet(
            self._clock,
            self._dice,
            scenario,
            timers=Timers().divided(speed),
            speed=speed,
            overlay=Overlay(mutant),
            quality=quality,
            logs=self._logs,
        )
        self._striking: list[simpy.Process] = []

    def play(self) -> History:
        """Play it. Raises NotModelledError when it meets what no check had found."""
        world = self._logs["world"]
        world.note(
            Played(
                scenario=self._scenario.id,
                world=WORLD,
                seed=self._seed,
                speed=self._speed,
                began=EPOCH_S,
            )
        )
        self._clock.env.run(until=self._clock.run(self._play()))
        for name in ("world", "user", "network", "faults", "storage"):
            self._logs[name].note(End())
        return tuple(self._timeline.events)

    def _play(self) -> Steps:
        server = self._tailnet.start()
        users = Users(
            self._clock,
            self._dice,
            self._logs["user"],
            server=server,
            address=LAPTOP_ADDRESS,
            seen=self._timeline.seen,
            canaries=self._canaries,
            deadline=self._scenario.deadline,
            speed=self._speed,
        )
        plans = self._scenario.faults
        for plan in plans:
            if plan.at == "start":
                yield from self._apply(plan)
        waiting = [
            self._clock.run(self._lift(plan) if plan.at == "start" else self._strike(plan))
            for plan in plans
        ]
        waiting += [self._clock.run(self._change(one)) for one in self._scenario.changes]
        yield self._clock.run(users.play(self._scenario.sessions))
        yield self._clock.either(self._clock.run(self._settled()), self._clock.wait(SETTLE))
        for process in waiting:
            if process.is_alive:
                process.interrupt()
        yield self._clock.env.all_of(self._striking)  # what has begun is brought to its end
        yield self._clock.wait(LINGER)
        for part in self._tailnet.processes:
            yield from part.end()
        self._logs["control"].note(End())
        self._logs["server"].note(End())
        self._collect()

    # --- faults -----------------------------------------------------------------------------------

    def _strike(self, plan: FaultPlan) -> Steps:
        """Apply a fault when its time has come."""
        try:
            if isinstance(plan.at, Match):
                yield self._timeline.seen(plan.at)
                yield self._clock.wait(nanoseconds(plan.at.plus) // self._speed)
            elif isinstance(plan.at, int | float):
                yield self._clock.wait(nanoseconds(plan.at) // self._speed)
        except simpy.Interrupt:
            return
        applying = self._clock.run(self._apply(plan))
        self._striking.append(applying)
        try:
            yield applying
        except simpy.Interrupt:
            return
        yield from self._lift(plan)

    def _change(self, change: Change) -> Steps:
        """Give the control plane another policy when its time has come."""
        try:
            if isinstance(change.at, Match):
                yield self._timeline.seen(change.at)
                yield self._clock.wait(nanoseconds(change.at.plus) // self._speed)
            else:
                yield self._clock.wait(nanoseconds(change.at) // self._speed)
            yield self._clock.wait(self._dice.between(MILLISECOND, 4 * MILLISECOND))
        except simpy.Interrupt:
            return
        assert self._tailnet.control is not None
        self._tailnet.control.change(change.policy)

    def _apply(self, plan: FaultPlan) -> Steps:
        """What is done from outside comes some milliseconds late."""
        yield self._clock.wait(self._dice.between(MILLISECOND, 4 * MILLISECOND))
        fault, amount = FAULTS[plan.fault], plan.amount
        if amount is not None and fault.amount_is_time:
            amount /= self._speed
        fault.apply(self._tailnet.targets[plan.node], amount)
        self._logs["faults"].note(FaultApplied(fault=plan.fault, node=plan.node))

    def _lift(self, plan: FaultPlan) -> Steps:
        if plan.lasts is None:
            return
        try:
            yield self._clock.wait(nanoseconds(plan.lasts) // self._speed)
        except simpy.Interrupt:
            return
        try:
            FAULTS[plan.fault].clear(self._tailnet.targets[plan.node])
        except NotClearableError as error:
            self._logs["world"].note(Problem(what=str(error)))
        else:
            self._logs["faults"].note(FaultCleared(fault=plan.fault, node=plan.node))

    # --- the end ----------------------------------------------------------------------------------

    def _settled(self) -> Steps:
        """Wait until the server is done with every session: uploads end after their users left."""
        names = [
            what.session
            for what in self._timeline.of(ServerSession)
            if isinstance(what, ServerSession)
        ]
        for name in names:
            yield self._timeline.seen(Match(event="left", where={"session": name}))

    def _collect(self) -> None:
        """Note what lies in storage, and search everything for canaries."""
        for node in self._scenario.recorders:
            if node.script is None:
                for path, data in sorted(self._tailnet.held_by(node).items()):
                    self._logs["storage"].note(Stored(store=node.name, path=path, data=data))
        for name, canary in self._canaries.items():
            # There are no processes here that could log anything.
            found = canaries.searched(self._timeline.events, name, canary.encode(), b"")
            self._logs["world"].note(found)
