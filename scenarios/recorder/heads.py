"""Plays about heads: see `conformance.recorder_cases.heads`."""

from __future__ import annotations

from conformance.wire import V2_RECORD
from fixtures.bench import Bench
from scenarios.recorder import plays


@plays("v2/probe")
async def probe(bench: Bench) -> None:
    """Ask as a client asks before it uploads."""
    connection = await bench.http2()
    request = await connection.ask("HEAD", V2_RECORD, name="probe", end=True)
    await request.until_over(10.0)
