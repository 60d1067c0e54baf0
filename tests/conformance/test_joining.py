"""What a history that lacks something is joined to: nothing is made up in its place."""

from __future__ import annotations

import pytest

from conformance.history import ActionServed, PolicyApplied, SessionOpened
from conformance.joining import join
from conformance.scenario import Action
from conformance.sessions import SessionView
from conformance.wire import SSHAction
from tests.conformance.histories import Telling, change, drop, recorded, two_sessions


def session(telling: Telling) -> SessionView:
    return join(telling.scenario, telling.history).sessions["s1"]


@pytest.mark.parametrize("telling", [recorded(), recorded().from_outside()])
def test_a_session_that_was_never_opened_has_no_recording(telling: Telling) -> None:
    assert session(telling).upload is not None
    assert session(telling.but(drop(SessionOpened))).upload is None


def test_of_two_sessions_the_one_that_was_opened_has_the_recording() -> None:
    telling = two_sessions(separate=True).but(drop(SessionOpened, session="s1"))
    view = join(telling.scenario, telling.history)
    assert view.sessions["s1"].upload is None
    assert view.sessions["s2"].upload is view.uploads[1]


UNTOLD = recorded().but(drop(PolicyApplied))
CHANGES = {"then": (Action(record=("rec1",)),)}


def test_an_action_that_nobody_told_is_the_scenarios_where_it_is_the_only_one() -> None:
    untold = UNTOLD.but(drop(ActionServed))
    action = session(untold).action
    assert action is not None
    assert action.recorders == ("rec1:80",)
    assert session(untold.but(**CHANGES)).action is None


def test_of_several_actions_the_one_that_was_served_counts() -> None:
    other = SSHAction(accept=True, recorders=("rec9:80",))
    served = UNTOLD.but(change(ActionServed, {"action": other}), **CHANGES)
    action = session(served).action
    assert action is not None
    assert action.recorders == ("rec9:80",)
