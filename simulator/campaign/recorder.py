"""One recorder of a campaign: what is wrong with it, who depends on it, what lies on its disk."""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import Protocol

from simulator.campaign.plan import MILLISECOND, Plan
from simulator.campaign.tally import Load, Tally

US = 1000
NEVER = 1 << 62
"""A time that does not come."""


class Condition(IntEnum):
    """How a recorder shows itself; of several causes the greatest counts."""

    WELL = 0
    SLOW = 1
    DISK = 2
    """It answers and cannot write."""
    FROZEN = 3
    """Its kernel takes connections and its process answers nothing."""
    DOWN = 4
    """It refuses connections."""
    CUT = 5
    """Nothing passes to it or from it."""


CAUSES = MappingProxyType(
    {
        "silent": Condition.CUT,
        "zone": Condition.CUT,
        "machine": Condition.DOWN,
        "crash": Condition.DOWN,
        "deploy": Condition.DOWN,
        "frozen": Condition.FROZEN,
        "disk": Condition.DISK,
        "slow": Condition.SLOW,
    }
)
"""What may be wrong with a recorder, and how it shows; the greatest first."""
RESTARTS = frozenset({"machine", "crash", "deploy"})
"""After these its process is another one: streams from before are gone."""


class Stream(Protocol):
    """A session that is connected to a recorder."""

    def recorder_changed(self, now: int) -> None:
        """The recorder, or the store behind it, is in another condition than before."""

    def acked_unsafe(self, now: int) -> int:
        """Return the bytes of its recording that were acked by now and are not safe."""

    def forget(self, now: int) -> None:
        """The recorder's disk is gone, and what there was of its recording with it."""


class Bucket:
    """S3, which all recorders share. A filesystem never fails for all: it is always up."""

    def __init__(self, plan: Plan, tally: Tally) -> None:
        self.s3 = plan.store.kind == "s3"
        self.up = True
        self._part = plan.store.part
        self._tally = tally

    def proven(self) -> None:
        """A recorder showed that it can write, before it takes a recording."""
        if self.s3:
            self._tally.puts += 1

    def kept(self, size: int) -> None:
        """One recording was made safe."""
        tally = self._tally
        tally.safe += size
        if not self.s3:
            return
        tally.gets += 1
        if size < self._part:
            tally.puts += 1
        else:
            parts = -(-size // self._part)
            tally.parts += parts
            tally.puts += parts + 2


class Standing:
    """How many recorders take new recordings, and for how long none did."""

    def __init__(self, recorders: int, tally: Tally) -> None:
        self._taking = recorders
        self._none_since = 0
        self._tally = tally

    def changed(self, now: int, *, takes: bool) -> None:
        """One recorder takes recordings again, or no longer."""
        if takes and not self._taking:
            self._tally.none_up += (now - self._none_since) // US
        self._taking += 1 if takes else -1
        if not self._taking:
            self._none_since = now
            self._tally.none_up_times += 1

    def close(self, now: int) -> None:
        """The campaign is over."""
        if not self._taking:
            self._tally.none_up += (now - self._none_since) // US


class Recorder:
    """The condition of one recorder, its streams, and the recordings that it still has to keep."""

    def __init__(
        self, number: int, plan: Plan, bucket: Bucket, standing: Standing, tally: Tally
    ) -> None:
        self.v2 = number < plan.recorders.count - plan.recorders.v1
        self.condition = Condition.WELL
        self.incarnation = 0
        self.restarted_by = ""
        self.streaming = 0
        self.load = Load()
        self.takes = True
        self._bucket = bucket
        self._standing = standing
        self._tally = tally
        self._capacity = plan.recorders.capacity
        self._causes = dict.fromkeys(CAUSES, 0)
        self._streams: dict[Stream, None] = {}
        self._left: list[tuple[int, int, int]] = []
        self._takes_slowly = plan.network.round_trip + plan.slow.delay < plan.timers.open
        self._down_since = 0
        self._again = plan.store.again if bucket.s3 else plan.store.finish

    @property
    def deaf(self) -> bool:
        """True when nothing that is sent to it is read."""
        return self.condition in (Condition.CUT, Condition.FROZEN)

    @property
    def full(self) -> bool:
        """True when it takes no more streams."""
        return 0 < self._capacity <= self.streaming

    def cause(self) -> str:
        """Return what is wrong with it, in a word."""
        for name, count in self._causes.items():
            if count:
                return name
        if not self._bucket.up:
            return "store"
        return "full" if self.full else "time"

    # --- failures ---------------------------------------------------------------------------------

    def fail(self, cause: str, now: int) -> None:
        """Something is wrong with it from now on."""
        self._causes[cause] += 1
        if cause in RESTARTS:
            self.incarnation += 1
            self.restarted_by = cause
        if cause in ("machine", "crash"):
            streams = sum(stream.acked_unsafe(now) for stream in self._streams)
            self._tally.at_risk.add(streams + sum(acked for _, acked, _ in self._left))
        if cause == "machine":
            self._lose_disk(now)
        self.look(now)

    def mend(self, cause: str, now: int) -> None:
        """This is no longer wrong."""
        self._causes[cause] -= 1
        self.look(now)

    def look(self, now: int) -> None:
        """See what condition it is in, and tell everyone who is connected."""
        worst = next((CAUSES[name] for name, count in self._causes.items() if count), None)
        self.condition = Condition.WELL if worst is None else worst
        takes = self._bucket.up and (
            self.condition is Condition.WELL
            or (self.condition is Condition.SLOW and self._takes_slowly)
        )
        if takes != self.takes:
            self.takes = takes
            self._standing.changed(now, takes=takes)
            if takes:
                self.load.down += (now - self._down_since) // US
            self._down_since = now
        self._keep_left(now)
        for stream in tuple(self._streams):
            stream.recorder_changed(now)

    # --- streams ----------------------------------------------------------------------------------

    def attach(self, stream: Stream) -> None:
        """A session is connected."""
        self._streams[stream] = None

    def detach(self, stream: Stream) -> None:
        """A session is no longer connected."""
        self._streams.pop(stream, None)

    def began(self) -> None:
        """A recording begins."""
        self.streaming += 1
        self.load.streams += 1
        self.load.peak = max(self.load.peak, self.streaming)

    def ended(self, since: int, now: int) -> None:
        """A recording that began at `since` is over."""
        self.streaming -= 1
        self.load.time += (now - since) // US

    # --- what was left behind ---------------------------------------------------------------------

    def leave(self, received: int, acked: int, moment: int, now: int) -> None:
        """Keep what came of a recording that was broken off; see `CampaignSession.acked`."""
        if received:
            self._left.append((received, acked, moment))
            self._keep_left(now)

    def _keep_left(self, now: int) -> None:
        if self._left and self._bucket.up and self.condition in (Condition.WELL, Condition.SLOW):
            self._settle(now + self._again)

    def _settle(self, safe_at: int) -> None:
        for received, acked, moment in self._left:
            self._tally.risk += (acked * safe_at - moment) // MILLISECOND
            self._bucket.kept(received)
        self._left.clear()

    def _lose_disk(self, now: int) -> None:
        for received, acked, moment in self._left:
            self._tally.risk += (acked * now - moment) // MILLISECOND
            self._tally.gone += received
            self._tally.gone_acked += acked
        self._left.clear()
        for stream in self._streams:
            stream.forget(now)

    def close(self, now: int) -> None:
        """The campaign is over: what lies there is kept, sooner or later."""
        self._settle(now)
        if not self.takes:
            self.load.down += (now - self._down_since) // US
