"""What was shown against what was recorded, one sentence at a time (protocol sections 4 to 6).

`streaming-1` and `streaming-2` hold the two texts against each other as a whole; here is looked for
the particular ways in which they come apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from conformance.checking import Findings, checks
from conformance.history import Entered, Typed
from conformance.machine import State
from conformance.output import REPLACEMENT, recorded_output, screen_text
from conformance.sessions import SessionView, View

_LEAST = 3
"""Characters of output that can be told from chance."""


def _events(recording: bytes) -> Iterator[tuple[str, str]]:
    """Yield code and data of the events that can be read."""
    for line in recording.split(b"\n")[1:]:
        try:
            event = msgspec.json.decode(line, type=list)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if len(event) == 3 and isinstance(event[1], str) and isinstance(event[2], str):
            yield event[1], event[2]


def _sound(view: View) -> Iterator[tuple[SessionView, bytes]]:
    """Yield the sessions whose recordings were ended by them, with what was handed over."""
    for session in view.sessions.values():
        upload = session.upload
        lost = State.CONNECTION_LOST in session.path or not session.path
        if upload is not None and upload.body_ended and not lost and not session.hung_up:
            yield session, upload.body


@checks("events-14")
def output_code(view: View, out: Findings) -> None:
    """What was shown stands under the code of output, and under no other."""
    for session, body in _sound(view):
        shown = screen_text(session.shown_pieces)
        if len(shown) < _LEAST:
            continue
        elsewhere = "".join(data for code, data in _events(body) if code not in ("o", "i", "r"))
        out.expect(
            "events-14",
            shown not in elsewhere or shown in recorded_output(body),
            "what was shown was recorded under another code than `o`",
            sorted({code for code, _ in _events(body)}),
            session=session.name,
        )


@checks("streaming-17", "streaming-18")
def characters(view: View, out: Findings) -> None:
    """Whole characters stay whole, and what is none becomes U+FFFD, with all around it as it is."""
    for session, body in _sound(view):
        shown, recorded = screen_text(session.shown_pieces), recorded_output(body)
        if REPLACEMENT in shown:
            out.expect(
                "streaming-18",
                REPLACEMENT in recorded and _around(shown) == _around(recorded),
                "output that is not UTF-8 was not recorded as U+FFFD, or what is around it changed",
                f"shown: {shown[:120]!r}",
                f"recorded: {recorded[:120]!r}",
                session=session.name,
            )
        elif not shown.isascii():
            out.expect(
                "streaming-17",
                REPLACEMENT not in recorded,
                "a character that came whole to the user was recorded in pieces",
                f"recorded: {recorded[-120:]!r}",
                session=session.name,
            )


def _around(text: str) -> str:
    return text.replace(REPLACEMENT, "")


@checks("streaming-19")
def to_the_last(view: View, out: Findings) -> None:
    """The end of the output is neither lost to the user nor to the recording.

    Only where the last text that the scenario calls for is missing alone: what is missing before it
    is no matter of the end.
    """
    for session in view.sessions.values():
        expect, upload = session.expect, session.upload
        if expect is None or len(expect.shows) < 2 or upload is None or not upload.body_ended:
            continue
        if session.hung_up or session.gave_up or view.let_down(session):
            continue
        if session.exit is None or session.exit.status != expect.exit:
            continue
        *before, last = expect.shows
        if not session.plan.pty and last in screen_text(_of_stderr(session)):
            continue  # whether that is recorded is streaming-3's
        shown, recorded = screen_text(session.shown_pieces), recorded_output(upload.body)
        if all(text in shown and text in recorded for text in before):
            out.expect(
                "streaming-19",
                last in shown and last in recorded,
                "the last of the output was lost",
                f"it is {last!r}; shown: {last in shown}, recorded: {last in recorded}",
                session=session.name,
            )


def _of_stderr(session: SessionView) -> list[tuple[bytes, str]]:
    return [piece for piece in session.shown_pieces if piece[1] == "stderr"]


@checks("streaming-15")
def own_recordings(view: View, out: Findings) -> None:
    """Sessions of one connection do not write into each other's recordings."""
    by_connection: dict[str, list[SessionView]] = {}
    for session in view.sessions.values():
        if session.opened is not None and _streams(session):
            by_connection.setdefault(session.opened.connection, []).append(session)
    for sessions in by_connection.values():
        for session in sessions if len(sessions) > 1 else ():
            others = [other for other in sessions if other is not session]
            mixed = [other.name for other in others if _holds_output_of(session, other)]
            out.expect(
                "streaming-15",
                session.upload is not None and not mixed,
                "a session has no recording of its own, or others are in it",
                f"in it: {mixed}",
                session=session.name,
            )


def _streams(session: SessionView) -> bool:
    if session.server is None:
        return session.upload is not None
    return any(
        isinstance(e.what, Entered) and e.what.state is State.STREAMING for e in session.reports
    )


def _holds_output_of(session: SessionView, other: SessionView) -> bool:
    """Tell whether a session's recording holds what another one's user saw, and its own did not."""
    if session.upload is None or other.expect is None:
        return False
    recorded, shown = recorded_output(session.upload.body), screen_text(session.shown_pieces)
    seen = screen_text(other.shown_pieces)
    return any(
        text in recorded and text in seen and text not in shown
        for text in other.expect.shows
        if len(text) >= _LEAST
    )


@checks("streaming-16")
def transfers(view: View, out: Findings) -> None:
    """Files that are fetched are recorded nowhere."""
    for session in view.sessions.values():
        if session.plan.run != "sftp":
            continue
        if session.server is None and len(view.sessions) > 1:
            out.unseen("streaming-16", "nothing tells whose a recording is", session=session.name)
            continue
        alone = len(view.sessions) == 1
        uploads = [upload.recorder for upload in view.uploads if upload.taken] if alone else []
        out.expect(
            "streaming-16",
            not uploads and session.upload is None and State.STREAMING not in session.path,
            "a transfer of files by sftp was recorded",
            uploads,
            " -> ".join(session.path),
            session=session.name,
        )


@checks("privacy-3")
def keystrokes(view: View, out: Findings) -> None:
    """What was typed stands in no recording, under whatever code, unless it was shown."""
    digests: dict[str, set[str]] = {}
    for event in view.of("user"):
        if isinstance(event.what, Typed):
            digests.setdefault(event.what.session, set()).add(event.what.digest)
    for session in view.sessions.values():
        typed = digests.get(session.name, set())
        if session.upload is None or not typed:
            continue
        shown = screen_text(session.shown_pieces)
        found = [
            code
            for code, data in _events(session.upload.body)
            if code == "i" or (data not in shown and _digest(data) in typed)
        ]
        out.expect(
            "privacy-3",
            not found,
            "what the user typed was recorded",
            f"as events {sorted(set(found))}",
            session=session.name,
        )


def _digest(keys: str) -> str:
    return f"sha256:{hashlib.sha256(keys.encode(errors='surrogatepass')).hexdigest()}"
