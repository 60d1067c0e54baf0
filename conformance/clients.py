"""What a history says of a recorder client under test: what of it counts, and what cannot be seen.

The SSH server, the recorders and the control plane of such a run are ours. What binds them is not
the client's, and when one of them breaks a clause although the client kept all of its own, nothing
is known: that is ours. What a driver says that it cannot do is skipped, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection

from conformance.checking import judge
from conformance.clauses import CATALOGUE, Binds
from conformance.driver import Can
from conformance.history import History
from conformance.judgement import Judgement
from conformance.scenario import Scenario
from conformance.under_test import of_target, rig_failed

_SHARED = frozenset(
    {"streaming-1", "streaming-2", "streaming-5", "machine-1", "machine-2", "machine-3"}
)
"""Clauses of the SSH server that it can keep only with its client."""
_DECIDING = frozenset({"failure-1", "failure-2", "failure-5", "failure-6"})
_ENFORCING = frozenset({"failure-3"})
_ATTEMPTS = frozenset({"choose-1", "choose-6", "choose-15", "choose-16", "choose-17"})
_UNBOUND = frozenset({"privacy-5"})
"""A driver need not dial from the server's own address."""
_NOT_ASKED = frozenset({"choose-5"}) | _UNBOUND
"""Whether a session is recorded is decided before its client is asked."""


def lacking(clause: str, can: Collection[str]) -> str:
    """Say why a clause that binds a client cannot be seen of one that can do this; or nothing."""
    needs = {
        Can.FAILURE_ACTIONS: _DECIDING,
        Can.HANDED: _ENFORCING,
        Can.ATTEMPTS: _ATTEMPTS,
    }
    words = {
        Can.FAILURE_ACTIONS: "the driver has no failure actions: our SSH server acted in its place",
        Can.HANDED: "the driver takes a write before its bytes have left for the recorder",
        Can.ATTEMPTS: "the driver does not report its attempts",
    }
    return next((words[what] for what in needs if clause in needs[what] and what not in can), "")


def binds_client(clause: str) -> bool:
    """Tell whether a clause is a client's to keep, alone or with the SSH server around it."""
    if clause in _NOT_ASKED:
        return False
    return CATALOGUE[clause].binds is Binds.CLIENT or clause in _SHARED | _DECIDING | _ENFORCING


def unplayable(scenario: Scenario, can: Collection[str]) -> str:
    """Say why a scenario cannot be played with such a client, or nothing."""
    for node in scenario.recorders:
        if node.speaks not in can:
            return f"{node.name} speaks {node.speaks}, and the client does not"
    if scenario.api is not None:
        return "no driver posts events"
    if all(session.run == "sftp" for session in scenario.sessions):
        return "no session of it is recorded"
    return ""


def judge_driven(scenario: Scenario, history: History, can: Collection[str]) -> Judgement:
    """Judge a history of a session with a client under test."""
    whole = judge(scenario, history)
    if rig_failed(whole):
        return whole
    return of_target(
        whole,
        binds=binds_client,
        lacking=lambda clause: lacking(clause, can),
        target="a client",
        passed_over=_UNBOUND,
    )
