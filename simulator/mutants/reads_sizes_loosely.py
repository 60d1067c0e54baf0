"""A recorder that reads chunk sizes with its language's own reader of numbers."""

from __future__ import annotations

from typing import Any

import h11
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer

from simulator.overlay import Mutant
from simulator.serving_protocols import HTTP1


class _Loose(ChunkedReader):
    def __call__(self, buf: ReceiveBuffer) -> Any:
        if self._bytes_to_discard and not self._discarded(buf):
            return None
        if not (self._reading_trailer or self._bytes_in_chunk):
            line = buf.maybe_extract_next_line()
            if line is None:
                return None
            buf._data[:0] = _rewritten(bytes(line))  # noqa: SLF001 - h11 offers no other way
        return super().__call__(buf)

    def _discarded(self, buf: ReceiveBuffer) -> bool:
        """Read on to the next size, past what ends a chunk."""
        data = buf.maybe_extract_at_most(len(self._bytes_to_discard)) or b""
        if not self._bytes_to_discard.startswith(data):
            raise h11.LocalProtocolError("a chunk does not end where it should")
        self._bytes_to_discard = self._bytes_to_discard[len(data) :]
        return not self._bytes_to_discard


def _rewritten(line: bytes) -> bytes:
    """Write a size as it should be, if Python can read it; it takes a prefix, signs and more."""
    try:
        return b"%x\r\n" % abs(int(line.partition(b";")[0].decode(), 16))
    except ValueError:
        return line


class _Sizes(HTTP1):
    async def _create_stream(self, request: h11.Request) -> None:
        connection: Any = self.connection
        if type(connection._reader) is ChunkedReader:  # noqa: SLF001 - h11 offers no other way
            connection._reader = _Loose()  # noqa: SLF001
        await super()._create_stream(request)


MUTANT = Mutant(
    name="recorder-reads-sizes-loosely",
    part="recorder",
    summary="takes chunk sizes with a prefix, a sign or an underscore",
    breaks=("hostile-6",),
    shown_by=("recorder/hostile/h1-chunks",),
    overlay={HTTP1: _Sizes},
)
