"""Recorded before shown: the order of what left for the recorder and what reached the user.

Both are read by one thread (the relay sits beside the user), so their order is real, down to how
exactly that thread can tell it: a busy kernel may deliver two packets that left one after the other
some milliseconds apart, and the thread itself may be late. What is nearer together than that is in
doubt, and the observation is taken again; it is never taken for success, nor for a broken promise.

A client that is a process of its own shows output later than it arrived. What had still not been
handed over by then broke the promise all the more; that everything came in time cannot be told.
"""

from __future__ import annotations

from bisect import bisect_left

from conformance.checking import Findings, checks
from conformance.history import Handed, Late, Played, RelayPaused, RelayResumed, Shown
from conformance.output import Recorded, Screen, recorded_output, screen_text
from conformance.sessions import SessionView, View

RESOLUTION = 200_000_000
"""Nanoseconds of our own lateness from which on nothing can be said."""
NEAR = 50_000_000
"""Nanoseconds between what was read late and the note that it was."""
IN_DOUBT = 100_000_000
"""Output that is handed over less than this after it was shown, in nanoseconds, is in doubt."""


@checks("failure-3")
def handed_first(view: View, out: Findings) -> None:
    """Under enforcement, hold each byte shown against what had been handed over by then."""
    # In virtual time nothing is under way unseen: there is no kernel between two parts.
    exact = any(isinstance(e.what, Played) and e.what.world == "sim" for e in view.history)
    for session in view.sessions.values():
        if not session.terminate_message or session.upload is None or session.plan.run == "sftp":
            continue
        walk = walked(view, session)
        if (walk.waiting or walk.worst) and _stderr_unrecorded(session):
            walk = walked(view, session, frozenset({"stdout"}))
        _judge(walk, session, _read_late(view, session), out, exact=exact)


def _read_late(view: View, session: SessionView) -> int:
    """Return how late we were when we read what this user saw, at the worst, in nanoseconds.

    What came while the thread that reads stood still was read at once, whoever sent it first.
    """
    shown = sorted(event.at for event in session.shown)
    worst = 0
    for event in view.of("user"):
        if isinstance(event.what, Late) and event.what.loop == "wire":
            first = bisect_left(shown, event.at - event.what.by - NEAR)
            if first < len(shown) and shown[first] <= event.at + NEAR:
                worst = max(worst, event.what.by)
    return worst


def _stderr_unrecorded(session: SessionView) -> bool:
    """Tell whether standard error beside a pipe is no part of the recording: streaming-3's (D5)."""
    assert session.upload is not None
    opened = session.opened
    if opened is None or opened.pty or not session.shown_bytes("stderr"):
        return False
    stdout = [piece for piece in session.shown_pieces if piece[1] == "stdout"]
    return recorded_output(session.upload.body) == screen_text(stdout)


def _judge(walk: Walk, session: SessionView, late: int, out: Findings, *, exact: bool) -> None:
    """Say what the walk showed."""
    name = session.name
    worst = walk.worst
    never = walk.waiting[0] if walk.waiting else None
    if not exact and _was_under_way(walk, session):
        out.void(
            "failure-3",
            "output was shown while the recorder broke the connection off: what had left by then"
            " may have been lost on the way",
            f"shown: {walk.waiting[0].text!r}",
            session=name,
        )
    elif never is not None or (worst is not None and worst.gap >= IN_DOUBT):
        found = never or worst
        assert found is not None
        out.broken(
            "failure-3",
            "output was shown that had not been handed to the recording stream",
            f"shown: {found.text!r}",
            f"handed over by then ended with: {found.before!r}",
            "it never was" if never else f"it was {found.gap / 1e6:.0f} ms later",
            session=name,
        )
    elif worst is not None:
        out.void(
            "failure-3",
            f"output seems to have been handed over {worst.gap / 1e6:.1f} ms after it was shown,"
            " which is nearer together than the order can be told",
            f"shown: {worst.text!r}",
            session=name,
        )
    elif session.program:
        why = f"output is seen later than it reached {session.program}: it may have come too early"
        out.unseen("failure-3", why, session=name)
    elif late >= RESOLUTION:
        why = f"we read {late / 1e6:.0f} ms late, and could not have told the order"
        out.void("failure-3", why, session=name)
    else:
        out.held("failure-3")


