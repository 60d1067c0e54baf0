"""Acks that a campaign reckons, against the same session with every ack played."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import pytest

import simulator.campaign.world as world
import simulator.client_steps as core
from simulator.campaign.choosing import FIRED
from simulator.campaign.recorder import NEVER
from simulator.campaign.recording import Recording
from simulator.campaign.session import CampaignSession
from simulator.campaign.tally import Tally
from simulator.client import Phase
from tests.simulator.campaign.hand import plan

FAULTS = """
[sessions]
count = 300
length = "10 min"
gap = "20 s"
[recorders]
v1 = 1
order = "rotated"
[crash]
every = "3 h"
[silent]
every = "30 min"
lasts = "25 s"
[frozen]
every = "1 h"
lasts = "20 s"
[disk]
every = "5 h"
[slow]
every = "20 min"
lasts = "1 min"
delay = "7 s"
[store]
kind = "s3"
every = "5 h"
lasts = "20 s"
[enforcement]
none = 1
both = 1
"""


class Played(CampaignSession):
    """A session that is told of every ack when it comes, and whose timer runs all the time."""

    acks: ClassVar[int] = 0

    def _next_ack(self, now: int) -> int:
        """Return when the next ack comes: at a turn of the cadence, or late."""
        streaming = self._recording is not None and self._client.session.phase is Phase.STREAMING
        if not streaming or self._acks_stopped or not self._client.session.v2:
            return NEVER
        cadence, late = self._world.timers.ack_cadence, 0
        if self._late_from != NEVER:
            late = self._world.plan.slow.delay
        turn = self._opened_at + (max(0, now - late - self._opened_at) // cadence + 1) * cadence
        while self._late_from != NEVER and turn < self._late_from:
            turn += cadence
        return turn + late

    def _arm(self, now: int) -> None:
        super()._arm(now)
        self._ack_at = self._next_ack(now)
        deadline = min(self._deadline, self._ack_at, self._timers[core.Timer.ACK])
        if deadline < self._deadline:
            self._deadline = deadline
            self._plan(now)

    def _due(self, now: int) -> None:
        if self._ack_at <= now:
            self._ack_at = NEVER
            Played.acks += 1
            self._tell(core.AckReceived(self._op, 0), now)
        elif self._timers[core.Timer.ACK] <= now:
            self._timers[core.Timer.ACK] = NEVER
            self._tell(FIRED[core.Timer.ACK], now)
        else:
            super()._due(now)

    def _see_lateness(self, recording: Recording, now: int) -> None:
        late_from = self._late_from
        super()._see_lateness(recording, now)
        if late_from == NEVER or self._late_from != NEVER or self._acks_stopped:
            return
        turn = self._opened_at + recording.turns(now)
        if late_from <= turn and now < turn + self._world.plan.slow.delay:
            self._tell(core.AckReceived(self._op, 0), now)  # what was late comes at once

    def _stop_acks(self, recording: Recording, now: int) -> None:
        self._acks_stopped, self._stopped_at, self._late_from = True, now, NEVER
        recording.stop_acks(now)


def without_events(tally: Tally) -> Tally:
    """Leave out what the simulation cost."""
    return msgspec.structs.replace(tally, events=0)


@pytest.mark.parametrize("seed", range(6))
def test_acks_that_are_reckoned_are_those_that_are_played(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = plan(FAULTS)
    reckoned = world.play(given, seed)
    monkeypatch.setattr(world, "CampaignSession", Played)
    Played.acks = 0
    one_by_one = world.play(given, seed)
    assert without_events(one_by_one) == without_events(reckoned)
    assert Played.acks > given.sessions.count
    assert {"silent"} < reckoned.losses.keys()
