"""A recorder client that makes a v1 upload on the connection of its probe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.ssh_session import SshSession
from simulator.upload import Stage, Upload


class _Keeps(SshSession):
    _spare: Upload | None = None

    def _cancel(self, effect: core.Cancel) -> None:
        upload = self._uploads.get(effect.op)
        if upload is not None and upload.stage is Stage.IDLE:
            self._spare = self._uploads.pop(effect.op)
        else:
            super()._cancel(effect)

    def _dial(self, effect: core.Dial) -> None:
        if self._spare is None:
            super()._dial(effect)
            return
        spare, self._spare = self._spare, None
        spare.op = effect.op
        self._uploads[effect.op] = spare
        self.tell(core.Connected(effect.op))

    _CARRY_OUT: ClassVar[dict[type[core.Effect], Callable[[Any, Any], None]]] = {
        **SshSession._CARRY_OUT,  # noqa: SLF001 - the seam
        core.Cancel: _cancel,
        core.Dial: _dial,
    }


MUTANT = Mutant(
    name="uploads-v1-on-probe",
    part="driver",
    summary="sends a v1 upload over the connection that it has probed on",
    breaks=("choose-11", "machine-2"),
    shown_by=("choosing/no-v2-after-404",),
    overlay={SshSession: _Keeps},
)
