"""A recorder client that makes a connection of its own for every upload."""

from __future__ import annotations

from simulator import client_steps as core
from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Elsewhere(Upload):
    _other: Upload | None = None

    def open(self, *, v2: bool) -> None:
        if not v2:
            super().open(v2=False)
            return
        self._other = Upload(self.op, self._heard, self._source_addr)
        self._other.dial(self.address)

    def _heard(self, event: core.Event) -> None:
        assert self._other is not None
        if isinstance(event, core.Connected):
            self._other._half = _Unprobed(self._other, self.address)  # noqa: SLF001 - the seam
            self._other.open(v2=True)
        else:
            self._tell(event)

    def send(self, data: bytes) -> None:
        if self._other is None:
            super().send(data)
        else:
            self._other.send(data)

    def close_body(self) -> None:
        if self._other is None:
            super().close_body()
        else:
            self._other.close_body()

    def cancel(self) -> None:
        if self._other is not None:
            self._other.cancel()
        super().cancel()


class _Unprobed(V2):
    def open(self) -> None:
        self._http.initiate_connection()
        super().open()


MUTANT = Mutant(
    name="uploads-v2-elsewhere",
    part="driver",
    summary="makes another connection for a v2 upload than for its probe",
    breaks=("choose-12",),
    shown_by=("basic/v2-shell",),
    overlay={Upload: _Elsewhere},
)
