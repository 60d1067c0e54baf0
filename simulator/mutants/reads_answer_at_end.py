"""A recorder client that looks at the answer of v1 only when it has ended the body."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v1 import V1


class _AtEnd(V1):
    _early: int | None = None
    _closed = False

    def _final(self, status: int) -> None:
        if self._continued and not self._closed:
            self._early = status
        else:
            super()._final(status)

    def close_body(self) -> None:
        self._closed = True
        super().close_body()
        if self._early is not None:
            super()._final(self._early)


class _Upload(Upload):
    def v1(self) -> V1:
        return _AtEnd(self, self.address)

    def eof_received(self) -> bool:  # type: ignore[override]
        return True


MUTANT = Mutant(
    name="reads-answer-at-end",
    part="driver",
    summary="notices a final answer of v1 only after the end of the body",
    breaks=("v1-13", "machine-2"),
    shown_by=("loss/end-early-v1-open", "loss/refuses-midway-v1"),
    overlay={Upload: _Upload},
)
