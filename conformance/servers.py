"""What a history says of an SSH server under test, which reports nothing of its own.

It is judged from outside: by what its users saw, what passed on the way to the recorders, what they
stored, and which notices came (`conformance.inference`). The recorders and the control plane of
such a run are ours; what binds them is not the server's. A scenario in which somebody waits for
something that only our own server tells is played by what shows of it outside, or not at all.
"""

from __future__ import annotations

import msgspec

from conformance.checking import RIG, judge
from conformance.clauses import CATALOGUE, Binds
from conformance.history import Gap, History
from conformance.judgement import Finding, Judgement
from conformance.machine import State
from conformance.scenario import FaultPlan, Match, Scenario, Step
from conformance.under_test import BAD, of_target, rig_failed

_BOUND = frozenset({Binds.SSH_SERVER, Binds.CLIENT, Binds.RECORDING})
_SERVERS_OWN = frozenset(
    {"server-session", "entered", "attempted", "aborted", "command-started", "command-exited"}
    | {"left", "policy-applied"}
)
"""Kinds of event that only our own SSH server notes."""
_NOTICED = frozenset(
    {
        State.SESSION_REJECTED,
        State.SESSION_ALLOWED,
        State.CONNECTION_LOST,
        State.SESSION_TERMINATED,
        State.CONTINUE_UNRECORDED,
    }
)
"""States of which a notice tells as they are entered."""
_CHOOSING = frozenset({State.FIND_RECORDER, State.TRY_PRIMARY})


def binds_server(clause: str) -> bool:
    """Tell whether a clause is an SSH server's to keep, with the recorder client inside it."""
    return CATALOGUE[clause].binds in _BOUND


class NotFromOutside(Exception):  # noqa: N818 - it states a fact
    """A scenario that cannot be played with a server under test; the message says why."""


def from_outside(
    scenario: Scenario, *, user: str = "", asks: bool = False, secret: bool = False
) -> Scenario:
    """Return the scenario as it is played with an SSH server that reports nothing.

    `user` logs in in place of the scenario's users; `asks` tells that the server gets its actions
    from our control plane, and not one as a file; with `secret`, users log in with a key or a
    password. Raises NotFromOutside.
    """
    if scenario.api is not None:
        raise NotFromOutside("an API proxy is at work in it, and that is ours")
    if scenario.policy and not asks:
        raise NotFromOutside(
            "its action comes from a policy, step by step, and the server gets one action as a file"
        )
    if (scenario.then or scenario.changes) and not asks:
        raise NotFromOutside("its action changes midway, and the server gets one action as a file")
    if secret and any(session.client == "openssh" for session in scenario.sessions):
        raise NotFromOutside("its users have OpenSSH, which is given neither a key nor a password")
    return msgspec.structs.replace(
        scenario,
        sessions=tuple(
            msgspec.structs.replace(
                session,
                ssh_user=user or session.ssh_user,
                after=session.after and _seen(scenario, session.after, asks=asks),
                steps=tuple(_step(scenario, step, asks=asks) for step in session.steps),
            )
            for session in scenario.sessions
        ),
        faults=tuple(_fault(scenario, plan, asks=asks) for plan in scenario.faults),
        changes=tuple(
            msgspec.structs.replace(change, at=_seen(scenario, change.at, asks=asks))
            if isinstance(change.at, Match)
            else change
            for change in scenario.changes
        ),
    )


def _step(scenario: Scenario, step: Step, *, asks: bool) -> Step:
    if step.wait is None:
        return step
    return msgspec.structs.replace(step, wait=_seen(scenario, step.wait, asks=asks))


def _fault(scenario: Scenario, plan: FaultPlan, *, asks: bool) -> FaultPlan:
    if not isinstance(plan.at, Match):
        return plan
    return msgspec.structs.replace(plan, at=_seen(scenario, plan.at, asks=asks))


def _seen(scenario: Scenario, match: Match, *, asks: bool) -> Match:
    """Return what shows outside of an event that only our server notes."""
    if match.event not in _SERVERS_OWN:
        return match
    state = match.where.get("state")
    noticed = any(e.notices for e in scenario.expect)
    heard = noticed and not any(plan.node == "control" for plan in scenario.faults)
    if match.event == "policy-applied" and not asks:
        # With an action as a file nobody is asked: it holds from the first moment.
        return Match(event="session-opened", plus=match.plus)
    if match.event == "entered" and state in _CHOOSING:
        return Match(event="dialled", plus=match.plus)
    if match.event == "entered" and state in _NOTICED and heard:
        return Match(event="notice-received", plus=match.plus)
    what = f"{match.event} {state}" if state else match.event
    raise NotFromOutside(f"somebody waits for '{what}' in it, and nothing outside tells of that")


def judge_served(scenario: Scenario, history: History) -> Judgement:
    """Judge a history of sessions with an SSH server under test."""
    whole = judge(scenario, history)
    if rig_failed(whole):
        return whole
    found = of_target(whole, binds=binds_server, lacking=lambda _: "", target="an SSH server")
    gaps = (e.what for e in history if e.observer == "server")
    died = next((what.reason for what in gaps if isinstance(what, Gap)), "")
    if not died:
        return found
    return msgspec.structs.replace(
        found, findings=tuple(_with_evidence(finding, died) for finding in found.findings)
    )


def _with_evidence(finding: Finding, died: str) -> Finding:
    """Say of what was broken that the server was dead by then."""
    if finding.clause == RIG or finding.status not in BAD:
        return finding
    return msgspec.structs.replace(finding, evidence=(*finding.evidence, died))
