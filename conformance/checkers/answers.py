"""What a v2 answer must keep: of what it consists, what its acks count, when they come."""

from __future__ import annotations

import json

from conformance.checkers.wire import Frame
from conformance.checking import Findings
from conformance.exchanges import Exchange, Seen
from conformance.history import Late
from conformance.wire import SECOND, V2_RECORD, Timers

CADENCE_GRACE = SECOND
"""How much later than 5 s an ack may come before a SHOULD is broken (D1)."""
_WHITE_SPACE = " \t\r\n"
"""What JSON calls so (RFC 8259 section 2)."""


def judge_answer(seen: Seen, exchange: Exchange, out: Findings, *, timed: bool = True) -> None:
    """Judge the frames of a v2 answer: their form, their numbers, their times if `timed`."""
    if not exchange.v2 or exchange.opened_at is None or not judge_form(exchange, out):
        return
    _numbers(exchange, out)
    if exchange.succeeded:
        last = next((f.ack for f in reversed(exchange.frames) if f.ack is not None), None)
        out.expect(
            "acks-3",
            last == exchange.size,
            f"{exchange.name}: the last ack is {last}, the body has {exchange.size} bytes",
            *exchange.story(),
        )
    if timed:
        timers = Timers()
        _gaps(seen, exchange, timers.ack_window, "acks-1", out)
        _gaps(seen, exchange, timers.ack_cadence + CADENCE_GRACE, "acks-2", out)


# --- form -----------------------------------------------------------------------------------------


def judge_form(exchange: Exchange, out: Findings) -> bool:
    """Judge of what a v2 answer consists; tell whether a client can read all of it."""
    if not exchange.v2 or exchange.opened_at is None or exchange.asked.path != V2_RECORD:
        return True
    found, rest = exchange.read()
    if exchange.answer_ended_at is None:
        rest = ""  # what is cut off with the answer is the reset's doing, not the frame's
    if rest or not all(frame.ack is not None or frame.error for frame in found):
        wrong = "an answer holds something other than ack frames"
    elif any(frame.error for frame in found[:-1]):
        wrong = "an error frame is followed by another frame"
    else:
        wrong = ""
    out.expect("acks-5", not wrong, f"{exchange.name}: {wrong}", *exchange.story())
    _separators(exchange, len(found), rest, out)
    for frame in found:
        _error(exchange, frame, frame is found[-1], out)
    return not rest


def _separators(exchange: Exchange, found: int, rest: str, out: Findings) -> None:
    """Between frames stands white space or nothing; anything else ends a client's reading."""
    between, brace, _ = rest.partition("{")
    between = between.strip(_WHITE_SPACE)
    if brace and between and _begins_with_frame(rest[rest.index("{") :]):
        out.broken(
            "acks-13",
            f"{exchange.name}: {between[:20]!r} stands before a frame, where only white space may",
            *exchange.story(),
        )
    elif found > 1:
        out.held("acks-13")


def _begins_with_frame(text: str) -> bool:
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and ("ack" in value or "error" in value or not value)


def _error(exchange: Exchange, frame: Frame, last: bool, out: Findings) -> None:
    """An error frame has a string that says something."""
    value = frame.value if isinstance(frame.value, dict) else {}
    error = value.get("error")
    if error is not None and error != "":
        out.expect(
            "acks-17",
            isinstance(error, str),
            f"{exchange.name}: the error of an error frame is {error!r}, not a string",
            *exchange.story(),
        )
    elif error == "" and "ack" not in value and last and _over_with_bytes(exchange):
        out.broken(
            "acks-17",
            f"{exchange.name}: an error frame ends the answer, and its error is empty",
            *exchange.story(),
        )


def _over_with_bytes(exchange: Exchange) -> bool:
    """Tell whether a last ack of 0 would be wrong: before that it may spell out another key."""
    return exchange.size > 0 and exchange.answer_ended_at is not None


# --- numbers --------------------------------------------------------------------------------------


def _numbers(exchange: Exchange, out: Findings) -> None:
    before, sent, index = 0, 0, 0
    out.held("acks-4")
    for frame in exchange.frames:
        while index < len(exchange.sent) and exchange.sent[index][0] <= frame.at:
            sent += exchange.sent[index][1]
            index += 1
        if frame.ack is None:
            continue
        if frame.ack < before:
            out.broken(
                "acks-4",
                f"{exchange.name}: the ack fell from {before} to {frame.ack}",
                *exchange.story(),
            )
        if frame.ack > sent:
            out.broken(
                "acks-4",
                f"{exchange.name}: {frame.ack} bytes acked of {sent} sent",
                *exchange.story(),
            )
        if not before:
            out.held("acks-7")
        elif isinstance(frame.value, dict) and "ack" not in frame.value:
            out.broken(
                "acks-7",
                f"{exchange.name}: a frame without a number follows an ack of {before}",
                *exchange.story(),
            )
        before = frame.ack


# --- times ----------------------------------------------------------------------------------------


def _gaps(seen: Seen, exchange: Exchange, limit: int, clause: str, out: Findings) -> None:
    long = [(gap, start) for gap, start in exchange.gaps() if gap >= limit]
    late = [(e.at, e.what.by) for e in seen.history if isinstance(e.what, Late)]
    spoiled = [
        (gap, start)
        for gap, start in long
        if gap - sum(by for at, by in late if start <= at <= start + gap + by) < limit
    ]
    if spoiled and len(spoiled) == len(long):
        out.void(clause, f"{exchange.name}: our own loop was late while acks were awaited")
        return
    out.expect(
        clause,
        not long,
        f"{exchange.name}: {max((gap for gap, _ in long), default=0) / SECOND:.1f} s between two"
        " frames",
        *exchange.story(),
    )