def _was_under_way(walk: Walk, session: SessionView) -> bool:
    """Tell whether all that was never handed over was shown just when the connection broke.

    What a server gives to its kernel before it hears of a reset is handed over as far as it can
    know, and no relay ever reads it. Nothing of that kind comes after the terminate message.
    """
    assert session.upload is not None
    broken, worst = session.upload.broken_at, walk.worst
    # Behind the end of the body nothing is under way any more.
    if (
        broken is None
        or session.upload.body_ended
        or not walk.waiting
        or (worst is not None and worst.gap >= IN_DOUBT)
    ):
        return False
    return all(
        ahead.at and not ahead.after_message and abs(ahead.at - broken) < IN_DOUBT
        for ahead in walk.waiting
    )


class Ahead:
    """A piece that was shown before it was handed over."""

    def __init__(self, text: str, before: str, at: int, needs: int) -> None:
        self.text = text
        self.before = before
        self.at = at
        self.needs = needs
        """Characters that must have been handed over for it to be covered."""
        self.gap = 0
        self.after_message = False
        """Whether the failure message had been shown before it."""


class Walk:
    """Follows one session's events in the order of their observer."""

    def __init__(self, message: bytes, shown: dict[str, bytes]) -> None:
        self._recorded = Recorded()
        self._screen = Screen()
        self._handed = 0
        self._tail = ""
        self._shown = 0
        self.paused = False
        """Whether the relay reads nothing of this recording at the moment."""
        self._message_shown = False
        # On which stream it belongs is failure-2's.
        self._message_from = {
            name: len(data) - len(message) for name, data in shown.items() if data.endswith(message)
        }
        self._seen = dict.fromkeys(shown, 0)
        self.waiting: list[Ahead] = []
        """Shown, and not handed over so far."""
        self.worst: Ahead | None = None
        """Of what was handed over too late, the latest."""

    def hand(self, data: bytes, at: int) -> None:
        """Bytes of the recording left for the recorder."""
        text = self._recorded.feed(data)
        self._handed += len(text)
        self._tail = (self._tail + text)[-80:]
        while self.waiting and self.waiting[0].needs <= self._handed:
            ahead = self.waiting.pop(0)
            ahead.gap = at - ahead.at
            if ahead.at and (self.worst is None or ahead.gap > self.worst.gap):
                self.worst = ahead

    def show(self, data: bytes, stream: str, at: int) -> None:
        """The user was shown something."""
        text = self._screen.feed(self._without_message(data, stream), stream)
        self._shown += len(text)
        if text and self._shown > self._handed:
            ahead = Ahead(text, self._tail, at, self._shown)
            ahead.after_message = self._message_shown
            if self.paused:
                ahead.at = 0  # the order is not known; whether it comes at all is
            self.waiting.append(ahead)

    def _without_message(self, data: bytes, stream: str) -> bytes:
        """Leave out the failure message, which is the server's own."""
        if stream not in self._message_from:
            return data
        room = max(0, self._message_from[stream] - self._seen[stream])
        self._seen[stream] += len(data)
        if data[room:]:
            self._message_shown = True
        return data[:room]


_BOTH = frozenset({"stdout", "stderr"})


def walked(view: View, session: SessionView, streams: frozenset[str] = _BOTH) -> Walk:
    """Walk one session that has an upload, from its first event to its last.

    `streams` are those of the command's that count.
    """
    upload = session.upload
    assert upload is not None
    walk = Walk(session.termination, {name: session.shown_bytes(name) for name in _BOTH})
    for event in view.of("user"):
        match event.what:
            case Handed(connection=upload.connection, stream=upload.stream, data=data):
                walk.hand(data, event.at)
            case Shown(session=session.name, stream=stream, data=data) if stream in streams:
                walk.show(data, stream, event.at)
            case RelayPaused(connection=upload.connection):
                walk.paused = True
            case RelayResumed(connection=upload.connection):
                walk.paused = False
            case _:
                pass
    return walk
