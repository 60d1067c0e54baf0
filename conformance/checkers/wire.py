"""What recorders answer: interim 100, 200 headers, acks, final status (protocol section 4)."""

from __future__ import annotations

import json
from itertools import pairwise

from conformance.checking import Findings, checks
from conformance.history import AnswerBody, Event, Handed, Late
from conformance.sessions import View
from conformance.uploads import Upload
from conformance.wire import SECOND, Timers

CADENCE_GRACE = SECOND
"""How much later than 5 s an ack may come before a SHOULD is broken (D1)."""

_WHITESPACE = " \t\r\n"


class Frame:
    """One JSON value of a v2 answer."""

    def __init__(self, at: int, value: object) -> None:
        self.at = at
        self.value = value

    @property
    def ack(self) -> int | None:
        """The number that it acks; None when it is no ack frame."""
        if not isinstance(self.value, dict) or self.value.get("error"):
            return None
        number = self.value.get("ack", 0)
        return number if isinstance(number, int) and not isinstance(number, bool) else None

    @property
    def error(self) -> str:
        """The error that it carries, or nothing."""
        return str(self.value.get("error") or "") if isinstance(self.value, dict) else ""


def frames(answers: list[Event]) -> tuple[list[Frame], str]:
    """Split an answer's body into its frames; also what is left that is no JSON value."""
    decoder = json.JSONDecoder()
    found: list[Frame] = []
    rest = ""
    for event in answers:
        assert isinstance(event.what, AnswerBody)
        rest = (rest + event.what.data.decode("utf-8", "replace")).lstrip(_WHITESPACE)
        while rest:
            try:
                value, end = decoder.raw_decode(rest)
            except (ValueError, RecursionError):
                break
            found.append(Frame(event.at, value))
            rest = rest[end:].lstrip(_WHITESPACE)
    return found, rest


def _sound(view: View) -> list[Upload]:
    """Return the uploads to recorders that nothing disturbs."""
    return [upload for upload in view.uploads if not view.faulted(upload.recorder)]


@checks("v1-2", "v2-2", "v1-3")
def heads(view: View, out: Findings) -> None:
    """The answer's head comes before the body, and after v1's body a 200."""
    for upload in _sound(view):
        if upload.opened_at is None:
            continue
        out.held("v2-2" if upload.http == "2" else "v1-2")
        if upload.http == "1.1" and upload.body_ended:
            out.expect(
                "v1-3",
                upload.final_status == 200,
                f"the final status was {upload.final_status}",
                upload.recorder,
            )


@checks("acks-3", "acks-4", "acks-5")
def numbers(view: View, out: Findings) -> None:
    """Acks never fall, never run ahead, reach the total, and are all there is."""
    for upload in _sound(view):
        if upload.http != "2" or upload.opened_at is None:
            continue
        found, rest = frames(upload.answers)
        shapes = all(frame.ack is not None or frame.error for frame in found)
        errors = [frame for frame in found if frame.error]
        out.expect(
            "acks-5",
            shapes and not rest and errors in ([], found[-1:]),
            "an answer holds something other than ack frames",
            rest or [frame.value for frame in found][-3:],
        )
        _monotonous(upload, found, out)
        if upload.clean and not errors:
            last = next((f.ack for f in reversed(found) if f.ack is not None), None)
            out.expect(
                "acks-3",
                last == len(upload.body),
                f"the last ack is {last}, the body has {len(upload.body)} bytes",
                upload.recorder,
            )


def _monotonous(upload: Upload, found: list[Frame], out: Findings) -> None:
    handed = [(e.at, len(e.what.data)) for e in upload.handed if isinstance(e.what, Handed)]
    before, sent, index = 0, 0, 0
    out.held("acks-4")
    for frame in found:
        while index < len(handed) and handed[index][0] <= frame.at:
            sent += handed[index][1]
            index += 1
        if frame.ack is None:
            continue
        if frame.ack < before:
            out.broken("acks-4", f"the ack fell from {before} to {frame.ack}", upload.recorder)
        if frame.ack > sent:
            out.broken("acks-4", f"{frame.ack} bytes acked of {sent} sent", upload.recorder)
        before = frame.ack


@checks("acks-1", "acks-2")
def cadence(view: View, out: Findings) -> None:
    """Measure the gaps between frames, from the 200 headers to the end of the answer."""
    for upload in _sound(view):
        if upload.http != "2" or upload.opened_at is None:
            continue
        if view.speed != 1:
            out.unseen("acks-1", "the timers were sped up")
            out.unseen("acks-2", "the timers were sped up")
            continue
        found, _ = frames(upload.answers)
        end = upload.answer_ended_at or upload.gone_at
        times = [upload.opened_at, *(frame.at for frame in found), *([end] if end else [])]
        gaps = [(after - before, before) for before, after in pairwise(times)]
        for limit, clause in (
            (Timers().ack_window, "acks-1"),
            (Timers().ack_cadence + CADENCE_GRACE, "acks-2"),
        ):
            _gaps(view, upload, gaps, limit, clause, out)


def _gaps(
    view: View,
    upload: Upload,
    gaps: list[tuple[int, int]],
    limit: int,
    clause: str,
    out: Findings,
) -> None:
    late = [e for e in view.of("user") if isinstance(e.what, Late)]
    long = [(gap, start) for gap, start in gaps if gap >= limit]
    spoiled = [
        (gap, start)
        for gap, start in long
        if any(
            start <= e.at <= start + gap + e.what.by and gap - e.what.by < limit
            for e in late
            if isinstance(e.what, Late)
        )
    ]
    if spoiled and len(spoiled) == len(long):
        out.void(clause, "our own loop was late while acks were awaited", upload.recorder)
        return
    out.expect(
        clause,
        not long,
        f"{max(gap for gap, _ in long) / SECOND:.1f} s between two frames" if long else "",
        upload.recorder,
    )


@checks("streaming-4")
def body_ends(view: View, out: Findings) -> None:
    """A session that ended normally, beside a sound recorder, has its body ended."""
    for session in view.sessions.values():
        upload = session.upload
        normal = session.exit is not None and not session.hung_up and not view.let_down(session)
        if upload is None or view.faulted(upload.recorder) or not normal:
            continue
        out.expect(
            "streaming-4",
            upload.body_ended,
            "the body of the recording was not ended",
            upload.recorder,
            session=session.name,
        )
