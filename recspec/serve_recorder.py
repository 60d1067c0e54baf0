"""`recspec serve recorder`: the reference recorder on its own."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from conformance.history import End, Event, Log, to_line
from simulator.overlay import Overlay, overlay_named
from simulator.recorder import S3_SCHEME, RecorderConfig, serve_recorder
from simulator.storage import StorageConfigError

USAGE = 2
INCONCLUSIVE = 3


def serve_recorder_command(
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 is any free one.")
    ] = "127.0.0.1:8080",
    storage: Annotated[
        str, typer.Option(metavar="DIR|s3://BUCKET/PREFIX", help="Where recordings are kept.")
    ] = "recordings",
    s3_endpoint: Annotated[
        str, typer.Option(metavar="URL", help="The S3 service, when it is not AWS.")
    ] = "",
    spool: Annotated[
        str, typer.Option(metavar="DIR", help="Where recordings wait on their way to S3.")
    ] = "",
    mutant: Annotated[
        str, typer.Option(metavar="NAME", help="Load a recorder with one known defect.")
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help="Write what happens as JSON lines to stdout.")
    ] = False,
) -> None:
    """Run the reference recorder until it is interrupted.

    Example: recspec serve recorder --listen 127.0.0.1:8080 --storage ./recordings
    """
    host, port = _address(listen)
    if not storage.startswith(S3_SCHEME) and Path(storage).exists() and not Path(storage).is_dir():
        _leave(USAGE, f"--storage {storage}: not a directory")
    config = RecorderConfig(
        name="recorder",
        host=host,
        port=port,
        storage=storage,
        s3_endpoint=s3_endpoint,
        spool=spool,
    )
    overlay = _overlay(mutant)
    try:
        asyncio.run(_serve(config, overlay, json=json))
    except StorageConfigError as error:
        _leave(USAGE, f"--storage: {error}")
    except socket.gaierror as error:
        _leave(USAGE, f"--listen {listen}: no such host ({error.strerror})")
    except OSError as error:
        why = "taken already" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        _leave(INCONCLUSIVE, f"--listen {listen}: {why}")


def _address(listen: str) -> tuple[str, int]:
    """Split HOST:PORT; an IPv6 address stands in brackets."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdecimal() and int(port) < 65_536):
        _leave(USAGE, f"--listen {listen}: expected HOST:PORT, for instance 127.0.0.1:8080")
    return host, int(port)


def _overlay(mutant: str) -> Overlay:
    try:
        overlay = overlay_named(mutant or None)
    except KeyError:
        _leave(USAGE, f"--mutant {mutant}: unknown; see recspec list mutants")
    if overlay.mutant is not None and overlay.mutant.part != "recorder":
        _leave(USAGE, f"--mutant {mutant}: not a recorder's but a {overlay.mutant.part}'s")
    return overlay


async def _serve(config: RecorderConfig, overlay: Overlay, *, json: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def write(event: Event) -> None:
        if json:
            sys.stdout.buffer.write(to_line(event))
            sys.stdout.buffer.flush()

    def announce(address: str) -> None:
        sys.stderr.write(f"recorder listening on {address}\n")
        sys.stderr.flush()

    log = Log(f"recorder/{config.name}", time.monotonic_ns, write)
    await serve_recorder(config, log, overlay=overlay, stop=stop, listening=announce)
    log.note(End())


def _leave(status: int, line: str) -> NoReturn:
    sys.stderr.write(f"recspec serve recorder: {line}\n")
    raise typer.Exit(status)
