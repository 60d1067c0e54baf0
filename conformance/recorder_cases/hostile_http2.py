"""Cases about hostile clients over HTTP/2: wrong frames, wrong requests, floods, windows.

A server may end the stream or the connection, with a GOAWAY or without, and may answer a malformed
request before. How much is too much no RFC says: the numbers here are far beyond what any client
of a recorder has a use for, and stand in the titles. Memory that does not come back is judged as
that of a flood (hostile-10), whatever it was that filled it.
"""

from __future__ import annotations

from conformance.cases import Level, Need, Phase, case
from conformance.checkers.aftermath import judge_aftermath
from conformance.checkers.offences import (
    judge_frames,
    judge_requests,
    judge_unsent,
    over,
    raw_sent,
    refused,
    served,
)
from conformance.checking import Findings
from conformance.exchanges import Exchange, Seen
from conformance.http2_offences import (
    BAD_PREFACE,
    CONTROLS,
    FLOODS,
    FRAMES,
    HEADS,
    LENGTHS,
    NO_SETTINGS,
    TOO_LARGE,
    WINDOWS,
)
from conformance.probed import Measured, RawSent, Remarked
from conformance.wire import SECOND

RESETS = 3_000
"""Streams that are opened and reset one after the other."""
FLOOD = 10_000
"""Frames of each kind of a flood."""
LIST_MIB = 16
"""MiB of header fields in one list."""
BOMB_MIB = 44
"""MiB that a header block of 16 KiB unfolds to."""
STREAMS = 200
"""Streams and connections over which nothing comes."""
BLIND = 20
"""Clients that read nothing."""


def _leaves_nothing(seen: Seen, out: Findings) -> None:
    """Say that nobody could look, where nobody could; what was found is judged in every case."""
    if seen.case is not None and Need.STORE not in seen.case.has:
        out.unseen("hostile-17", "the profile says no storage that could be looked into")


# --- what is malformed ----------------------------------------------------------------------------


@case(
    "hostile/h2-frames",
    "frames that HTTP/2 forbids end their connection, and no other",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-3", "hostile-10"),
    shows=("hostile-3",),
    needs=(Need.V2,),
)
def wrongjudge_frames(seen: Seen, out: Findings) -> None:
    """Each kind of wrong frame, on a connection of its own."""
    for one in FRAMES:
        judge_frames("hostile-3", one.what, one.source, seen, out)
    if not any(e.what == Remarked(what=TOO_LARGE) for e in seen.history):
        judge_frames("hostile-3", TOO_LARGE, "RFC 9113 §4.2", seen, out)
    for what in (NO_SETTINGS, BAD_PREFACE):
        exchange = seen.one(what)
        if exchange is None:
            judge_unsent("hostile-3", what, seen, out)
            continue
        out.expect(
            "hostile-3",
            exchange.status is None or exchange.status >= 300,
            f"{what}: the request behind it was answered {exchange.status};"
            " the connection had to be ended (RFC 9113 §3.4)",
            *exchange.story(),
        )
    judge_aftermath("hostile-3", seen, out)


@case(
    "hostile/h2-requests",
    "malformed requests over HTTP/2 are refused, and leave nothing",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-3", "hostile-17", "hostile-10"),
    shows=("hostile-3",),
    needs=(Need.V2,),
)
def malformed(seen: Seen, out: Findings) -> None:
    """Pseudo fields that lack, come twice or too late, and names that are none."""
    judge_requests("hostile-3", ((one.what, one.source) for one in HEADS), seen, out)
    _leaves_nothing(seen, out)
    judge_aftermath("hostile-3", seen, out)


@case(
    "hostile/h2-controls",
    "NUL, CR and LF in names and values of HTTP/2 are refused, and leave nothing",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-7", "hostile-17", "hostile-10"),
    shows=("hostile-7",),
    needs=(Need.V2,),
)
def controls(seen: Seen, out: Findings) -> None:
    """Over HTTP/2 they would travel unharmed."""
    judge_requests("hostile-7", ((one.what, one.source) for one in CONTROLS), seen, out)
    _leaves_nothing(seen, out)
    judge_aftermath("hostile-7", seen, out)


