"""A recorder that sends nothing to S3 before a session is over."""

from __future__ import annotations

from simulator.overlay import Mutant
from simulator.storage.s3 import S3Recording


class _AtTheEnd(S3Recording):
    def _send_parts(self) -> None:
        pass


MUTANT = Mutant(
    name="recorder-uploads-at-the-end",
    part="recorder",
    summary="sends a recording to S3 only when the session is over",
    breaks=("storage-15",),
    shown_by=("recorder/objects/parts-leave",),
    overlay={S3Recording: _AtTheEnd},
)
