"""When a recording counts as lost, and when it does not: held against what passed on the wire.

What passed is the relay's to say, when the client took it for a loss is the server's report; both
count one clock, and less than `PROMPT` between two of them says nothing of their order.
"""

from __future__ import annotations

import msgspec

from conformance.answer_stream import Answer, read, words
from conformance.checkers.sending import PROMPT
from conformance.checking import Findings, checks
from conformance.contacts import OK, Connection, Contact, network
from conformance.history import Entered, GaveUp
from conformance.lateness import measured
from conformance.machine import State
from conformance.sessions import SessionView, View
from conformance.uploads import Upload
from conformance.wire import SECOND, Timers

GRACE = SECOND
"""Nanoseconds that a timer may be late before it counts as broken."""
LONGEST_FRAME = 1 << 20
"""Characters of one frame from which on a client that reads on is taken to know no bound."""
LARGE = 1 << 15
"""Characters of one frame that no recorder needs."""
_TRAITS = (("bare", "acks-8"), ("extra", "acks-9"), ("joined", "acks-12"), ("cut", "acks-12"))
_HURRIED = "the timers were sped up"


class _Case:
    """One session with its recording, and all that is known of the way it went."""

    def __init__(
        self, view: View, session: SessionView, upload: Upload, passed: tuple[Connection, Contact]
    ) -> None:
        self.view = view
        self.session = session
        self.upload = upload
        self.connection, self.contact = passed
        self.v2 = upload.http == "2"
        final = self.contact.final
        self.coding = final[1].coding if final is not None else ""
        self.answer = read(upload.answers, self.coding) if self.v2 else Answer(pieces=(), rest="")
        self.lost_at = session.state_at(State.CONNECTION_LOST)
        self.closed_at = upload.body_ended_at
        """When the client ended the body."""

    @property
    def why(self) -> str:
        """Why the recording counts as lost, by the server's report."""
        for event in self.session.reports:
            if isinstance(event.what, Entered) and event.what.state is State.CONNECTION_LOST:
                return event.what.why
        return ""

    def lost_by(self, at: int) -> bool:
        """Tell whether it counted as lost by then, or little later."""
        return self.lost_at is not None and self.lost_at <= at + PROMPT

    def lost_by_silence(self, at: int) -> bool:
        """Tell whether it was the ack window that ended it, well after what happened `at`."""
        if not self.v2 or self.lost_at is None or self.lost_by(at):
            return False
        heard = [e.at for e in self.upload.answers if e.at <= self.lost_at]
        since = max([self.upload.opened_at or 0, *heard])
        return self.lost_at - since >= self.view.timers.ack_window - GRACE

    @property
    def given_up_at(self) -> int | None:
        """When the user had waited for long enough."""
        for event in self.view.of("user"):
            if isinstance(event.what, GaveUp) and event.what.session == self.session.name:
                return event.at
        return None

    def expect(self, clause: str, holds: bool, message: str, out: Findings, *more: object) -> None:
        """Say whether a clause holds, with the loss as evidence."""
        since = "never" if self.lost_at is None else f"because {self.why!r}"
        out.expect(
            clause,
            holds,
            message,
            f"it counts as lost: {since}",
            self.upload.recorder,
            *more,
            session=self.session.name,
        )


def _cases(view: View) -> list[_Case]:
    """Return the recordings of which both the wire and the server tell."""
    seen = network(view)
    found = []
    for session in view.sessions.values():
        upload = session.upload
        if session.server is None or upload is None or not upload.taken:
            continue
        found.append(_Case(view, session, upload, seen.of(upload)))
    return found


# --- while it streams -----------------------------------------------------------------------------


@checks("streaming-10", "v1-13", "v2-16")
def broken_off(view: View, out: Findings) -> None:
    """A recorder that ends the recording before its client does has lost it."""
    for case in _cases(view):
        found = _broke_off(case)
        if found is None:
            continue
        at, clause, how = found
        closed, left = case.closed_at, case.session.hung_up and not case.session.gave_up
        if left or (closed is not None and closed - at <= PROMPT):
            continue
        end = case.given_up_at or closed
        case.expect(
            clause,
            case.lost_at is not None
            and (end is None or case.lost_at < end)
            and not case.lost_by_silence(at),
            f"the recorder {how}, and the recording did not count as lost while the session ran",
            out,
            f"the session went on for {((end or case.lost_at or at) - at) / SECOND:.1f} s",
        )


