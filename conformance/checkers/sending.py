"""What a recorder client sends: the header first and at once, output as it comes, and the end."""

from __future__ import annotations

from conformance.checkers.order import Ahead, walked
from conformance.checking import Findings, checks
from conformance.contacts import network
from conformance.machine import State
from conformance.sessions import SessionView, View
from conformance.uploads import header_line
from conformance.wire import SECOND

PROMPT = 3 * SECOND
"""Nanoseconds within which a thing is done at once, on a busy machine."""
FIRST_WINDOW = 1 << 15
"""Bytes that a client can surely send to a recorder that reads nothing."""
_BOM = b"\xef\xbb\xbf"
_HURRIED = "the timers were sped up"


@checks("streaming-21")
def header_at_once(view: View, out: Findings) -> None:
    """The header line comes first, and as soon as the recorder has taken the recording."""
    seen = network(view)
    for upload in view.uploads:
        if upload.opened_at is None:
            continue
        if upload.handed:
            out.expect(
                "streaming-21",
                # Whether it is a sound one is the header clauses' to say.
                header_line(upload.body).removeprefix(_BOM).lstrip().startswith(b"{"),
                "the body does not begin with the header line",
                upload.body[:100],
            )
        connection, contact = seen.of(upload)
        ends = (contact.body_at, contact.broken_at, upload.answer_ended_at)
        gone = connection.gone[0] if connection.gone is not None else seen.until
        at = min((end for end in (*ends, gone) if end is not None), default=None)
        if at is None:
            continue
        if view.speed != 1:
            out.unseen("streaming-21", _HURRIED)
            continue
        waited = at - upload.opened_at
        out.expect(
            "streaming-21",
            waited <= PROMPT,
            f"the header was not sent for {waited / SECOND:.1f} s",
            upload.recorder,
        )


@checks("streaming-22")
def output_as_it_comes(view: View, out: Findings) -> None:
    """Measure how long after it was shown output leaves for the recorder."""
    for session in view.sessions.values():
        if session.upload is None or not session.upload.taken or not session.shown:
            continue
        if view.speed != 1:
            out.unseen("streaming-22", _HURRIED, session=session.name)
            continue
        worst = walked(view, session).worst
        never = _never_sent(view, session)
        if never is not None:
            out.broken(
                "streaming-22",
                "output was shown, and never sent while the recording streamed on",
                f"shown: {never.text!r}",
                session=session.name,
            )
            continue
        if session.program and (worst is None or worst.gap <= PROMPT):
            why = f"output is seen later than it reached {session.program}"
            out.unseen("streaming-22", why, session=session.name)
            continue
        out.expect(
            "streaming-22",
            worst is None or worst.gap <= PROMPT,
            f"output was sent {worst.gap / SECOND if worst else 0:.1f} s after it was shown",
            f"shown: {worst.text!r}" if worst else "",
            session=session.name,
        )


def _never_sent(view: View, session: SessionView) -> Ahead | None:
    """Return output that had all the time to be sent before a recording was lost, and was not.

    Where none was lost, that a recording is whole is streaming-1's. What a recorder's first window
    lets through can always be sent; whether standard error beside a pipe is, is streaming-3's.
    """
    lost = session.state_at(State.CONNECTION_LOST)
    upload = session.upload
    if lost is None or upload is None or len(upload.body) > FIRST_WINDOW:
        return None
    ends = (
        *(lost, upload.broken_at, upload.answer_ended_at, upload.gone_at),
        upload.body_ended_at,  # that it was ended too early is v2-7's
    )
    until = min(at for at in ends if at is not None)
    pty = session.opened is not None and session.opened.pty
    walk = walked(view, session, frozenset({"stdout", *(("stderr",) if pty else ())}))
    return next((a for a in walk.waiting if a.at and a.at + PROMPT < until), None)


@checks("streaming-4")
def body_ended(view: View, out: Findings) -> None:
    """A recording that counts as complete has its body ended."""
    seen = network(view)
    for session in view.sessions.values():
        upload = session.upload
        if upload is None or not upload.taken or session.server is None or session.hung_up:
            continue
        connection, contact = seen.of(upload)
        ended = (connection.ended_at(), contact.broken_at, upload.answer_ended_at)
        early = any(at is not None for at in ended) and not upload.body_ended
        if _complete(session) and not early:  # what the recorder ended first is a loss
            out.expect(
                "streaming-4",
                upload.body_ended,
                "the session ended normally, and the body was never ended",
                upload.recorder,
                session=session.name,
            )


def _complete(session: SessionView) -> bool:
    path = session.path
    return State.SESSION_COMPLETE in path and State.CONNECTION_LOST not in path
