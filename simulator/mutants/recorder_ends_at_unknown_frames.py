"""A recorder that knows all frames there will ever be: an extension ends the connection."""

from __future__ import annotations

from typing import Any

from h2.exceptions import ProtocolError
from hyperframe.frame import ExtensionFrame

from simulator.overlay import Mutant
from simulator.serving_protocols import H2, HTTP2


class _NothingNew(H2):
    def _receive_unknown_frame(self, frame: ExtensionFrame) -> Any:
        raise ProtocolError(f"no frame has type {frame.type}")


class _Strict(HTTP2):
    state = _NothingNew


MUTANT = Mutant(
    name="recorder-ends-at-unknown-frames",
    part="recorder",
    summary="ends the connection at a frame type that it does not know",
    breaks=("hostile-3",),
    shown_by=("recorder/hostile/h2-unknown",),
    overlay={HTTP2: _Strict},
)
