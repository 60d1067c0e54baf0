"""Recordings: complete, as sent, each its own, and where they belong (sections 6 and 7, D10)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checking import Findings, checks
from conformance.history import Stored
from conformance.machine import State
from conformance.output import recorded_output, screen_text
from conformance.sessions import NOBODY_EXPECTS, ONE_STREAM, SessionView, View
from conformance.uploads import Upload, header_line

_PATH = re.compile(r"[^/]+/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\.cast")


def _shown_output(session: SessionView, stream: str = "") -> str:
    """Return what the user saw of the command: all that was shown but the failure message."""
    pieces = [piece for piece in session.shown_pieces if stream in ("", piece[1])]
    if session.saw_termination:
        surplus = len(session.termination)
        for index in range(len(pieces) - 1, -1, -1):
            data, name = pieces[index]
            if name == "stderr" and surplus:
                keep = max(0, len(data) - surplus)
                surplus -= len(data) - keep
                pieces[index] = (data[:keep], name)
    return screen_text(pieces)


def _stored(view: View, upload: Upload) -> list[Stored]:
    """Return the stored recordings that begin with the upload's header line."""
    header = header_line(upload.body)
    if not header.endswith(b"\n"):
        return []
    return [stored for stored in view.stored if stored.data.startswith(header)]


def _uploads(view: View) -> Iterator[tuple[SessionView, Upload]]:
    for session in view.sessions.values():
        if session.upload is not None:
            yield session, session.upload


@checks("streaming-1", "streaming-2", "streaming-3")
def output(view: View, out: Findings) -> None:
    """Hold what was handed over against what was shown."""
    for session, upload in _uploads(view):
        if session.plan.run == "sftp":
            continue  # it is streaming-16's that there is a recording of it at all
        recorded = recorded_output(upload.body)
        shown = _shown_output(session)
        if session.path_unknown:
            for clause in ("streaming-1", "streaming-2"):
                out.unseen(clause, session.path_unknown, session=session.name)
            continue
        normal = State.STREAMING in session.path and State.CONNECTION_LOST not in session.path
        if _interleaved(session):
            whole = normal and not session.hung_up and not session.gave_up
            _stream_by_stream(session, recorded if whole else None, out)
            continue
        if normal and not session.hung_up and not session.gave_up:
            _complete(session, recorded, shown, out)
        elif State.CONNECTION_LOST in session.path or session.hung_up:
            short, long = sorted((recorded, shown), key=len)
            out.expect(
                "streaming-2",
                long.startswith(short),
                "what was recorded is not what was shown, as far as both go",
                f"recorded: {recorded[-120:]!r}",
                f"shown: {shown[-120:]!r}",
                session=session.name,
            )


def _interleaved(session: SessionView) -> bool:
    """Tell whether a client that is a process showed the command's output on two streams."""
    streams = ("stdout", "stderr")
    return bool(session.program) and all(_shown_output(session, name) for name in streams)


def _stream_by_stream(session: SessionView, recorded: str | None, out: Findings) -> None:
    """Each stream by itself must be in a recording that is whole; more cannot be told."""
    stdout = _shown_output(session, "stdout")
    if recorded is not None and not _contains(recorded, stdout):
        message = "output that the user saw is not in the recording, in order"
        evidence = _difference(recorded, stdout)
        out.broken("streaming-1", message, *evidence, session=session.name)
    for clause in ("streaming-1", "streaming-2", "streaming-3"):
        out.unseen(clause, ONE_STREAM, session=session.name)


def _complete(session: SessionView, recorded: str, shown: str, out: Findings) -> None:
    if recorded != shown and not session.plan.pty and session.plan.run == "exec":
        stdout = _shown_output(session, "stdout")
        if recorded == stdout:
            out.broken("streaming-3", "standard error was not recorded", session=session.name)
            shown = stdout
    elif session.shown_bytes("stderr"):
        out.held("streaming-3")
    evidence = _difference(recorded, shown)
    out.expect(
        "streaming-1",
        recorded.startswith(shown) or _contains(recorded, shown),
        "output that the user saw is not in the recording, in order",
        *evidence,
        session=session.name,
    )
    out.expect(
        "streaming-2",
        shown.startswith(recorded) or _contains(shown, recorded),
        "the recording holds output that the command did not write, or in another order",
        *evidence,
        session=session.name,
    )


def _contains(whole: str, part: str) -> bool:
    """Tell whether `part` is a subsequence of `whole`: nothing of it is missing, in order."""
    if len(whole) < len(part):
        return False
    position = 0
    for character in part:
        position = whole.find(character, position) + 1
        if not position:
            return False
    return True


