"""The programs that the commands of scenarios call, as far as they are used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from simulator.virtual.clock import Dice
from simulator.virtual.shell_syntax import NotModelledError

CHUNK = 32 * 1024
"""Bytes that are written, and read, at once."""
MOST = 64 << 20
"""Bytes that a program may write; more is a mistake of the scenario."""

Filter: TypeAlias = Callable[[list[str], Iterable[bytes], Dice], Iterator[bytes]]
"""A program that waits for nothing: arguments and standard input to standard output."""

_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"\\": b"\\", b"a": b"\a", b"b": b"\b"}
_SOURCES = ("/dev/zero", "/dev/urandom")


def _escaped(text: str) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        if found[1]:
            return bytes([int(found[1], 8) & 0xFF])
        if found[2] not in _LETTERS:
            raise NotModelledError(f"the escape \\{found[2].decode()} is not modelled")
        return _LETTERS[found[2]]

    return _ESCAPE.sub(one, text.encode())


def _echo(args: list[str], _: Iterable[bytes], __: Dice) -> Iterator[bytes]:
    if args[:1] == ["-n"] or any("\\" in arg for arg in args):
        raise NotModelledError("an echo with -n or a backslash is not modelled")
    yield " ".join(args).encode() + b"\n"


def _printf(args: list[str], _: Iterable[bytes], __: Dice) -> Iterator[bytes]:
    if len(args) != 1 or "%" in args[0]:
        raise NotModelledError("a printf with more than plain text is not modelled")
    yield _escaped(args[0])


def _seq(args: list[str], _: Iterable[bytes], __: Dice) -> Iterator[bytes]:
    if not 1 <= len(args) <= 2 or not all(arg.isdecimal() for arg in args):
        raise NotModelledError("a seq of other than one or two numbers is not modelled")
    first, last = (1, int(args[0])) if len(args) == 1 else (int(args[0]), int(args[1]))
    for start in range(first, last + 1, 4096):
        stop = min(start + 4096, last + 1)
        yield b"".join(b"%d\n" % number for number in range(start, stop))


def _yes(args: list[str], _: Iterable[bytes], __: Dice) -> Iterator[bytes]:
    line = (" ".join(args) or "y").encode() + b"\n"
    block = line * max(1, CHUNK // len(line))
    while True:
        yield block


def _head(args: list[str], stdin: Iterable[bytes], dice: Dice) -> Iterator[bytes]:
    if len(args) not in (2, 3) or args[0] != "-c" or not args[1].isdecimal():
        raise NotModelledError("a head without -c and a number is not modelled")
    left = int(args[1])
    if left > MOST:
        raise NotModelledError(f"more than {MOST} bytes of output are not modelled")
    source = args[2] if len(args) == 3 else ""
    if source and source not in _SOURCES:
        raise NotModelledError(f"reading {source!r} is not modelled")
    pieces = _endless(source, dice) if source else iter(stdin)
    while left > 0:
        piece = next(pieces, b"")[:left]
        if not piece:
            return
        left -= len(piece)
        yield piece


def _endless(source: str, dice: Dice) -> Iterator[bytes]:
    while True:
        yield bytes(4096) if source == "/dev/zero" else dice.bytes(4096)


def _tr(args: list[str], stdin: Iterable[bytes], _: Dice) -> Iterator[bytes]:
    sets = [_escaped(arg.replace("\\0", "\\000")) for arg in args]
    if len(sets) != 2 or any(len(one) != 1 for one in sets):
        raise NotModelledError("a tr of other than one character is not modelled")
    table = bytes.maketrans(sets[0], sets[1])
    for piece in stdin:
        yield piece.translate(table)


def _cat(args: list[str], stdin: Iterable[bytes], _: Dice) -> Iterator[bytes]:
    if args:
        raise NotModelledError("a cat of files is not modelled")
    yield from stdin


FILTERS: dict[str, Filter] = {
    "echo": _echo,
    "printf": _printf,
    "seq": _seq,
    "yes": _yes,
    "head": _head,
    "tr": _tr,
    "cat": _cat,
}
WAITING = frozenset({"sleep", "read", "exit", "true", "false", "stty", "tty", ":"})
"""Programs that wait, or ask their terminal: `command` runs them."""
PREFIXES = frozenset({"setsid", "nohup"})
"""Programs that run another one; who is hung up on does not matter to what they do here."""
ENDLESS = frozenset({"yes"})


def pieces(data: Iterable[bytes]) -> Iterator[bytes]:
    """Cut and join what a program writes into pieces as they are read at once."""
    held = bytearray()
    for piece in data:
        held += piece
        while len(held) >= CHUNK:
            yield bytes(held[:CHUNK])
            del held[:CHUNK]
    if held:
        yield bytes(held)


def duration(args: list[str]) -> int:
    """Return the nanoseconds of a sleep."""
    try:
        (seconds,) = args
        return int(Decimal(seconds) * 1_000_000_000)
    except (ValueError, InvalidOperation, OverflowError):
        raise NotModelledError("a sleep of other than some seconds is not modelled") from None
