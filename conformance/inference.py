"""What can be told of a session's path when the server itself reports nothing.

**Theory of operation.** The table has few paths from start to end. Each of them that does not fit
what was seen is crossed out; what is left are the paths that the session may have taken. One left
is an answer; several are 'cannot tell', with the reason. What is seen is not all worth the same:

1. What the relay saw of the session's upload: whether it was taken, and whether it ended well.
2. What the user saw: the message of a failure action, output of the command, an exit status.
3. Three more, of equal weight: which notices came, whether a recorder was dialled, and whether
   the action wants a recording at all. A server that does the wrong thing makes them disagree: one
   that fits no path that is left is set aside; where they leave different paths, all of those are
   possible.

The messages of the action never decide alone: a server that does the wrong thing may look, from
outside, just like one that does the right thing. They only add what the others crossed out, and so
does a notice that contradicts what the user saw.
Nothing is inferred from the order of events of different observers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile

import msgspec

from conformance.answer_stream import read
from conformance.history import Dialled, Gap, NoticeReceived, Unreadable
from conformance.machine import State, whole_paths
from conformance.output import recorded_output, screen_text
from conformance.sessions import Inferred, Possible, SessionView, View
from conformance.uploads import Upload, header_of
from conformance.wire import REJECTED_EXIT_STATUS

S = State

_CHOOSING = (S.CONNECTING, S.CHECK_POLICY, S.FIND_RECORDER, S.TRY_PRIMARY, S.TRY_FAILOVER)

_MARGIN = 0.2
"""Part of a timer by which a measured time must miss it before it is taken for sure."""

_NOTICED = {
    S.SESSION_REJECTED: 1,
    S.SESSION_TERMINATED: 2,
    S.SESSION_ALLOWED: 3,
    S.CONTINUE_UNRECORDED: 3,
}
"""The state that a failed recording leads to, and the type of the notice that is due then."""

Fits = Callable[[Possible], bool]


def infer(view: View) -> None:
    """Infer the path of each session about which the server reports nothing."""
    for session in view.sessions.values():
        if session.server is None:
            session.inferred = infer_one(view, session)


def infer_one(view: View, session: SessionView) -> Inferred:
    """Return the paths that explain what was seen of one session from outside."""
    if session.opened is None:
        return Inferred(paths=(), why="the session was never opened")
    if session.refused:
        return Inferred(paths=(), why="the policy refuses the connection")
    facts = _Facts(view, session)
    if facts.illegal:
        return Inferred(paths=(), illegal=facts.illegal)
    possible = tuple(filter(facts.fits_network, _possible(session)))
    seen = tuple(filter(facts.fits_user, possible)) or possible
    left = _weigh(seen, (facts.fits_notices, facts.fits_dials, facts.fits_need))
    more = set(filter(facts.fits_messages, seen))
    more = set() if more & set(left) else more
    if not any(map(facts.fits_notices, seen)):
        more |= set(filter(facts.fits_notices, possible))
    left = tuple(path for path in possible if path in left or path in more)
    return Inferred(paths=left, why="" if len(left) == 1 else _why(left, session))


def notice_due(path: Sequence[State]) -> int:
    """Return the type of the notice that a path calls for when notices are wanted; 0: none."""
    return next((_NOTICED[state] for state in path if state in _NOTICED), 0)


def connection_of(session: SessionView) -> str:
    """Return the connection ID under which notices of this session come, or nothing."""
    if session.server is not None:
        return session.server.connection_id
    header = header_of(session.upload) if session.upload is not None else None
    return header.connection_id if header is not None else ""


def _possible(session: SessionView) -> tuple[Possible, ...]:
    """Return all paths that there are; those that end early only where something cut it short."""
    whole = whole_paths()
    found = [Possible(path) for path in whole]
    if session.hung_up:
        cut = dict.fromkeys(path[:n] for path in whole for n in range(1, len(path)))
        found += [Possible(path, aborted=True) for path in cut if path[-1] in _CHOOSING]
    elif not session.closed and session.exit is None:
        cut = dict.fromkeys(path[:n] for path in whole for n in range(1, len(path)))
        found += [Possible(path) for path in cut]
    return tuple(found)


def _weigh(paths: tuple[Possible, ...], clues: Iterable[Fits]) -> tuple[Possible, ...]:
    """Cross out by clues of equal weight; where they disagree, keep what any of them leaves."""
    left = [kept for clue in clues if (kept := tuple(filter(clue, paths)))]
    agreed = tuple(path for path in paths if all(path in kept for kept in left))
    return agreed or tuple(path for path in paths if any(path in kept for kept in left))


class _Facts:
    """What was seen of one session from outside, and which paths fit it."""

    def __init__(self, view: View, session: SessionView) -> None:
        self._view = view
        self._session = session
        self._alone = len(view.sessions) == 1
        mine = [upload for upload in _mine(view, session) if upload.taken]
        self._upload = mine[0] if mine else None
        self.illegal = _several(mine)
        blind = any(isinstance(event.what, Unreadable | Gap) for event in view.of("network"))
        self._taken = self._was_taken(blind)
        self._lost = None if blind or self._upload is None else _lost(self._upload, view)
        self._failed_over = None if blind else self._was_failed_over()
        self._types = _notice_types(view, session)

    def _was_taken(self, blind: bool) -> bool | None:
        """Tell whether a recorder took the recording; None when that cannot be told."""
        if self._upload is not None:
            return True
        strays = [
            upload
            for upload in self._view.uploads
            if upload.opened_at is not None
            and not (
                upload.taken
                and any(
                    upload is session.upload or upload in session.further
                    for session in self._view.sessions.values()
                )
            )
        ]
        return None if blind or strays else False

    def _was_failed_over(self) -> bool | None:
        """Tell whether another recorder was tried before the one that took the recording.

        A refused dial leaves nothing to be seen, so a list that should have been tried from its
        beginning is no proof.
        """
        upload = self._upload
        if upload is None:
            return None
        dials = [e.what for e in self._view.dialled if isinstance(e.what, Dialled)]
        before = takewhile(lambda dial: dial.connection != upload.connection, dials)
        if any(dial.recorder != upload.recorder for dial in before):
            return True if self._alone else None
        listed = (self._session.action.recorders or ()) if self._session.action else ()
        names = [self._view.addresses.get(address, address) for address in listed]
        first = names[:1] == [upload.recorder] and names.count(upload.recorder) == 1
        return False if first else None

    def fits_network(self, possible: Possible) -> bool:
        """Hold a path against what became of the upload."""
        path = possible.path
        streamed = S.STREAMING in path
        if self._taken is not None and streamed != self._taken:
            return False
        if not streamed:
            return True
        if self._failed_over is not None and (S.TRY_FAILOVER in path) != self._failed_over:
            return False
        still = path[-1] is S.STREAMING
        return still or self._lost is None or (S.CONNECTION_LOST in path) == self._lost

    def fits_user(self, possible: Possible) -> bool:
        """Hold a path against what the user saw."""
        session, path = self._session, possible.path
        shown = session.shown_bytes()
        if session.saw_termination:
            return S.SESSION_TERMINATED in path
        if session.reject_message and shown == session.rejection:
            return S.SESSION_REJECTED in path
        if S.SESSION_REJECTED in path:
            return self._may_be_refused(shown)
        if S.SESSION_TERMINATED in path:
            return not self._more_than_recorded()
        return not (possible.aborted and shown)

    def _may_be_refused(self, shown: bytes) -> bool:
        """Tell whether nothing that was seen can only have come from a command."""
        rest = shown
        for message in (self._session.reject_message, self._session.terminate_message):
            rest = rest.replace(message.encode(), b"") if message else rest
        status = self._session.exit.status if self._session.exit else None
        if rest.strip():  # another text than the action's; that status says what it is
            return status == REJECTED_EXIT_STATUS
        return status != 0 or bool(shown)

    def _more_than_recorded(self) -> bool:
        """Tell whether the user saw output on stdout that cannot be in the recording."""
        if self._upload is None:
            return False
        pieces = [piece for piece in self._session.shown_pieces if piece[1] == "stdout"]
        return len(screen_text(pieces)) > len(recorded_output(self._upload.body))

    def fits_notices(self, possible: Possible) -> bool:
        """Hold a path against the notices that came; one that did not come may be late."""
        session, types, due = self._session, self._types, notice_due(possible.path)
        if not types or due in types:
            return True
        if possible.unfinished:
            return not due
        others = [o.opened for o in self._view.sessions.values() if o.opened and o is not session]
        shared = any(
            session.opened is not None and other.connection == session.opened.connection
            for other in others
        )
        return not due and shared

    def fits_dials(self, possible: Possible) -> bool:
        """A recorder that was dialled was tried."""
        return not (self._alone and self._view.dialled) or S.TRY_PRIMARY in possible.path

    def fits_need(self, possible: Possible) -> bool:
        """Without an action that wants a recording, nothing is looked for."""
        action = self._session.action
        if action is None or (action.recording_required and self._session.plan.run != "sftp"):
            return True
        return S.FIND_RECORDER not in possible.path

    def fits_messages(self, possible: Possible) -> bool:
        """Hold a path against what the action calls for when recording fails."""
        session, path = self._session, possible.path
        if session.action is None:
            return True
        called_for = {
            S.NO_RECORDING: not session.action.recording_required or session.plan.run == "sftp",
            S.SESSION_REJECTED: bool(session.reject_message),
            S.SESSION_ALLOWED: not session.reject_message,
            S.SESSION_TERMINATED: bool(session.terminate_message),
            S.CONTINUE_UNRECORDED: not session.terminate_message,
        }
        return all(called_for.get(state, True) for state in path)


def _mine(view: View, session: SessionView) -> list[Upload]:
    """Return the uploads that can only be this session's."""
    if len(view.sessions) == 1:
        return view.uploads
    return [upload for upload in (session.upload, *session.further) if upload is not None]