@case(
    "hostile/h2-lengths",
    "an upload over HTTP/2 whose content-length is not its length is no success",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-3", "hostile-10"),
    shows=("hostile-3",),
    needs=(Need.V2,),
)
def lengths(seen: Seen, out: Findings) -> None:
    """The 200 comes before anybody can know; the end must not be that of a whole recording."""
    for what, _ in LENGTHS:
        exchange = seen.one(what)
        if exchange is None:
            judge_unsent("hostile-3", what, seen, out)
            continue
        out.expect(
            "hostile-3",
            not exchange.succeeded and refused(seen, exchange),
            f"{what}: the upload {'succeeded' if exchange.succeeded else 'was never ended'};"
            " the stream had to be ended as malformed (RFC 9113 §8.1.1)",
            *exchange.story(),
        )
    judge_aftermath("hostile-3", seen, out)


@case(
    "hostile/h2-unknown",
    "frames, flags, settings and error codes that nobody knows are ignored",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-3", "hostile-10"),
    shows=("hostile-3",),
    needs=(Need.V2,),
)
def unknown(seen: Seen, out: Findings) -> None:
    """The upload among them is sound, and goes well (RFC 9113 sections 4.1, 5.5 and 6.5.2)."""
    if seen.one("main") is None:
        judge_unsent("hostile-3", "an upload among unknown frames", seen, out)
    judge_aftermath("hostile-3", seen, out)


# --- what is too much -----------------------------------------------------------------------------


@case(
    "hostile/h2-fields",
    f"header lists of {LIST_MIB} MiB, in one block or in CONTINUATION without end, and blocks"
    f" that unfold to {BOMB_MIB} MiB end their stream or connection",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-8",),
    shows=("hostile-8",),
    needs=(Need.V2,),
)
def fields(seen: Seen, out: Findings) -> None:
    """None of them may be taken, or waited for."""
    judge_requests("hostile-8", ((what, "RFC 9113 §10.5.1") for what in FIELDS), seen, out)
    judge_aftermath("hostile-8", seen, out, memory="hostile-8")


LONG_LIST = f"a header list of {LIST_MIB} MiB"
ENDLESS = f"{LIST_MIB} MiB of CONTINUATION frames that do not end the block"
BOMB = f"a header block of 16 KiB that unfolds to {BOMB_MIB} MiB"
FIELDS = (LONG_LIST, ENDLESS, BOMB)


@case(
    "hostile/h2-resets",
    f"{RESETS:,} streams that are opened and reset in a row end their connection, or are held back",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-9", "hostile-10"),
    shows=("hostile-9",),
    needs=(Need.V2,),
)
def resets(seen: Seen, out: Findings) -> None:
    """All of them taken, and the connection standing, is what breaks it."""
    sent = next(
        (
            e.what
            for e in seen.of(Remarked)
            if isinstance(e.what, Remarked) and e.what.what == RESET
        ),
        None,
    )
    attack = raw_sent(seen, RESET)
    if attack is None or sent is None or not served(seen, attack.connection):
        judge_unsent("hostile-9", RESET, seen, out)
    else:
        out.expect(
            "hostile-9",
            int(sent.value) < RESETS or over(seen, attack.connection),
            f"{RESETS:,} uploads were opened and reset in a row, and the connection stood",
            f"> HEADERS, RST_STREAM, {sent.value} times",
        )
    judge_aftermath("hostile-9", seen, out)


RESET = "streams that are opened and reset"


