"""What the SSH server claims, held against what passed on the network and what is left of it.

A server that says what it should and does something else is found here: a recorder that it never
dialled, one that it went back to, a process that it left behind.
"""

from __future__ import annotations

from itertools import groupby, pairwise

from conformance.checkers.wire import frames
from conformance.checking import Findings, checks
from conformance.history import (
    Answered,
    BodyStarted,
    CommandExited,
    CommandStarted,
    Dialled,
    Disconnected,
    Event,
    Requested,
    Survived,
)
from conformance.machine import State
from conformance.sessions import NO_REPORT, View
from conformance.uploads import Upload, went_elsewhere
from conformance.wire import SECOND, V1_RECORD, V2_RECORD, Timers

REFUSING = frozenset({"backlog-full", "killed", "refused", "unreachable"})
"""Faults under which no connection is made, so that a dial leaves no trace."""
NOTICE_GRACE = 3 * SECOND
"""Nanoseconds that a session may take to go on after a failure, on a busy machine."""
SILENCING = frozenset({"black-hole", "stopped"})
"""Faults after which nothing comes from a recorder, not even the end of its connection."""
NO_ACKS = "no-acks"
"""The script of a recorder that takes everything and never acks."""


@checks("choose-6")
def really_tried(view: View, out: Findings) -> None:
    """Every recorder that is said to have been tried was really dialled."""
    dialled = {e.what.recorder for e in view.dialled if isinstance(e.what, Dialled)}
    refusing = {plan.node for plan in view.scenario.faults if plan.fault in REFUSING}
    for session in view.sessions.values():
        tried = [view.addresses.get(a.recorder, a.recorder) for a in session.attempted]
        known = set(view.addresses.values())
        never = [n for n in tried if n in known and n not in dialled and n not in refusing]
        if never and view.planned:
            out.broken(
                "choose-6",
                "the server says that it tried recorders that it never dialled",
                never,
                session=session.name,
            )


@checks("choose-1", "choose-15")
def dialled_in_order(view: View, out: Findings) -> None:
    """Hold the dials that passed against the action's order, and against what is said of them.

    What is left of a dial that was refused is nothing; of the others the relay knows.
    """
    if len(view.sessions) != 1 or not view.planned or went_elsewhere(view.of("network")):
        return
    (session,) = view.sessions.values()
    listed = session.action.recorders if session.action is not None else None
    if not listed or session.plan.run == "sftp" or session.aborted:
        return
    nodes = [view.addresses.get(address, address) for address in listed]
    seen = [name for name, _ in groupby(_dialled_while_choosing(view)) if name in nodes]
    rest = iter(nodes)
    if not all(name in rest for name in seen):  # a part of the list, in its order
        out.broken(
            "choose-1",
            "recorders were dialled in another order than that of the action, or twice",
            f"listed {nodes}",
            f"dialled {seen}",
            session=session.name,
        )
    settled = {State.CONNECTED, State.RECORDING_FAILED} & set(session.path)
    if session.server is None or not settled:
        return
    said = [view.addresses.get(a.recorder, a.recorder) for a in session.attempted]
    # That the one that took the recording is among them is choose-16's.
    took = session.upload.recorder if session.upload is not None else ""
    hidden = [name for name in seen if name not in said and name != took]
    if hidden:
        out.broken(
            "choose-15",
            "a recorder was dialled, and is not among the attempts",
            f"dialled {seen}",
            f"said to be tried {said}",
            session=session.name,
        )


def _dialled_while_choosing(view: View) -> list[str]:
    """Return who was dialled before a recorder took the recording, in the order of the wire."""
    taken = [upload.opened_at for upload in view.uploads if upload.taken and upload.opened_at]
    until = min(taken, default=None)
    refusing = {plan.node for plan in view.scenario.faults if plan.fault in REFUSING}
    return [
        event.what.recorder
        for event in view.dialled
        if isinstance(event.what, Dialled) and event.what.recorder not in refusing
        if until is None or event.at < until
    ]


@checks("choose-2", "choose-10", "machine-10")
def stays_with_it(view: View, out: Findings) -> None:
    """Follow the dials and uploads of a session that has the network to itself."""
    for session in view.sessions.values():
        if session.upload is not None and State.CONTINUE_UNRECORDED in session.path:
            out.expect(
                "machine-10",
                not session.further,
                "a session that goes on unrecorded was recorded again",
                [(upload.recorder, upload.path) for upload in session.further],
                session=session.name,
            )
    if len(view.sessions) != 1 or not view.planned:
        return
    (name,) = view.sessions
    network = list(view.of("network"))
    _no_dial_after_opening(network, name, out)
    _no_v1_after_v2(network, name, out)


def _no_dial_after_opening(network: list[Event], name: str, out: Findings) -> None:
    heads: dict[tuple[str, int], str] = {}
    answered: set[tuple[str, int]] = set()
    taken = False
    for event in network:
        match event.what:
            case Requested(method="POST") as head:
                heads[head.connection, head.stream] = head.http
            case Answered(connection=connection, stream=stream, status=status):
                if status == (100 if heads.get((connection, stream)) == "1.1" else 200):
                    answered.add((connection, stream))
                elif taken and 300 <= status < 400 and (connection, stream) in answered:
                    return  # where a redirect leads to is choose-14's
            case BodyStarted(connection=connection, stream=stream):
                # The client, too, took it for a success: it may have given up before.
                taken |= (connection, stream) in answered
            case Dialled(recorder=recorder):
                if taken:
                    out.broken(
                        "choose-2",
                        "a recorder was dialled after one had taken the recording",
                        recorder,
                        session=name,
                    )
                    return
            case _:
                pass