def _several(taken: list[Upload]) -> str:
    """Say what is illegal in several recordings of one session, or nothing."""
    if len(taken) < 2:
        return ""
    names = ", then ".join(upload.recorder for upload in taken)
    return (
        f"the recording was started {len(taken)} times (by {names}), and no arrow leads from"
        f" {S.STREAMING} back to {S.CONNECTED}"
    )


def _lost(upload: Upload, view: View) -> bool | None:
    """Tell whether the recording was lost, by what passed; None when that cannot be told."""
    if _succeeded(upload):
        timers = view.timers
        waits = [(gap, timers.ack_window) for gap in upload.gaps() if upload.http == "2"]
        waits.append((upload.final_wait, timers.final))
        if all(wait < limit * (1 - _MARGIN) for wait, limit in waits):
            return False
        return True if any(wait > limit * (1 + _MARGIN) for wait, limit in waits) else None
    # A 200 that crossed with the body's end, or on whose text a v1 client has hung up.
    crossed = upload.body_ended and upload.final_status == 200
    crossed = crossed and (upload.answer_ended_first or upload.http != "2")
    over = upload.gone_at is not None or upload.answer_ended_at is not None
    return True if over and not crossed else None


def _succeeded(upload: Upload) -> bool:
    """Tell whether the client was told that all of it arrived."""
    if not upload.clean or upload.answer_ended_first:
        return False
    return upload.http != "2" or _all_acks(upload)


