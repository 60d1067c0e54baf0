"""An event client that sends its events as text."""

from __future__ import annotations

from simulator.event_client import Poster
from simulator.overlay import Mutant


class _Text(Poster):
    def fields(self, method: str, authority: str, body: bytes) -> list[tuple[str, str]]:
        fields = super().fields(method, authority, body)
        return [(name, "text/plain" if name == "Content-Type" else value) for name, value in fields]


MUTANT = Mutant(
    name="event-client-sends-no-type",
    part="event-client",
    summary="sends events as `text/plain`",
    breaks=("event-6",),
    shown_by=("events/stored",),
    overlay={Poster: _Text},
)