def _no_v1_after_v2(network: list[Event], name: str, out: Findings) -> None:
    refused: set[str] = set()
    asked: dict[tuple[str, int], str] = {}
    for event in network:
        match event.what:
            case Requested(method="POST", path=path, recorder=recorder) as head:
                if path == V2_RECORD:
                    asked[head.connection, head.stream] = recorder
                elif path == V1_RECORD and recorder in refused:
                    out.broken(
                        "choose-10",
                        "v1 was used at an address that had refused a v2 upload",
                        head,
                        session=name,
                    )
            case Answered(connection=connection, stream=stream, status=status):
                if (connection, stream) in asked and status not in (100, 200):
                    refused.add(asked[connection, stream])
                    out.held("choose-10")
            case _:
                pass


@checks("failure-7")
def survivors(view: View, out: Findings) -> None:
    """Nothing of a terminated session runs on: looked for from outside, once all is over."""
    found = [e.what for e in view.of("world") if isinstance(e.what, Survived)]
    for session in view.sessions.values():
        if found and State.SESSION_TERMINATED in session.path and len(view.sessions) == 1:
            out.broken(
                "failure-7",
                "something that the command started runs on",
                *[survivor.command for survivor in found[:3]],
                session=session.name,
            )


@checks("acks-14")
def window(view: View, out: Findings) -> None:
    """Measure how long silence was borne before the recording counted as lost."""
    for session in view.sessions.values():
        upload = session.upload
        if upload is None or not _silenced(view, upload):
            continue
        if upload.http != "2" or upload.body_ended:
            continue
        if session.path_unknown:
            out.unseen("acks-14", session.path_unknown, session=session.name)
            continue
        if State.CONNECTION_LOST not in session.path:
            continue
        if view.speed != 1:
            out.unseen("acks-14", "the timers were sped up", session=session.name)
            continue
        gone = _given_up(view, upload)
        if gone is None or upload.opened_at is None:
            continue
        # What still came after the client had left says nothing of how long it waited.
        frames_before = [event.at for event in upload.answers if event.at <= gone]
        borne = gone - max([upload.opened_at, *frames_before])
        out.expect(
            "acks-14",
            abs(borne - Timers().ack_window) <= SECOND,
            f"the recording was given up {borne / SECOND:.1f} s after the last frame",
            upload.recorder,
            session=session.name,
        )


def _silenced(view: View, upload: Upload) -> bool:
    struck = any(
        plan.fault in SILENCING and plan.node == upload.recorder and plan.lasts is None
        for plan in view.scenario.faults
    )
    script = next((n.script for n in view.scenario.recorders if n.name == upload.recorder), None)
    return struck or (script is not None and script.does == NO_ACKS)


def _given_up(view: View, upload: Upload) -> int | None:
    """Return when the client left the connection, if it was the first to leave."""
    for event in view.of("network"):
        what = event.what
        if isinstance(what, Disconnected) and what.connection == upload.connection:
            return event.at if what.by == "client" else None
    return None


@checks("acks-6")
def up_to_date(view: View, out: Findings) -> None:
    """An ack counts what had been handed over when the one before it was sent."""
    for upload in view.uploads:
        if upload.http != "2" or upload.opened_at is None or view.faulted(upload.recorder):
            continue
        found = [frame for frame in frames(upload.answers)[0] if frame.ack is not None]
        if len(found) > 1:
            stale = [
                (after.ack, owed)
                for before, after in pairwise(found)
                if (owed := _handed_by(upload, before.at - SECOND)) > (after.ack or 0)
            ]
            out.expect(
                "acks-6",
                not stale,
                "an ack does not count what was sent before the ack that preceded it",
                f"(acked, sent by then): {stale[:3]}",
                upload.recorder,
            )


def _handed_by(upload: Upload, at: int) -> int:
    return sum(len(getattr(e.what, "data", b"")) for e in upload.handed if e.at <= at)


@checks("notice-8")
def not_held_up(view: View, out: Findings) -> None:
    """Measure how long a session stood still while the control plane took no notice of it."""
    if not any(plan.node == "control" and plan.fault in SILENCING for plan in view.scenario.faults):
        return
    for session in view.sessions.values():
        failed = session.state_at(State.RECORDING_FAILED) or session.state_at(State.CONNECTION_LOST)
        if session.server is None and session.notify:
            out.unseen("notice-8", NO_REPORT, session=session.name)
        if failed is None or not session.notify:
            continue
        ran = [e.at for e in session.reports if isinstance(e.what, CommandStarted | CommandExited)]
        went_on = next((at for at in ran if at >= failed), None)
        out.expect(
            "notice-8",
            went_on is not None and went_on - failed <= NOTICE_GRACE,
            "the session waited for the control plane to take a notice",
            "it never went on" if went_on is None else f"{(went_on - failed) / SECOND:.1f} s",
            session=session.name,
        )