@case(
    "hostile/h2-floods",
    f"{FLOOD:,} frames each of SETTINGS, PING, PRIORITY, WINDOW_UPDATE, empty DATA and empty"
    " CONTINUATION, unread, fill no memory and hold nobody up",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-10",),
    shows=("hostile-10",),
    needs=(Need.V2,),
)
def floods(seen: Seen, out: Findings) -> None:
    """Uploads beside them are taken within 5 s, as ever (section 8), and ended within 5 s."""
    sent = {e.what.what for e in seen.of(RawSent) if isinstance(e.what, RawSent)}
    for flood in FLOODS:
        if flood.what not in sent:
            judge_unsent("hostile-10", flood.what, seen, out)
    if seen.one("main") is None:
        judge_unsent("hostile-10", "an upload beside the floods", seen, out)
    for exchange in (e for name in ("neighbour", "main", "after") for e in seen.named(name)):
        _held_up(exchange, out)
    judge_aftermath("hostile-10", seen, out)


HELD_UP = 5 * SECOND
"""Longer than that, a session beside a flood may not wait for an answer."""


def _held_up(exchange: Exchange, out: Findings) -> None:
    for what, asked_at, came_at in (
        ("the 200", exchange.asked_at, exchange.opened_at),
        ("the end of the answer", exchange.body_ended_at, exchange.answer_ended_at),
    ):
        if asked_at is not None and came_at is not None:
            out.expect(
                "hostile-10",
                came_at - asked_at <= HELD_UP,
                f"{exchange.name}: {what} took {(came_at - asked_at) / SECOND:.1f} s"
                f" beside the floods; {HELD_UP // SECOND} s would have been right",
                *exchange.story(),
            )


# --- windows and idleness -------------------------------------------------------------------------


@case(
    "hostile/h2-windows",
    "a flow-control window over 2^31-1, and one that is overrun, end the stream or the connection",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-11", "hostile-10"),
    shows=("hostile-11",),
    needs=(Need.V2,),
)
def windows(seen: Seen, out: Findings) -> None:
    """Overrun is only what goes beyond all window that the target ever gave, also afterwards.

    A recorder that reads as fast as it is sent to, and gives window back meanwhile, cannot be
    overrun: then this half shows nothing, and need not.
    """
    for one in WINDOWS:
        judge_frames("hostile-11", one.what, one.source, seen, out)
    _overrun(seen, out)
    judge_aftermath("hostile-11", seen, out)


OVERRUN = "more than the stream's window"
INITIAL = "the stream's window"


def _overrun(seen: Seen, out: Findings) -> None:
    exchange = seen.one(OVERRUN)
    initial = next(
        (
            int(e.what.value)
            for e in seen.of(Measured)
            if isinstance(e.what, Measured) and e.what.what == INITIAL
        ),
        None,
    )
    if exchange is None or initial is None:
        return  # the window is too large to be overrun in any reasonable time
    given = initial + sum(
        frame.value
        for frame in seen.frames(exchange.asked.connection, "WINDOWUPDATE")
        if frame.stream == exchange.asked.stream
    )
    if exchange.size > given:
        out.expect(
            "hostile-11",
            not exchange.succeeded and refused(seen, exchange),
            f"{OVERRUN}: {exchange.size} bytes were sent where {given} were allowed, and the"
            " stream went on (RFC 9113 §6.9)",
            *exchange.story(),
        )


@case(
    "hostile/h2-idle",
    f"{STREAMS} open streams and {STREAMS} connections over which nothing comes, and {BLIND}"
    " clients without a window that never read, keep nobody out",
    level=Level.HARDENED,
    phase=Phase.HOSTILE,
    clauses=("hostile-12", "hostile-10"),
    shows=("hostile-12",),
    needs=(Need.V2,),
)
def idle(seen: Seen, out: Findings) -> None:
    """What becomes of the idle ones is the recorder's affair."""
    if seen.one("main") is None:
        judge_unsent("hostile-12", "an upload beside the idle ones", seen, out)
    elif not seen.named(IDLE):
        out.unknown("hostile-12", "no stream was opened")
    judge_aftermath("hostile-12", seen, out)


IDLE = "idle"
UNREAD = "unread"
