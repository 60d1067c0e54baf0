"""Do two worlds agree on one scenario? What the live and the virtual world must show alike.

Both play the same scenario with the same recorder client, so what became of its sessions must be
the same: states, outcome, attempts, notices, recording, and the verdict. Where they differ, one of
them is wrong. Texts, times and what depends on a race that the scenario leaves open (how much of a
recording a recorder had when it was killed) are not compared.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from conformance.checking import judge
from conformance.history import History
from conformance.inference import connection_of, infer
from conformance.joining import join
from conformance.judgement import Status
from conformance.scenario import Scenario
from conformance.sessions import SessionView, View

ASPECTS = ("states", "outcome", "attempts", "notices", "recording", "verdict")
"""What is compared, in the order in which it is told."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the worlds show differently. `session` is empty for the whole scenario."""

    scenario: str
    session: str
    aspect: str
    live: str
    simulated: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What came of comparing many scenarios."""

    compared: tuple[str, ...]
    """The scenarios that both worlds played."""
    differences: tuple[Difference, ...]


def compared(played: Iterable[tuple[Scenario, History, History]]) -> Agreement:
    """Compare scenarios with their live and their simulated history each."""
    names: list[str] = []
    found: list[Difference] = []
    for scenario, live, simulated in played:
        names.append(scenario.id)
        found += differences(scenario, live, simulated)
    return Agreement(compared=tuple(names), differences=tuple(found))


def differences(scenario: Scenario, live: History, simulated: History) -> tuple[Difference, ...]:
    """Compare two histories of one scenario; nothing means that they agree."""
    found: list[Difference] = []
    one, other = _view(scenario, live), _view(scenario, simulated)
    for name in one.sessions:
        here = _aspects(one, one.sessions[name])
        there = _aspects(other, other.sessions[name])
        found += [
            Difference(
                scenario=scenario.id,
                session=name,
                aspect=aspect,
                live=here[aspect],
                simulated=there[aspect],
            )
            for aspect in here
            if here[aspect] != there[aspect]
        ]
    verdicts = _verdict(scenario, live), _verdict(scenario, simulated)
    if verdicts[0] != verdicts[1]:
        found.append(
            Difference(
                scenario=scenario.id,
                session="",
                aspect="verdict",
                live=verdicts[0],
                simulated=verdicts[1],
            )
        )
    return tuple(found)


def _view(scenario: Scenario, history: History) -> View:
    view = join(scenario, history)
    infer(view)
    return view


def _aspects(view: View, session: SessionView) -> dict[str, str]:
    return {
        "states": " -> ".join((*session.path, *(["(aborted)"] if session.aborted else []))),
        "outcome": _outcome(session),
        "attempts": ", ".join(
            f"{view.addresses.get(a.recorder, a.recorder)} {'failed' if a.failure else 'worked'}"
            for a in session.attempted
        ),
        "notices": _notices(view, session),
        "recording": _recording(view, session),
    }


def _outcome(session: SessionView) -> str:
    """Say how the session ended for its user."""
    told = []
    if session.exit is not None:
        signal, status = session.exit.signal, session.exit.status
        told.append(f"signal {signal}" if signal else f"exit status {status}")
    if session.saw_termination:
        told.append("told that it was terminated")
    if session.reject_message and session.shown_bytes() == session.rejection:
        told.append("told that it was rejected")
    if session.hung_up:
        told.append("hung up")
    told += [f"waited in vain for {gave_up.waiting_for}" for gave_up in session.gave_up]
    if not session.closed:
        told.append("never closed")
    return ", ".join(told)


class _Attempt(msgspec.Struct, rename="pascal"):
    recorder: str
    failure_message: str | None = None


class _Notice(msgspec.Struct, rename="pascal"):
    event_type: int
    connection_id: str = msgspec.field(name="ConnectionID")
    recording_attempts: list[_Attempt]


def _notices(view: View, session: SessionView) -> str:
    """Say which notices came of the session's connection; a race where nobody could take them."""
    if "control" in view.struck:
        return "the control plane was disturbed"
    told = []
    for received in view.notices:
        try:
            notice = msgspec.json.decode(received.body, type=_Notice)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            told.append("unreadable")
            continue
        if notice.connection_id != connection_of(session):
            continue
        attempts = [
            f"{view.addresses.get(a.recorder, a.recorder)}"
            f" {'failed' if a.failure_message else 'worked'}"
            for a in notice.recording_attempts
        ]
        told.append(f"type {notice.event_type} ({', '.join(attempts)})")
    return "; ".join(sorted(told))


def _recording(view: View, session: SessionView) -> str:
    """Say where the recording went, whether its body was ended, and whether it is there."""
    upload = session.upload
    if upload is None:
        took = [view.addresses.get(a.recorder, "") for a in session.attempted if not a.failure]
        # How much had left the client when it learned of a loss is a race: of all, or of nothing.
        return f"{took[-1]}, broken off" if took else "none"
    again = f", and {len(session.further)} more" if session.further else ""
    if not upload.body_ended:
        return f"{upload.recorder}, broken off{again}"
    where = f"{upload.recorder} over {'v2' if upload.http == '2' else 'v1'}"
    scripted = any(n.name == upload.recorder and n.script for n in view.scenario.recorders)
    whole = any(s.store == upload.recorder and s.data == upload.body for s in view.stored)
    kept = "" if scripted else ", kept whole" if whole else ", not kept whole"
    return f"{where}, ended{kept}{again}"


def _verdict(scenario: Scenario, history: History) -> str:
    """Say what the checkers make of it: the status, and the clauses that are broken."""
    judgement = judge(scenario, history)
    broken = sorted(
        {f.clause for f in judgement.findings if f.status in (Status.FAIL, Status.WARN)}
    )
    return f"{judgement.status}{': ' if broken else ''}{', '.join(broken)}"