def _broke_off(case: _Case) -> tuple[int, str, str] | None:
    """Return when the recorder ended a recording that streamed, the clause, and how."""
    gone = case.connection.ended_at()
    final = case.contact.final
    ways = []
    if case.v2:
        ways.append((case.upload.answer_ended_at, "streaming-10", "ended its answer"))
        ways.append((case.contact.broken_at, "v2-16", "reset the stream"))
        ways.append((gone, "v2-16", "ended the connection"))
    else:
        status = final[1].status if final is not None else 0
        ways.append((final[0] if final is not None else None, "v1-13", f"answered {status}"))
        ways.append((gone, "streaming-10", "ended the connection"))
    happened = [(at, clause, how) for at, clause, how in ways if at is not None]
    first = min(happened, default=None)
    if first is None or (case.closed_at is not None and case.closed_at <= first[0]):
        return None
    return first


@checks("acks-10", "acks-11")
def bad_frames(view: View, out: Findings) -> None:
    """An error frame, and what is no frame at all, is a loss at once."""
    for case in _cases(view):
        error, junk = case.answer.error, case.answer.junk
        if error is not None and not _over_by(case, error.at):
            kept = all(word in case.why for word in words(error.error))
            case.expect(
                "acks-10",
                case.lost_by(error.at) and kept,
                "an error frame came, and is not what the recording counts as lost for",
                out,
                error.error,
            )
        elif junk is not None and not _over_by(case, junk.at):
            case.expect(
                "acks-11",
                case.lost_by(junk.at),
                "the answer holds what is no ack frame, and the recording goes on",
                out,
                junk.junk,
            )
        elif case.answer.rest and case.upload.answer_ended_at is not None:
            case.expect(
                "acks-11",
                case.lost_by(case.upload.answer_ended_at),
                "the answer was cut off within a frame, and counts as whole",
                out,
                case.answer.rest,
            )


def _over_by(case: _Case, at: int) -> bool:
    """Tell whether the client had left, or had lost it for something else, before it could see."""
    left = case.connection.left_at()
    gone = left is not None and left < at
    lost = case.lost_at is not None and case.lost_at < at - GRACE
    return gone or lost or (case.session.hung_up and not case.session.gave_up)


@checks("acks-8", "acks-9", "acks-12", "v2-8", "v2-15")
def sound_answers(view: View, out: Findings) -> None:
    """An answer that is proper, however odd, is no loss."""
    for case in _cases(view):
        if not case.v2:
            continue
        shown = _oddities(case)
        spoiled = _spoiled(case)
        for clause, at in shown.items():
            last = max(shown.values()) == at
            if case.lost_at is None or case.lost_at > at + PROMPT:
                out.held(clause)
            elif last and not spoiled:
                case.expect(clause, False, f"what is proper counts as a loss: {at}", out)


def _oddities(case: _Case) -> dict[str, int]:
    """Return what a client must bear in this answer: the clause, and when it came last."""
    found: dict[str, int] = {}
    until = case.lost_at
    for piece in case.answer.pieces:
        if until is None or piece.at <= until:
            found |= {clause: piece.at for trait, clause in _TRAITS if trait in piece.traits}
    if case.coding and case.answer.pieces and case.coding in case.contact.head.offers:
        found = {"v2-8": case.answer.pieces[-1].at}
    for at, goaway in case.connection.went_away:
        if not goaway.code and goaway.last >= case.contact.head.stream:
            found["v2-15"] = at
    return found


def _spoiled(case: _Case) -> bool:
    """Tell whether there was any reason to count it as lost."""
    lost = case.lost_at
    if lost is None:
        return False
    answer, upload, closed = case.answer, case.upload, case.closed_at
    reasons = [piece.at for piece in (answer.error, answer.junk) if piece is not None]
    # What a client makes of an end, a good one too, is judged by other clauses.
    ends = (upload.answer_ended_at, case.contact.broken_at, case.connection.ended_at())
    reasons += [at for at in ends if at is not None]
    frames = [event.at for event in upload.answers if event.at <= lost]
    heard = max([upload.opened_at or lost, *frames])
    limits = case.view.timers
    silent = lost - heard >= limits.ack_window * 9 // 10
    unanswered = closed is not None and lost - closed >= limits.final * 9 // 10
    return silent or unanswered or any(at <= lost + GRACE for at in reasons)