def _all_acks(upload: Upload) -> bool:
    """Tell whether a v2 answer holds ack frames only."""
    answer = read(upload.answers, upload.coding)
    return answer.error is None and answer.junk is None and not answer.rest


class _Notice(msgspec.Struct):
    type: int = msgspec.field(name="EventType")
    connection_id: str = msgspec.field(name="ConnectionID", default="")


def _notice_types(view: View, session: SessionView) -> frozenset[int] | None:
    """Return the types of the notices of the session's connection; None when they are not seen."""
    if "control" in view.struck or not any(view.of("control")):
        return None
    read = [_read(notice) for notice in view.notices]
    connection = connection_of(session)
    if connection:
        return frozenset(n.type for n in read if n is not None and n.connection_id == connection)
    connections = {other.opened.connection for other in view.sessions.values() if other.opened}
    if len(connections) > 1 and read:
        return None
    return frozenset(notice.type for notice in read if notice is not None)


def _read(notice: NoticeReceived) -> _Notice | None:
    try:
        return msgspec.json.decode(notice.body, type=_Notice)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


_LOOK_ALIKE: tuple[tuple[State, str], ...] = (
    (S.NO_RECORDING, "nothing shows whether a recorder was looked for"),
    (S.TRY_FAILOVER, "a recorder that refuses leaves no trace of having been tried"),
    (S.CONNECTED, "nothing shows whether a recorder took the recording"),
    (S.CONNECTION_LOST, "the end of the upload was not seen"),
    (S.SESSION_REJECTED, "the user saw neither a message nor output of the command"),
    (S.SESSION_TERMINATED, "the user saw the same, and no notice says which"),
)
"""States that some candidates have and others do not, with why nothing tells them apart."""


def _why(paths: tuple[Possible, ...], session: SessionView) -> str:
    """Say why there is not exactly one path, and between which the choice is."""
    reasons = [
        why for state, why in _LOOK_ALIKE if 0 < sum(state in p.path for p in paths) < len(paths)
    ]
    if session.hung_up:
        reasons.insert(0, "the user left, and what the server did then cannot be seen")
    elif not session.closed:
        reasons.insert(0, "the session was not seen to end")
    candidates = "; ".join(str(path) for path in paths)
    return f"cannot tell the path from outside ({', '.join(reasons)}): {candidates}"
