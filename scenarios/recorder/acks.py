"""Plays about acks: see `conformance.recorder_cases.acks`."""

from __future__ import annotations

import asyncio
import time

from conformance.wire import SECOND, Timers
from fixtures.bench import Bench, event
from scenarios.recorder import plays

WINDOW_S = Timers().ack_window / SECOND
LONG_S = WINDOW_S + 3.0
"""Seconds in which a recorder that does not ack breaks every clause about it."""
TWO_ACKS_S = 2 * Timers().ack_cadence / SECOND + 2.0
FLOODED_S = 13.0
_TRICKLE_S = 0.5
_FLOOD_PIECE = b"".join(event("x" * 999, 0.5) for _ in range(64))
_FLOOD_PAUSE_S = 0.05


@plays("acks/idle")
async def idle(bench: Bench) -> None:
    """Send a header and one event, and nothing for longer than the ack window."""
    upload = await bench.v2()
    await upload.send(upload.header + event("before"))
    await upload.until_acks(7, LONG_S)
    await upload.send(event("after", LONG_S))
    await upload.finish()


@plays("acks/trickling")
async def trickling(bench: Bench) -> None:
    """Send a little twice a second, for longer than the ack window."""
    upload = await bench.v2()
    await upload.send(upload.header)
    began = time.monotonic()
    while not upload.over and time.monotonic() < began + LONG_S:
        await upload.send(event(".", time.monotonic() - began))
        await upload.idle(_TRICKLE_S)
    await upload.finish()


@plays("acks/flooded")
async def flooded(bench: Bench) -> None:
    """Send twenty pieces of 64 KB a second, for longer than two acks take."""
    upload = await bench.v2()
    await upload.send(upload.header)
    deadline = time.monotonic() + FLOODED_S
    while not upload.over and time.monotonic() < deadline:
        await upload.send(_FLOOD_PIECE)
        await upload.idle(_FLOOD_PAUSE_S)
    await upload.finish()


@plays("acks/counting")
async def counting(bench: Bench) -> None:
    """Wait for an ack of nothing, of half a header, of half a character, of a line."""
    upload = await bench.v2()
    await upload.until_acks(1, TWO_ACKS_S)
    half = len(upload.header) // 2
    line = '[1.0,"o","日本"]\n'.encode()
    cut = line.index("本".encode()) + 1
    for piece in (upload.header[:half], upload.header[half:] + line[:cut], line[cut:]):
        await upload.send(piece)
        await upload.until_acked(upload.body.size, TWO_ACKS_S)
    await upload.finish()


@plays("acks/gzip")
async def gzip(bench: Bench) -> None:
    """Wait for two acks of an upload that offers gzip, and of one that does not."""
    main, plain = await asyncio.gather(
        bench.v2(fields=(("accept-encoding", "gzip"),)), bench.v2(name="plain")
    )
    for upload in (main, plain):
        await upload.send(upload.header + event("before"))
    await plain.until_acks(2, TWO_ACKS_S)
    await main.until_acks(2, 7.0)
    for upload in (main, plain):
        await upload.finish()


@plays("acks/total")
async def total(bench: Bench) -> None:
    """End a body with an empty DATA frame, with its last event, and in the middle of a line."""
    connection = await bench.http2()
    apart = await bench.v2(on=connection)
    await apart.send(apart.header + event("last"))
    await apart.finish()
    together = await bench.v2(on=connection, name="with its last event")
    await together.send(together.header)
    await together.end(event("last"))
    await together.until_over()
    half = await bench.v2(on=connection, name="in the middle of a line")
    await half.send(half.header + event("last")[:-5])
    await half.finish()
