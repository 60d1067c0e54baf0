"""``recspec serve ssh-server``: the reference SSH server on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import asyncssh
import msgspec
import typer

from conformance.history import Entered, Event, Log
from conformance.judgement import ExitStatus
from conformance.wire import SSHAction
from recspec.serving import (
    Json,
    MutantName,
    address,
    fail,
    overlay,
    serve_until_stopped,
    write_json,
)
from simulator.ssh_server import ServerConfig, serve_ssh
from simulator.upload import split_address


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
    mutant: MutantName = "",
    json: Json = False,
) -> None:
    """Serve SSH sessions and record them as the policy says, until interrupted.

    Example: recspec serve ssh-server --listen 127.0.0.1:2222 --action action.json
    """
    if action is None and not control:
        fail(ExitStatus.USAGE, "there is no policy: give --action FILE or --control URL")
    if control and not control.startswith("http://"):
        fail(ExitStatus.USAGE, f"--control {control}: an http:// URL is wanted")
    host, port = address(listen)
    config = ServerConfig(
        name=name,
        host=host,
        port=port,
        action=read_action(action) if action else None,
        control=control,
        host_key=str(host_key or ""),
        shell=shell,
        directory=str(directory or ""),
    )
    chosen = overlay(mutant, ("client", "driver", "ssh-server"))

    async def run(log: Log, stop: asyncio.Event, listening: Callable[[str], None]) -> None:
        try:
            await serve_ssh(config, log, overlay=chosen, stop=stop, listening=listening)
        except asyncssh.KeyImportError as error:
            fail(ExitStatus.USAGE, f"{host_key}: not a private key: {error}")
        except OSError as error:
            if host_key and error.filename == str(host_key):
                fail(ExitStatus.USAGE, f"{host_key}: {error.strerror}")
            raise

    serve_until_stopped("ssh-server", "server", listen, write_json if json else _write_plain, run)


def read_action(path: Path) -> SSHAction:
    """Read an SSH action; what is wrong with it ends the command with status 2."""
    try:
        action = msgspec.json.decode(path.read_bytes(), type=SSHAction)
    except OSError as error:
        fail(ExitStatus.USAGE, f"{path}: {error.strerror}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fail(ExitStatus.USAGE, f"{path}: not an SSH action: {error}")
    for number, recorder in enumerate(action.recorders or ()):
        try:
            split_address(recorder)
        except ValueError as error:
            fail(ExitStatus.USAGE, f"{path}: recorders[{number}]: {error}")
    if not (action.accept or action.reject or action.hold_and_delegate):
        fail(ExitStatus.USAGE, f"{path}: one of accept, reject and holdAndDelegate must be set")
    return action


def _write_plain(event: Event) -> None:
    if isinstance(event.what, Entered):
        why = f" ({event.what.why})" if event.what.why else ""
        typer.echo(f"{event.what.session} {event.what.state}{why}", err=True)
