"""What the ``recspec serve …`` commands share: addresses, mutants, events on stdout, the end."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, NoReturn

import typer

from conformance.history import End, Event, Log, to_line
from conformance.judgement import ExitStatus
from simulator.overlay import Overlay, mutants, overlay_named

Json = Annotated[
    bool, typer.Option("--json", help="Write the part's history to stdout as JSON lines.")
]
MutantName = Annotated[str, typer.Option(metavar="NAME", help="Load a mutant: one named defect.")]


def fail(status: ExitStatus, message: str) -> NoReturn:
    """Say what is wrong in one line, and end the command."""
    typer.echo(message, err=True)
    raise typer.Exit(status)


def address(listen: str) -> tuple[str, int]:
    """Split ``HOST:PORT``; an IPv6 address stands in brackets. Ends the command when it is none."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdecimal() and int(port) < 65_536):
        fail(ExitStatus.USAGE, f"--listen {listen}: write HOST:PORT, like 127.0.0.1:8080")
    return host, int(port)


def overlay(name: str, parts: Collection[str]) -> Overlay:
    """Return the overlay of a mutant of one of `parts`; ends the command when there is none."""
    known = sorted(n for n, mutant in mutants().items() if mutant.part in parts)
    if name and name not in known:
        fail(
            ExitStatus.USAGE,
            f"--mutant {name}: no such mutant of this part; there are: {', '.join(known)}",
        )
    return overlay_named(name or None)


def write_json(event: Event) -> None:
    """Write an event to stdout; when nobody reads it any more, the part goes on."""
    try:
        sys.stdout.buffer.write(to_line(event))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_nothing(event: Event) -> None:
    """Keep nothing."""


def serve_until_stopped(
    part: str,
    observer: str,
    listen: str,
    sink: Callable[[Event], None],
    run: Callable[[Log, asyncio.Event, Callable[[str], None]], Awaitable[None]],
) -> None:
    """Serve a part until SIGINT or SIGTERM; says on stderr where it listens.

    `run` gets the part's log, the event that stops it, and whom to tell the address. Ends the
    command with 2 for a host that does not exist and 3 for an address that cannot be used.
    """

    def listening(where: str) -> None:
        typer.echo(f"{part} listening on {where}", err=True)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        log = Log(observer, time.monotonic_ns, sink)
        await run(log, stop, listening)
        log.note(End())

    try:
        asyncio.run(main())
    except socket.gaierror as error:
        fail(ExitStatus.USAGE, f"--listen {listen}: no such host ({error.strerror})")
    except OSError as error:
        why = "taken already" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        fail(ExitStatus.INCONCLUSIVE, f"--listen {listen}: {why}")
