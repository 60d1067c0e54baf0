"""The fault vocabulary, as it is done to virtual nodes; `fixtures.faults` does it to real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from simulator.virtual.clock import nanoseconds
from simulator.virtual.messages import Fin, Rst
from simulator.virtual.network import Route
from simulator.virtual.recorder import VirtualRecorder


class Target(msgspec.Struct):
    """What a fault may touch of one node."""

    name: str
    route: Route
    recorder: VirtualRecorder | None = None
    """Its process, where it has one of its own."""

    @property
    def process(self) -> VirtualRecorder:
        """The node's process; `playable` says before that there is one."""
        assert self.recorder is not None, f"{self.name} has no process of its own"
        return self.recorder


class NotClearableError(Exception):
    """The fault cannot be taken back."""


def _refused(target: Target, _: float | None) -> None:
    target.route.refuse()
    target.route.cut(Fin())


def _listens(target: Target) -> None:
    target.route.accept()


def _killed(target: Target, _: float | None) -> None:
    target.process.kill()
    target.route.refuse()
    target.route.cut(Rst())


def _restarted(target: Target) -> None:
    target.process.start()
    target.route.accept()


def _stopped(target: Target, _: float | None) -> None:
    target.process.stop()


def _continued(target: Target) -> None:
    target.process.cont()


def _black_hole(target: Target, _: float | None) -> None:
    target.route.hold(outward=True, inward=True)


def _silent(target: Target, _: float | None) -> None:
    target.route.hold(outward=target.route.held(outward=True), inward=True)


def _passes(target: Target) -> None:
    target.route.hold(outward=False, inward=False)


def _speaks(target: Target) -> None:
    target.route.hold(outward=target.route.held(outward=True), inward=False)


def _cut(target: Target, _: float | None) -> None:
    target.route.cut(Fin())


def _stays_cut(target: Target) -> None:
    raise NotClearableError(f"connections of {target.name} that were cut stay cut")


def _slow(target: Target, amount: float | None) -> None:
    target.route.late = nanoseconds(1.0 if amount is None else amount)


def _fast(target: Target) -> None:
    target.route.late = 0


def _narrow(target: Target, amount: float | None) -> None:
    target.route.rate = 1000 * (64 if amount is None else round(amount))


def _wide(target: Target) -> None:
    target.route.rate = 0


def _sliced(target: Target, amount: float | None) -> None:
    target.route.slice = 3 if amount is None else round(amount)


def _whole(target: Target) -> None:
    target.route.slice = 0


def _unreachable(target: Target, _: float | None) -> None:
    target.route.room = 0


def _backlog_full(target: Target, _: float | None) -> None:
    target.route.room = 1


class VirtualFault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: how it is done and taken back, and to what."""

    apply: Callable[[Target, float | None], None]
    clear: Callable[[Target], None]
    to_process: bool = False
    """It is done to a recorder's process."""
    to_recorder: bool = False
    """It is done to how a recorder takes connections: S3 and the control plane have no relay."""
    amount_is_time: bool = False


Faults: TypeAlias = dict[str, VirtualFault]

FAULTS: Faults = {
    "backlog-full": VirtualFault(apply=_backlog_full, clear=_listens, to_recorder=True),
    "black-hole": VirtualFault(apply=_black_hole, clear=_passes),
    "cut": VirtualFault(apply=_cut, clear=_stays_cut),
    "killed": VirtualFault(apply=_killed, clear=_restarted, to_process=True),
    "narrow": VirtualFault(apply=_narrow, clear=_wide),
    "refused": VirtualFault(apply=_refused, clear=_listens),
    "silent": VirtualFault(apply=_silent, clear=_speaks),
    "sliced": VirtualFault(apply=_sliced, clear=_whole),
    "slow": VirtualFault(apply=_slow, clear=_fast, amount_is_time=True),
    "stopped": VirtualFault(apply=_stopped, clear=_continued, to_process=True),
    "unreachable": VirtualFault(apply=_unreachable, clear=_listens, to_recorder=True),
}
