"""The bytes of one recording: on the way, received, acked, at risk, safe or gone."""

from __future__ import annotations

from simulator.campaign.plan import MILLISECOND
from simulator.campaign.recorder import NEVER
from simulator.campaign.tally import Load, Tally


class Recording:
    """What became of what one session handed to its recorder.

    Bytes are at risk from the ack that counts them until they are safe. `acked` and `moment`, the
    sum over all acked bytes of the time of their ack, tell how long that was:
    ``acked * safe_at - moment``.
    """

    __slots__ = (
        "_acked",
        "_acks",
        "_cadence",
        "_came",
        "_group",
        "_load",
        "_moment",
        "_opened_at",
        "_tally",
        "_turn",
        "broken",
        "deaf_since",
        "received",
        "waiting",
    )

    def __init__(self, tally: Tally, load: Load, opened_at: int, cadence: int, *, v2: bool) -> None:
        self._tally = tally
        self._load = load
        self._opened_at = opened_at
        self._cadence = cadence
        self._acks = v2
        self.received = 0
        """Bytes that its recorder has."""
        self._came = 0
        """Bytes that its recorder had at any time."""
        self.waiting = 0
        """Bytes that were handed over while nobody read them."""
        self.deaf_since = NEVER
        """Since when nothing that is handed over is read."""
        self.broken = False
        """True when the recorder reads and cannot write."""
        self._group = 0
        """Bytes that the next ack will count, …"""
        self._turn = NEVER
        """… and when that comes."""
        self._acked = 0
        self._moment = 0

    # --- bytes ------------------------------------------------------------------------------------

    def hand(self, size: int, now: int) -> None:
        """Take in what the client handed over."""
        if self.deaf_since != NEVER:
            self.waiting += size
            return
        if self.broken:
            self._tally.lost_on_way += size
            return
        self._came += size
        self.received += size
        if now > self._turn:
            self._count_acked()
        self._group += size
        if self._acks and self._turn == NEVER:
            self._turn = self._opened_at + self.turns(now - 1) + self._cadence

    def count(self) -> None:
        """The stream is over: count what came."""
        self._tally.received += self._came
        self._load.bytes += self._came

    def turns(self, now: int) -> int:
        """Return the time of the last turn of the cadence up to now, counted from the start."""
        return max(0, now - self._opened_at) // self._cadence * self._cadence

    def _count_acked(self) -> None:
        self._acked += self._group
        self._moment += self._group * self._turn
        self._group, self._turn = 0, NEVER

    # --- what happens to the recorder -------------------------------------------------------------

    def stop_acks(self, now: int) -> None:
        """No more acks come; those up to now did."""
        if self._turn <= now:
            self._count_acked()
        self._turn, self._acks = NEVER, False

    def resume_acks(self, now: int) -> None:
        """Acks come again, the first of them at once."""
        self._turn, self._acks = now, True
        self._count_acked()

    def deafen(self, now: int) -> None:
        """From now on nothing is read."""
        if self.deaf_since == NEVER:
            self.deaf_since = now

    def hear(self, now: int) -> None:
        """What waited is received, unless it cannot be written, and so is what comes."""
        self.deaf_since = NEVER
        if self.waiting and not self.broken:
            waiting, self.waiting = self.waiting, 0
            self.hand(waiting, now)

    # --- the end ----------------------------------------------------------------------------------

    def acked_by(self, now: int) -> tuple[int, int]:
        """Return the bytes that were acked by now, and their moment."""
        if self._turn <= now:
            self._count_acked()
        return self._acked, self._moment

    def end_risk(self, now: int) -> None:
        """What was acked is no longer at risk."""
        acked, moment = self.acked_by(now)
        self._tally.risk += (acked * now - moment) // MILLISECOND

    def lose_disk(self, now: int) -> None:
        """What was received is gone."""
        acked, _ = self.acked_by(now)
        self.end_risk(now)
        self._tally.gone += self.received
        self._tally.gone_acked += acked
        self.received = self._acked = self._moment = self._group = 0
        self._turn = NEVER

    def lose_rest(self) -> None:
        """What nobody read never arrives."""
        self._tally.lost_on_way += self.waiting
        self.waiting = 0
