"""Content codings: what a client that offers one has to undo before it can read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator


def uncoded(coding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Undo gzip piece by piece; what is not gzip, or is in no coding, stays as it is."""
    if coding.strip().lower() not in ("gzip", "x-gzip"):
        yield from pieces
        return
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    for piece in pieces:
        try:
            yield reader.decompress(piece)
        except zlib.error:
            yield piece  # and all that follow: the reader does not recover
