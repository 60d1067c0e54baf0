"""An event client that writes node names as DNS has them."""

from __future__ import annotations

import msgspec

from conformance.nodes import Node
from simulator.api_proxy import Encoder, Source
from simulator.overlay import Mutant


class _Dotted(Encoder):
    def source(self, node: Node) -> Source:
        return msgspec.structs.replace(super().source(node), node=f"{node.name}.")


MUTANT = Mutant(
    name="event-client-keeps-the-dot",
    part="event-client",
    summary="writes `source.node` with a trailing dot",
    breaks=("event-10",),
    shown_by=("events/stored",),
    overlay={Encoder: _Dotted},
)
