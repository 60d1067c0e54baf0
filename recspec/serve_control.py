"""`recspec serve control`: the reference control plane, on its own."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from conformance.history import End, Event, Log, to_line
from conformance.judgement import ExitStatus
from recspec.policy_files import UnreadableError, nodes_file, policy_file, printable
from simulator.control import ControlConfig, serve_control
from simulator.overlay import Overlay


def control(
    policy: Annotated[
        str, typer.Option("--policy", metavar="FILE", help="The policy file, HuJSON.")
    ],
    nodes: Annotated[
        str, typer.Option("--nodes", metavar="FILE", help="The node list, HuJSON or YAML.")
    ],
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where to serve; port 0: any.")
    ] = "127.0.0.1:8080",
    history: Annotated[
        str | None,
        typer.Option("--history", metavar="FILE", help="Write what happens, as JSON lines."),
    ] = None,
) -> None:
    """Serve a control plane: SSH actions by policy, and an ear for failure notices.

    Says where it listens on stderr, and ends cleanly on Ctrl-C or SIGTERM. Ends 2 when a file
    cannot be read, 3 when the address cannot be used.

    Example: recspec serve control --listen 127.0.0.1:8080 --policy policy.hujson --nodes nodes.json
    """
    try:
        host, port = _address(listen)
        text, _ = policy_file(policy)
        config = ControlConfig(host=host, port=port, policy=text, nodes=nodes_file(nodes))
    except UnreadableError as error:
        _end(str(error), ExitStatus.USAGE)
    with ExitStack() as stack:
        sink = _nowhere
        if history is not None:
            try:
                file = stack.enter_context(Path(history).open("wb", buffering=0))
            except (OSError, ValueError) as error:
                _end(f"{history}: cannot be written: {error}", ExitStatus.USAGE)

            def sink(event: Event) -> None:
                file.write(to_line(event))

        try:
            asyncio.run(_serve(config, Log("control", time.monotonic_ns, sink)))
        except OSError as error:
            _end(f"{listen}: {error.strerror or error}", ExitStatus.INCONCLUSIVE)


async def _serve(config: ControlConfig, log: Log) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def listening(address: str) -> None:
        sys.stderr.write(f"control listening on {address}\n")
        sys.stderr.flush()

    await serve_control(config, log, overlay=Overlay(), stop=stop, listening=listening)
    log.note(End())


def _address(listen: str) -> tuple[str, int]:
    """Split ``HOST:PORT``; IPv6 stands in brackets."""
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise UnreadableError(f"--listen {listen}: write HOST:PORT, like 127.0.0.1:8080")
    return host.strip("[]"), int(port)


def _nowhere(event: Event) -> None:
    """Keep nothing."""


def _end(message: str, status: ExitStatus) -> NoReturn:
    typer.echo(printable(message), err=True)
    raise typer.Exit(status)
