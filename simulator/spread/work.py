"""What is spread: batches of seeds, and the function that a worker plays them with.

This module is what a worker imports; it depends on no file, clock or network of its own.
"""

from __future__ import annotations

import traceback
import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from simulator.spread.code import code_digest

Play = Callable[[Any, int], bytes]
"""Plays one seed of a variant, both picklable, and returns its result as JSON.

A function of a module, so that a worker finds it by its name; pure and deterministic.
"""


class OtherCodeError(RuntimeError):
    """A worker has other sources than the one who sent the work."""


class Task(msgspec.Struct, frozen=True, order=True):
    """One seed of one variant."""

    variant: str
    """Names the variant: the digest of its plan."""
    seed: int


class Outcome(msgspec.Struct, frozen=True):
    """What came of one seed: its result, or why there is none."""

    seed: int
    packed: bytes = b""
    """Compressed, as what is short goes through a pipe in one piece: a worker that is killed while
    it sends would else leave half of it, and the reader waits for the rest."""
    raised: str = ""
    """The last line of a traceback, and where: the model raised. Empty: it did not."""

    @property
    def result(self) -> bytes:
        """What was played, as JSON."""
        return zlib.decompress(self.packed)


def play_batch(play: Play, variant: Any, seeds: tuple[int, ...], code: str) -> tuple[Outcome, ...]:
    """Play seeds, in a worker; raises OtherCodeError when the worker's sources are not `code`."""
    if code != code_digest():
        raise OtherCodeError
    return tuple(_outcome(play, variant, seed) for seed in seeds)


def _outcome(play: Play, variant: Any, seed: int) -> Outcome:
    try:
        return Outcome(seed, zlib.compress(play(variant, seed)))
    except Exception as error:  # noqa: BLE001 - whatever it is, this seed has no result
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        return Outcome(seed, raised=f"{said} ({where.filename}:{where.lineno})")
