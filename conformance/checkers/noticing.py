"""How a notice travels, how it names recorders, and what may not depend on it (section 5)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec

from conformance.actions import GIVEN
from conformance.checkers.failure import otherwise_than_called_for
from conformance.checkers.paths import failed_after_exit
from conformance.checking import Findings, checks
from conformance.history import ControlReceived
from conformance.inference import connection_of
from conformance.machine import State
from conformance.sessions import NO_REPORT, SessionView, View
from conformance.wire import SSHAction


def _paths(view: View) -> set[str]:
    """Return the paths of all NotifyURLs that were handed out."""
    served: list[SSHAction] = [answer.action for answer in view.served]
    served += [session.action for session in view.sessions.values() if session.action is not None]
    failures = [action.on_recording_failure for action in served]
    urls = {failure.notify_url for failure in failures if failure is not None}
    return {urlsplit(url).path for url in urls - {"", GIVEN}}


@checks("notice-5")
def sent_there(view: View, out: Findings) -> None:
    """A notice is a POST to the path of NotifyURL: any other place and method is wrong."""
    paths = _paths(view)
    if not paths:
        if view.notices:
            out.unseen("notice-5", "nothing says where notices were to be sent")
        return
    for notice in view.notices:
        out.expect(
            "notice-5",
            notice.path in paths,
            "a notice was not sent to the path of NotifyURL",
            notice.path,
            f"NotifyURL's: {sorted(paths)}",
        )
    for event in view.of("control"):
        what = event.what
        if isinstance(what, ControlReceived) and b'"RecordingAttempts"' in what.body:
            out.broken("notice-5", "a notice was sent otherwise than by POST", what.path)


@checks("notice-9")
def attempts(view: View, out: Findings) -> None:
    """Each attempt of a notice names ip:port, and has a failure message, be it empty."""
    for notice in view.notices:
        try:
            listed = msgspec.json.decode(notice.body, type=_Listed).recording_attempts
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue  # that is notice-4's to say
        wrong = [attempt for attempt in listed if not _well_formed(view, attempt)]
        out.expect(
            "notice-9",
            not wrong,
            "an attempt of a notice lacks its recorder as ip:port, or its failure message",
            *wrong[:3],
        )


class _Listed(msgspec.Struct, rename="pascal"):
    recording_attempts: list[dict[str, Any]]


def _well_formed(view: View, attempt: dict[str, Any]) -> bool:
    recorder = attempt.get("Recorder")
    if not isinstance(attempt.get("FailureMessage"), str) or not isinstance(recorder, str):
        return False
    if recorder in view.addresses:
        return True
    host, _, port = recorder.rpartition(":")
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return port.isdecimal() and port.isascii()


@checks("notice-7")
def changes_nothing(view: View, out: Findings) -> None:
    """Whoever's notice could not be taken ends as the scenario calls for all the same."""
    if "control" not in view.struck:
        return
    for session in view.sessions.values():
        failed = {State.RECORDING_FAILED, State.CONNECTION_LOST} & set(session.path)
        if not failed or not session.notify or session.expect is None or view.let_down(session):
            continue
        wrong = otherwise_than_called_for(session)
        out.expect(
            "notice-7",
            not wrong,
            "the control plane took no notice, and that changed what came of the session",
            *wrong,
            session=session.name,
        )


@checks("notice-11")
def also_after_the_end(view: View, out: Findings) -> None:
    """What is lost after the command has exited is noticed too."""
    if "control" in view.struck:
        return
    for session in view.sessions.values():
        upload = failed_after_exit(session)
        if upload is None or not session.notify or session.command_exited is None:
            continue
        name = connection_of(session)
        if not name or _shares(view, session):
            out.unseen(
                "notice-11", f"{NO_REPORT}: whose a notice is cannot be told", session=session.name
            )
            continue
        out.expect(
            "notice-11",
            any(name.encode() in notice.body for notice in view.notices),
            "the recording was lost after its command had exited, and no notice came",
            upload.last_answer,
            session=session.name,
        )


def _shares(view: View, session: SessionView) -> bool:
    mine = session.opened.connection if session.opened is not None else ""
    others = [s for s in view.sessions.values() if s is not session and s.opened is not None]
    return any(s.opened is not None and s.opened.connection == mine for s in others)