def _difference(recorded: str, shown: str) -> tuple[str, ...]:
    at = next(
        (i for i, (a, b) in enumerate(zip(recorded, shown, strict=False)) if a != b),
        min(len(recorded), len(shown)),
    )
    start = max(0, at - 20)
    return (
        f"they differ from character {at} on",
        f"recorded: {recorded[start : at + 80]!r}",
        f"shown: {shown[start : at + 80]!r}",
    )


@checks("storage-1", "storage-2", "storage-3", "storage-4")
def storage(view: View, out: Findings) -> None:
    """Hold what lies in storage against what was handed over."""
    for session, upload in _uploads(view):
        ours = {node.name for node in view.scenario.recorders if node.script is None}
        if upload.recorder not in ours or upload.empty:
            continue  # nobody looked into its storage, or nothing was sent there
        found = _stored(view, upload)
        acknowledged = upload.clean and not upload.said_failure
        if acknowledged:
            out.expect(
                "storage-2",
                any(stored.data.endswith(upload.body[-1:]) for stored in found)
                and any(len(stored.data) >= len(upload.body) for stored in found),
                "the recorder said success, and the recording is not there to its last byte",
                f"sent {len(upload.body)} bytes; stored: {[len(s.data) for s in found]}",
                session=session.name,
            )
        for stored in found:
            _as_sent(view, session, upload, stored, out)
        if len(found) > 1:
            out.broken(
                "storage-3",
                "one upload left several recordings",
                [stored.path for stored in found],
                session=session.name,
            )


def _as_sent(
    view: View, session: SessionView, upload: Upload, stored: Stored, out: Findings
) -> None:
    foreign = _foreign_lines(view, upload, stored)
    out.expect(
        "storage-3",
        not foreign,
        "a recording holds lines of another",
        *foreign[:3],
        session=session.name,
    )
    prefix = upload.body.startswith(stored.data)
    at = next(
        (i for i, (a, b) in enumerate(zip(stored.data, upload.body, strict=False)) if a != b),
        min(len(stored.data), len(upload.body)),
    )
    out.expect(
        "storage-1",
        prefix,
        f"what is stored is not what was sent, from byte {at} on",
        f"stored: {stored.data[at : at + 100]!r}",
        f"sent: {upload.body[at : at + 100]!r}",
        stored.path,
        session=session.name,
    )
    out.expect(
        "storage-4",
        bool(_PATH.fullmatch(stored.path)),
        "a recording does not lie at NodeID/timestamp.cast",
        stored.path,
        session=session.name,
    )


def _foreign_lines(view: View, upload: Upload, stored: Stored) -> list[bytes]:
    """Return stored lines that this upload never sent and another one did."""
    own = set(upload.body.splitlines())
    others = {line for u in view.uploads if u is not upload for line in u.body.splitlines()}
    return [line for line in stored.data.splitlines() if line not in own and line in others]


@checks("storage-2", "streaming-1")
def as_expected(view: View, out: Findings) -> None:
    """Hold where recordings ended up against what the scenario calls for."""
    for session in view.sessions.values():
        expected = session.expect
        upload = session.upload
        if expected is None:
            out.unseen("storage-2", NOBODY_EXPECTS, session=session.name)
            continue
        if expected.recording == "none" or view.let_down(session):
            continue
        if upload is not None and upload.empty:
            continue  # whoever stores nothing had nothing to store: file-8
        held = _stored(view, upload) if upload is not None else []
        # A recorder that was killed may have had nothing of it yet: it owes what it acked (D9).
        owed = expected.recording == "complete" or not view.faulted(expected.recorded_by)
        if upload is None or upload.recorder != expected.recorded_by or (owed and not held):
            out.broken(
                "storage-2",
                f"the session should be recorded by {expected.recorded_by}",
                f"recording went to: {upload.recorder if upload else 'nobody'}, stored:"
                f" {len(held)}",
                session=session.name,
            )
        elif expected.recording == "complete":
            out.expect(
                "streaming-1",
                upload.body_ended,
                "the recording should be complete, and its body was never ended",
                session=session.name,
            )


@checks("storage-5")
def taken_to_the_end(view: View, out: Findings) -> None:
    """A recorder that nothing disturbs does not break off by itself; silence is acks-1's."""
    for session, upload in _uploads(view):
        if view.faulted(upload.recorder) or upload.opened_at is None:
            continue
        why = view.let_down(session)
        out.expect(
            "storage-5",
            not why or "ack window" in why,
            why,
            upload.recorder,
            session=session.name,
        )
