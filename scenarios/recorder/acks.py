"""Plays about acks: see `conformance.recorder_cases.acks`."""

from __future__ import annotations

from fixtures.bench import Bench, event
from scenarios.recorder import plays


@plays("acks/idle")
async def idle(bench: Bench) -> None:
    """Send a header and one event, and nothing for longer than the ack window."""
    upload = await bench.v2()
    await upload.send(upload.header + event("before"))
    await upload.until_acks(7, 33.0)
    await upload.send(event("after", 33.0))
    await upload.finish()
