"""What goes wrong in a campaign, and when: failures with repairs, zone outages, deploys.

All begin in their stationary state: what fails for a part of the time is failed at the first moment
with just that chance. As times are exponential, what is left of a failure that is under way lasts
as long as a new one, so nothing has to warm up. Each part has chance of its own, so that a what-if
on one leaves the others as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import simpy

from simulator.campaign.chance import Chance
from simulator.campaign.plan import FAULTS, Faults, Plan
from simulator.campaign.recorder import Bucket, Recorder
from simulator.campaign.tally import Tally

Strike: TypeAlias = Callable[[int], None]
"""Done at a time, in nanoseconds."""


class Causes:
    """Everything that goes wrong with the recorders and the store of one campaign."""

    def __init__(
        self,
        env: simpy.Environment,
        plan: Plan,
        seed: int,
        recorders: list[Recorder],
        bucket: Bucket,
        tally: Tally,
    ) -> None:
        self._env = env
        self._plan = plan
        self._seed = seed
        self._recorders = recorders
        self._bucket = bucket
        self._tally = tally

    def start(self) -> None:
        """Put everything into its stationary state, and let it go on."""
        plan = self._plan
        for number, recorder in enumerate(self._recorders):
            for kind in FAULTS:
                self._alternate(getattr(plan, kind), f"recorder/{number}", kind, [recorder])
        for zone in range(plan.zones.count):
            inside = self._recorders[zone :: plan.zones.count]
            self._alternate(plan.zones, f"zone/{zone}", "zone", inside)
        if plan.store.every:
            _Alternating(self, plan.store, "store", "store", self._store_fails, self._store_mended)
        if plan.deploys.every:
            self._deploys()

    def later(self, now: int, delay: int, strike: Strike) -> None:
        """Do something `delay` nanoseconds after `now`."""
        self._tally.events += 1
        timeout = self._env.timeout(delay)
        assert timeout.callbacks is not None
        timeout.callbacks.append(lambda _: strike(now + delay))

    def chance(self, name: str) -> Chance:
        """Return the chance of one part."""
        return Chance(f"{self._seed}/{name}")

    def began(self, kind: str) -> None:
        """Count a failure."""
        self._tally.failures[kind] = self._tally.failures.get(kind, 0) + 1

    def _alternate(self, faults: Faults, part: str, kind: str, recorders: list[Recorder]) -> None:
        def fail(now: int) -> None:
            for recorder in recorders:
                recorder.fail(kind, now)

        def mend(now: int) -> None:
            for recorder in recorders:
                recorder.mend(kind, now)

        if faults.every and recorders:
            _Alternating(self, faults, f"{part}/{kind}", kind, fail, mend)

    def _store_fails(self, now: int) -> None:
        self._bucket.up = False
        self._look(now)

    def _store_mended(self, now: int) -> None:
        self._bucket.up = True
        self._look(now)

    def _look(self, now: int) -> None:
        for recorder in self._recorders:
            recorder.look(now)

    # --- deploys ----------------------------------------------------------------------------------

    def _deploys(self) -> None:
        """Restart one recorder after the other, again and again; the campaign begins anywhere."""
        deploys = self._plan.deploys
        begun = -self.chance("deploys").below(deploys.every)
        for number, recorder in enumerate(self._recorders):
            at = begun + number * deploys.apart
            if at <= 0 < at + deploys.restart:
                self._restart(recorder, 0, at + deploys.restart)
            self._restart_at(recorder, 0, at if at > 0 else at + deploys.every)

    def _restart_at(self, recorder: Recorder, now: int, at: int) -> None:
        deploys = self._plan.deploys

        def strike(now: int) -> None:
            self._restart(recorder, now, now + deploys.restart)
            self._restart_at(recorder, now, now + deploys.every)

        self.later(now, at - now, strike)

    def _restart(self, recorder: Recorder, now: int, until: int) -> None:
        self.began("deploy")
        recorder.fail("deploy", now)
        self.later(now, until - now, lambda now: recorder.mend("deploy", now))


class _Alternating:
    """One thing that fails and is repaired, for ever."""

    def __init__(
        self, causes: Causes, faults: Faults, part: str, kind: str, fail: Strike, mend: Strike
    ) -> None:
        self._causes = causes
        self._faults = faults
        self._chance = causes.chance(part)
        self._kind = kind
        self._tell_failure = fail
        self._tell_repair = mend
        if self._chance.happens(faults.lasts, faults.every + faults.lasts):
            self._fail(0)
        else:
            self._work(0)

    def _work(self, now: int) -> None:
        self._causes.later(now, self._chance.exponential(self._faults.every), self._fail)

    def _fail(self, now: int) -> None:
        self._causes.began(self._kind)
        self._tell_failure(now)
        self._causes.later(now, self._chance.exponential(self._faults.lasts), self._mend)

    def _mend(self, now: int) -> None:
        self._tell_repair(now)
        self._work(now)
