"""A v2 recorder whose HTTP library ends the connection on a GOAWAY."""

from __future__ import annotations

import h2.connection

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP2


class _Leaves(HTTP2):
    state = h2.connection.H2Connection


MUTANT = Mutant(
    name="recorder-leaves-on-goaway",
    part="recorder",
    summary="ends the connection when the client sends GOAWAY",
    breaks=("v2-20",),
    shown_by=("recorder/frames/goaway",),
    overlay={HTTP2: _Leaves},
)
