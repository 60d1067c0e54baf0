"""``recspec serve ssh-server``: the reference SSH server on its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import asyncssh
import msgspec
import typer

from conformance.history import End, Entered, Event, Log, to_line
from conformance.wire import SSHAction
from simulator.overlay import Overlay, mutants, overlay_named
from simulator.ssh_server import ServerConfig, serve_ssh
from simulator.upload import split_address

USAGE = 2
ENVIRONMENT = 3


def ssh_server(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to listen.")],
    action: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The SSH action for everyone, as JSON.")
    ] = None,
    control: Annotated[
        str, typer.Option(metavar="URL", help="The control plane to ask for actions.")
    ] = "",
    name: Annotated[str, typer.Option(help="This node's name.")] = "ssh-server",
    host_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The private host key; else one is made.")
    ] = None,
    shell: Annotated[
        str, typer.Option(metavar="PATH", help="The shell that runs everything; else your own.")
    ] = "",
    directory: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where commands start; else your home.")
    ] = None,
    mutant: Annotated[
        str, typer.Option(metavar="NAME", help="Load a mutant: one named defect.")
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help="Write the server's history to stdout as JSON lines.")
    ] = False,
) -> None:
    """Serve SSH sessions and record them as the policy says, until interrupted.

    Example: recspec serve ssh-server --listen 127.0.0.1:2222 --action action.json
    """
    if action is None and not control:
        _fail(USAGE, "there is no policy: give --action FILE or --control URL")
    config = ServerConfig(
        name=name,
        host=_address(listen)[0],
        port=_address(listen)[1],
        action=read_action(action) if action else None,
        control=_control(control),
        host_key=str(host_key or ""),
        shell=shell,
        directory=str(directory or ""),
    )
    overlay = _overlay(mutant)
    log = Log(f"server/{name}", time.monotonic_ns, _write_json if json else _write_plain)
    try:
        asyncio.run(_serve(config, log, overlay))
    except asyncssh.KeyImportError as error:
        _fail(USAGE, f"{host_key}: not a private key: {error}")
    except OSError as error:
        if host_key and error.filename == str(host_key):
            _fail(USAGE, f"{host_key}: {error.strerror}")
        _fail(ENVIRONMENT, f"cannot listen on {listen}: {error.strerror or error}")


def read_action(path: Path) -> SSHAction:
    """Read an SSH action; what is wrong with it ends the command with status 2."""
    try:
        action = msgspec.json.decode(path.read_bytes(), type=SSHAction)
    except OSError as error:
        _fail(USAGE, f"{path}: {error.strerror}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _fail(USAGE, f"{path}: not an SSH action: {error}")
    for number, address in enumerate(action.recorders or ()):
        try:
            split_address(address)
        except ValueError as error:
            _fail(USAGE, f"{path}: recorders[{number}]: {error}")
    if not (action.accept or action.reject or action.hold_and_delegate):
        _fail(USAGE, f"{path}: one of accept, reject and holdAndDelegate must be set")
    return action


async def _serve(config: ServerConfig, log: Log, overlay: Overlay) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve_ssh(config, log, overlay=overlay, stop=stop, listening=_listening)
    log.note(End())


def _listening(where: str) -> None:
    _say(f"ssh-server listening on {where}")


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        _fail(USAGE, f"--listen {listen}: HOST:PORT is wanted, 127.0.0.1:2222 for instance")
    return host, int(port)


def _control(url: str) -> str:
    if url and not url.startswith("http://"):
        _fail(USAGE, f"--control {url}: an http:// URL is wanted")
    return url


def _overlay(mutant: str) -> Overlay:
    try:
        return overlay_named(mutant)
    except KeyError:
        known = sorted(n for n, m in mutants().items() if m.part != "recorder")
        _fail(USAGE, f"--mutant {mutant}: there is no such mutant; there are: {', '.join(known)}")


def _write_json(event: Event) -> None:
    try:
        sys.stdout.buffer.write(to_line(event))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Nobody reads the history any more; the sessions go on.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_plain(event: Event) -> None:
    if isinstance(event.what, Entered):
        why = f" ({event.what.why})" if event.what.why else ""
        _say(f"{event.what.session} {event.what.state}{why}")


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _fail(status: int, message: str) -> NoReturn:
    """Say what is wrong and end the command."""
    _say(message)
    raise typer.Exit(status)
