"""A recorder client that goes where a recorder sends it."""

from __future__ import annotations

import h2.events

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import V2


class _Follows(V2):
    _followed = 0

    def _answered(self, event: h2.events.ResponseReceived) -> None:
        fields = dict(event.headers or ())
        where = fields.get(b"location", b"").decode()
        if event.stream_id == self._upload and fields[b":status"].startswith(b"3"):
            self._followed = self._http.get_next_available_stream_id()
            headers = [(":method", "GET"), (":scheme", "http"), (":authority", self._authority)]
            self._http.send_headers(self._followed, [*headers, (":path", where)], end_stream=True)
        elif event.stream_id == self._followed:
            self._wire.failed(f"GET {where} was answered {fields[b':status'].decode()}")
        else:
            super()._answered(event)


class _Upload(Upload):
    def v2(self) -> V2:
        return _Follows(self, self.address)


MUTANT = Mutant(
    name="follows-redirects",
    part="driver",
    summary="follows a redirect",
    breaks=("choose-14",),
    shown_by=("choosing/redirect",),
    overlay={Upload: _Upload},
)
