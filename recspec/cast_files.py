"""Finding and opening recordings: files, folders, patterns, standard input, gzip and zstd.

Everything is read in pieces, also what is compressed: a small file that unfolds into a very large
one costs time, not memory.
"""

from __future__ import annotations

import glob
import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard

from conformance.asciicast import LINE_LIMIT

STDIN = "-"
_SUFFIXES = (".cast", ".cast.gz", ".cast.zst")
_PIECE = 64 * 1024
_ZSTD_PIECE = 128
"""Input bytes unfolded at once: zstd makes at most 128 KiB out of four."""
_ZSTD_WINDOW = 16 * 2**20


class UnreadableError(Exception):
    """A recording could not be read to its end; the message says why, without the name."""


def find(names: list[str]) -> tuple[list[str], list[str]]:
    """Return the recordings that `names` stand for, each once, and the names that match none.

    A folder stands for all recordings below it; links to folders are not followed.
    """
    files: dict[str, None] = {}
    missing = []
    for name in names:
        matches = _matches(name)
        files.update(dict.fromkeys(matches))
        if not matches:
            missing.append(name)
    return list(files), missing


def _matches(name: str) -> list[str]:
    if name == STDIN:
        return [name]
    if os.path.lexists(name):
        return _below(name)
    if glob.has_magic(name):
        found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  # patterns may be absolute
        return [file for match in found for file in _below(match)]
    return []


def _below(name: str) -> list[str]:
    if not Path(name).is_dir():
        return [name]
    return sorted(
        str(Path(folder, file))
        for folder, _, files in os.walk(name)
        for file in files
        if file.endswith(_SUFFIXES)
    )


def pieces(name: str) -> Iterator[bytes]:
    """Yield the bytes of the recording `name`, unfolded. Raises `UnreadableError`."""
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise UnreadableError("standard input is closed")
            yield from _plain(sys.stdin.buffer)
            return
        with Path(name).open("rb") as file:
            if name.endswith(".gz"):
                yield from _gzip(file)
            elif name.endswith(".zst"):
                yield from _zstd(file)
            else:
                yield from _plain(file)
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file) as unfolded:
        try:
            while piece := unfolded.read(_PIECE):
                yield piece
        except EOFError as error:
            raise UnreadableError("the gzip data is cut off") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableError(f"the gzip data is damaged: {error}") from error


def _zstd(file: BinaryIO) -> Iterator[bytes]:
    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame, ended = engine.decompressobj(), True
    try:
        for piece in _plain(file):
            for begin in range(0, len(piece), _ZSTD_PIECE):
                folded = piece[begin : begin + _ZSTD_PIECE]
                while folded:
                    unfolded = frame.decompress(folded)
                    if unfolded:
                        yield unfolded
                    folded, ended = frame.unused_data, frame.eof
                    if ended:
                        frame = engine.decompressobj()
    except zstandard.ZstdError as error:
        raise UnreadableError(f"the zstd data is damaged: {error}") from error
    if not ended:
        raise UnreadableError("the zstd data is cut off")


def lines(name: str) -> Iterator[bytes]:
    """Yield the lines of the recording `name` without their ends. Raises `UnreadableError`."""
    rest = bytearray()
    for piece in pieces(name):
        *whole, last = piece.split(b"\n")
        for part in whole:
            yield bytes(rest) + part
            rest.clear()
        rest += last
        if len(rest) > LINE_LIMIT:
            raise UnreadableError(f"a line is longer than {LINE_LIMIT} bytes")
    if rest:
        yield bytes(rest)
