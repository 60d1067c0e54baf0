"""`recspec serve recorder`: the reference recorder on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from conformance.history import Log
from conformance.judgement import ExitStatus
from recspec.serving import (
    Json,
    MutantName,
    address,
    fail,
    overlay,
    serve_until_stopped,
    write_json,
    write_nothing,
)
from simulator.recorder import S3_SCHEME, RecorderConfig, serve_recorder
from simulator.storage import StorageConfigError


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
    mutant: MutantName = "",
    json: Json = False,
) -> None:
    """Run the reference recorder until it is interrupted.

    Example: recspec serve recorder --listen 127.0.0.1:8080 --storage ./recordings
    """
    host, port = address(listen)
    if not storage.startswith(S3_SCHEME) and Path(storage).exists() and not Path(storage).is_dir():
        fail(ExitStatus.USAGE, f"--storage {storage}: not a directory")
    config = RecorderConfig(
        name="recorder",
        host=host,
        port=port,
        storage=storage,
        s3_endpoint=s3_endpoint,
        spool=spool,
    )
    chosen = overlay(mutant, ("recorder",))

    async def run(log: Log, stop: asyncio.Event, listening: Callable[[str], None]) -> None:
        await serve_recorder(config, log, overlay=chosen, stop=stop, listening=listening)

    try:
        serve_until_stopped(
            "recorder", "recorder/recorder", listen, write_json if json else write_nothing, run
        )
    except StorageConfigError as error:
        fail(ExitStatus.USAGE, f"--storage: {error}")
