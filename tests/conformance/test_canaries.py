"""What stands for a secret, and where it is looked for: in everything, also where it was cut."""

from __future__ import annotations

import msgspec
import pytest

from conformance.canaries import made, searched
from conformance.history import (
    ActionServed,
    ControlReceived,
    Event,
    Handed,
    Kind,
    NoticeReceived,
    SecretSearched,
    Shown,
    Stored,
)
from conformance.scenario import Scenario, Step, UserSession
from conformance.wire import SSHAction
from tests.conformance.histories import recorded

CANARY = b"5ecre7"


def typing(*steps: Step, command: str = "") -> Scenario:
    session = UserSession(name="s1", run="exec" if command else "shell", command=command)
    return recorded().but(sessions=(msgspec.structs.replace(session, steps=steps),)).scenario


def test_each_secret_has_a_canary_of_its_own_in_each_run() -> None:
    scenario = typing(Step(secret="password"), Step(type="x"), Step(secret="token"))
    one, other = made(scenario, 1), made(scenario, 2)
    assert list(one) == ["password", "token"]
    assert len({*one.values(), *other.values()}) == 4
    assert made(scenario, 1) == one


def test_where_nothing_is_secret_there_is_no_canary() -> None:
    assert made(typing(Step(type="x")), 1) == {}


def test_what_a_command_writes_can_be_a_canary_too() -> None:
    (canary,) = made(typing(command="echo {canary}"), 1).values()
    assert canary not in made(typing(Step(secret="password")), 1).values()


def found(*whats: Kind, logs: bytes = b"") -> tuple[str, ...]:
    events = [Event("any", number, number, what) for number, what in enumerate(whats)]
    result = searched(events, "password", CANARY, logs)
    assert result == SecretSearched(
        secret="password",
        where=("recordings", "stored", "shown", "control", "logs"),
        found=result.found,
    )
    return result.found


def handed(data: bytes, stream: int = 1) -> Handed:
    return Handed(recorder="rec1", connection="c", stream=stream, data=data)


def shown(data: bytes, session: str = "s1", stream: str = "stdout") -> Shown:
    return Shown(session=session, data=data, stream=stream)


def noticed(body: bytes) -> NoticeReceived:
    return NoticeReceived(path="/n", body=body, status=201)


def served(message: str) -> ActionServed:
    action = SSHAction(message=message)
    return ActionServed(peer="127.0.0.1", destination="p", ssh_user="alice", action=action)


@pytest.mark.parametrize(
    ("whats", "where"),
    [
        ((handed(b"x5ecre7x"),), "recordings"),
        ((handed(b"5ec"), shown(b"-"), handed(b"re7")), "recordings"),
        ((Stored(store="rec1", path="p", data=b"5ecre7"),), "stored"),
        ((shown(b"5ecre7"),), "shown"),
        (
            (shown(b"5ec"), handed(b"-"), shown(b"re7")),
            "shown",
        ),
        ((noticed(b"5ecre7"),), "control"),
        ((ControlReceived(path="/n", body=b"5ecre7"),), "control"),
        ((served("5ecre7"),), "control"),
    ],
)
def test_a_secret_is_found_wherever_it_went(whats: tuple[Kind, ...], where: str) -> None:
    assert found(*whats) == (where,)


def test_a_secret_is_found_in_the_logs() -> None:
    assert found(logs=b"typed 5ecre7") == ("logs",)


@pytest.mark.parametrize(
    "whats",
    [
        (),
        (handed(b"5ec", 1), handed(b"re7", 3)),
        (shown(b"5ec"), shown(b"re7", "s2")),
        (shown(b"5ec"), shown(b"re7", stream="stderr")),
        (
            noticed(b"5ec"),
            ControlReceived(path="/", body=b"re7"),
        ),
    ],
)
def test_what_only_chance_would_put_together_is_no_secret(whats: tuple[Kind, ...]) -> None:
    assert found(*whats) == ()