# --- at the end -----------------------------------------------------------------------------------


@checks("v1-11", "v1-12", "streaming-23", "streaming-11")
def final_answers(view: View, out: Findings) -> None:
    """The answer after the end of the body decides, and is not awaited for ever."""
    for case in _cases(view):
        if case.closed_at is None or case.session.hung_up:
            continue
        if case.lost_at is not None and case.lost_at < case.closed_at:
            continue
        if not case.v2:
            _final_status(case, out)
        _success(case, out)
        _final_wait(case, out)


def _final_status(case: _Case, out: Findings) -> None:
    final, gone = case.contact.final, case.connection.ended_at()
    failed = final is not None and final[1].status != OK
    broke = final is None and gone is not None
    assert case.closed_at is not None
    at = final[0] if final is not None else gone
    if not (failed or broke) or at is None or at < case.closed_at:
        return
    how = f"{final[1].status} was answered" if final is not None else "the connection was ended"
    case.expect(
        "v1-11",
        case.lost_at is not None,
        f"{how} after the end of the body, and the recording does not count as lost",
        out,
    )


def _success(case: _Case, out: Findings) -> None:
    upload, answer = case.upload, case.answer
    whole = not (answer.error or answer.junk or answer.rest)
    waited = upload.final_wait <= case.view.timers.final * 9 // 10
    if upload.clean and not upload.answer_ended_first and whole and waited:
        case.expect(
            "streaming-11",
            case.lost_at is None,
            "a recording that was ended with success counts as lost",
            out,
        )


def _final_wait(case: _Case, out: Findings) -> None:
    """Measure how long an answer was awaited that never came."""
    clause = "streaming-23" if case.v2 else "v1-12"
    final = None if case.v2 else case.contact.final
    answered = (case.upload.answer_ended_at, case.contact.broken_at, case.connection.ended_at())
    if final is not None or any(at is not None for at in answered):
        return
    if case.view.speed != 1:
        out.unseen(clause, _HURRIED, session=case.session.name)
        return
    left = case.connection.left_at()
    end = case.lost_at or left or network(case.view).until
    if end is None or case.closed_at is None:
        return
    measured(
        case.view,
        out,
        clause,
        (case.closed_at, end),
        Timers().final + GRACE,
        f"the final answer was awaited for {(end - case.closed_at) / SECOND:.0f} s",
        session=case.session.name,
    )


@checks("hostile-14")
def endless_frames(view: View, out: Findings) -> None:
    """A frame that does not end is not read for ever."""
    for case in _cases(view):
        long = [piece.at for piece in case.answer.pieces if piece.unfinished > LONGEST_FRAME]
        if long:
            case.expect(
                "hostile-14",
                case.lost_by(long[0]),
                f"more than {LONGEST_FRAME >> 20} MiB of one ack came, and more was read",
                out,
            )
        elif case.lost_at is not None and any(p.unfinished > LARGE for p in case.answer.pieces):
            out.held("hostile-14")


# --- what a recorder says -------------------------------------------------------------------------


@checks("hostile-15")
def words_made_harmless(view: View, out: Findings) -> None:
    """What a recorder says reaches neither notices nor reports with its control characters."""
    for case in _cases(view):
        error = case.answer.error
        if error is None or not any(map(_controls, error.error)):
            continue
        said = [case.why, *(text for notice in view.notices for text in _messages(notice.body))]
        shown = case.session.shown_bytes().decode("utf-8", "replace")
        loose = [text for text in said if any(map(_controls, text))]
        case.expect(
            "hostile-15",
            not loose and error.error not in shown,
            "control characters of a recorder's words were passed on as they are",
            out,
            *loose[:2],
        )


def _controls(character: str) -> bool:
    """Tell whether a terminal obeys a character; the end of a line is one, too."""
    return ord(character) < 32 or 127 <= ord(character) < 160


class _Attempt(msgspec.Struct, rename="pascal"):
    failure_message: str = ""


class _Notice(msgspec.Struct, rename="pascal"):
    recording_attempts: list[_Attempt] = []


def _messages(body: bytes) -> list[str]:
    """Return the failure messages of a notice; none of one that cannot be read."""
    try:
        notice = msgspec.json.decode(body, type=_Notice)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []
    return [attempt.failure_message for attempt in notice.recording_attempts]
