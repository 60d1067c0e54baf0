"""``recspec serve control``: the reference control plane on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer

from conformance.history import Log
from conformance.judgement import ExitStatus
from recspec.policy_files import UnreadableError, nodes_file, policy_file, printable
from recspec.serving import (
    Json,
    address,
    fail,
    serve_until_stopped,
    write_json,
    write_nothing,
)
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
    json: Json = False,
) -> None:
    """Serve a control plane: SSH actions by policy, and an ear for failure notices.

    Says where it listens on stderr, and ends cleanly on Ctrl-C or SIGTERM. Ends 2 when a file
    cannot be read, 3 when the address cannot be used.

    Example: recspec serve control --listen 127.0.0.1:8080 --policy policy.hujson --nodes nodes.json
    """
    host, port = address(listen)
    try:
        text, _ = policy_file(policy)
        config = ControlConfig(host=host, port=port, policy=text, nodes=nodes_file(nodes))
    except UnreadableError as error:
        fail(ExitStatus.USAGE, printable(str(error)))

    async def run(log: Log, stop: asyncio.Event, listening: Callable[[str], None]) -> None:
        await serve_control(config, log, overlay=Overlay(), stop=stop, listening=listening)

    serve_until_stopped("control", "control", listen, write_json if json else write_nothing, run)
