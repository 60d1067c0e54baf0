"""The control plane: actions, holds, notices, policies; in memory and at the socket."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
import pytest

from conformance.history import (
    ActionServed,
    ControlReceived,
    Event,
    Kind,
    Log,
    NoticeReceived,
)
from conformance.hujson import HuJsonError
from conformance.nodes import read_nodes
from conformance.policy_types import Decision
from conformance.wire import SECOND, OnRecordingFailure, SSHAction, SSHPrincipal, SSHRule
from simulator.control import MAX_BODY, ConfigError, ControlConfig, ControlPlane, serve_control
from simulator.control_client import request
from simulator.overlay import Mutant, Overlay
from simulator.ssh_policy import Answer, Policy, RefusedError, Source
from tests.simulator.peer import serving

POLICIES = Path(__file__).parents[2] / "fixtures" / "policies"
NODES = read_nodes((POLICIES / "nodes.json").read_bytes())
TAILNET = (POLICIES / "good" / "tailnet.hujson").read_text()
CONFIG = ControlConfig(policy=TAILNET, nodes=NODES)
DEADLINE = 20.0

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(DEADLINE):
            return await coroutine

    return asyncio.run(bounded())


class Control:
    """A control plane in memory, and what it noted."""

    def __init__(
        self, config: ControlConfig = CONFIG, plane: type[ControlPlane] = ControlPlane
    ) -> None:
        self.events: list[Event] = []
        ticks = itertools.count()
        self.app = plane(config, Log("control", lambda: next(ticks), self.events.append))

    @property
    def noted(self) -> list[Kind]:
        return [event.what for event in self.events]

    async def ask(
        self, method: str, target: str, body: bytes = b"", *, leaves: bool = False
    ) -> tuple[int, Any]:
        """Send one request, its body in pieces; `leaves`: the client goes before its end."""
        path, _, query = target.partition("?")
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode()}
        pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)] or [b""]
        messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1 or leaves}
            for index, piece in enumerate(pieces)
        ]
        if leaves:
            messages.append({"type": "http.disconnect"})
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop(0)
            await asyncio.get_running_loop().create_future()
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        if not sent:
            return 0, None
        start, end = sent
        headers = dict(start["headers"])
        assert int(headers[b"content-length"]) == len(end["body"])
        assert end["body"].count(b"\n") == 1
        return start["status"], json.loads(end["body"])

    def get(self, target: str) -> tuple[int, Any]:
        return run(self.ask("GET", target))


def action_url(
    peer: str = "100.64.0.1", destination: str = "prod-1", ssh_user: str = "ubuntu"
) -> str:
    query = urlencode({"peer": peer, "destination": destination, "ssh_user": ssh_user})
    return f"/ssh/action?{query}"


def local(url: str) -> str:
    assert url.startswith("https://unused/")
    return url.removeprefix("https://unused")


def test_an_accepted_connection() -> None:
    control = Control()
    status, answer = control.get(action_url())
    assert status == 200
    assert answer["source"] == {
        "name": "laptop.tail1.ts.net",
        "id": "nLaptopCNTRL",
        "numeric_id": 101,
        "tags": None,
        "user_id": 11,
        "user": "alice@example.com",
    }
    assert answer["local_user"] == "ubuntu"
    notify = answer["action"]["onRecordingFailure"].pop("NotifyURL")
    assert local(notify).startswith("/ssh/notify/")
    assert answer["action"] == {
        "accept": True,
        "recorders": ["100.64.0.32:8080", "[fd7a:115c:a1e0::32]:8080", "100.64.0.31:80"],
        "onRecordingFailure": {},
    }
    served = control.noted[0]
    assert isinstance(served, ActionServed)
    assert (served.peer, served.destination, served.ssh_user) == ("100.64.0.1", "prod-1", "ubuntu")
    assert served.action.recorders


def test_a_tagged_node_has_tags_and_no_user() -> None:
    _, answer = Control().get(action_url("100.64.0.22", ssh_user="deploy"))
    assert answer["source"]["tags"] == ["tag:ci"]
    assert answer["source"]["user"] == ""
    assert answer["source"]["user_id"] == 0
    assert answer["action"] == {"accept": True}


def test_a_connection_that_no_rule_allows_is_rejected() -> None:
    status, answer = Control().get(action_url("100.64.0.4", ssh_user="root"))
    assert status == 200
    assert answer["action"]["reject"]
    assert answer["action"]["message"]
    assert answer["local_user"] == ""


@pytest.mark.parametrize(
    "peer", ["100.64.0.1", "100.64.0.1:4022", "fd7a:115c:a1e0::1", "[fd7a:115c:a1e0::1]:4022"]
)
def test_a_peer_is_known_by_any_address_and_port(peer: str) -> None:
    _, answer = Control().get(action_url(peer))
    assert answer["source"]["name"] == "laptop.tail1.ts.net"


def test_a_fixed_table_knows_peers_too() -> None:
    control = Control(msgspec.structs.replace(CONFIG, peers={"127.0.0.9": "laptop"}))
    assert control.get(action_url("127.0.0.9:1"))[1]["source"]["id"] == "nLaptopCNTRL"


@pytest.mark.parametrize(
    ("target", "status", "error"),
    [
        (action_url("192.0.2.1"), 404, "no node has the address 192.0.2.1"),
        (action_url("nowhere:80"), 404, "no node has the address nowhere:80"),
        (action_url("fd00::1"), 404, "no node has the address fd00::1"),
        (action_url(destination="prod-9"), 404, "no node is called prod-9"),
        ("/ssh/action?peer=1.2.3.4&destination=x", 400, "ssh_user must be given once"),
        (action_url() + "&peer=1.2.3.4", 400, "peer must be given once"),
        (action_url(ssh_user=""), 400, "ssh_user must be given once"),
        ("/ssh/action?peer", 400, "the query cannot be read"),
        ("/ssh/action", 400, "peer must be given once"),
        ("/ssh/action/1", 404, "no connection is on hold here"),
        ("/ssh/action/" + "9" * 5000, 404, "no connection is on hold here"),
        ("/ssh/action/1.x", 404, "no connection is on hold here"),
        ("/", 404, "nothing at GET /"),
    ],
)
def test_what_cannot_be_answered(target: str, status: int, error: str) -> None:
    control = Control()
    assert control.get(target) == (status, {"error": error})
    assert control.noted == []


def test_the_rules_of_the_policy_are_sent_along() -> None:
    control = Control()
    _, answer = control.get(action_url())
    rules = msgspec.convert(answer["rules"], tuple[SSHRule, ...])
    (first, *_) = [rule for rule in rules if rule.matches("nLaptopCNTRL", "ubuntu")]
    assert first.action == msgspec.convert(answer["action"], SSHAction)
    served = control.noted[0]
    assert isinstance(served, ActionServed)
    assert (served.source, served.rules) == ("nLaptopCNTRL", rules)
    # Where an action stands in place of the policy there is nothing to choose from.
    fixed = Control(msgspec.structs.replace(CONFIG, actions={"*": SSHAction(accept=True)}))
    assert "rules" not in fixed.get(action_url())[1]


def choose(answer: Answer, action: SSHAction | None = None) -> SSHAction:
    """Let an SSH server decide by an answer."""

    class Told(Policy):
        async def _ask(self, url: str, limit: float) -> Answer:
            return answer

    return run(Told("prod-1", action, "http://control", "").decide("100.64.0.1", "root")).action


def test_the_first_rule_that_matches_decides_whatever_the_action_says() -> None:
    me, other = SSHPrincipal(node="nME"), SSHPrincipal(node="nOTHER")
    actions = [SSHAction(accept=True, message=f"{number}") for number in range(4)]
    rules = tuple(
        SSHRule(principals=(who,), ssh_users=users, action=action)
        for who, users, action in zip(
            (other, me, me, me),
            ({"*": "="}, {"*": "=", "root": ""}, {"root": "="}, {"*": "="}),
            actions,
            strict=True,
        )
    )
    source = Source(name="laptop", id="nME", tags=("tag:x",))
    answer = Answer(action=actions[0], source=source, rules=rules)
    assert choose(answer) == actions[2]
    with pytest.raises(RefusedError, match="0"):
        choose(msgspec.structs.replace(answer, rules=rules[:2]))
    with pytest.raises(RefusedError):
        choose(msgspec.structs.replace(answer, rules=()))
    assert choose(msgspec.structs.replace(answer, rules=None)) == actions[0]
    given = SSHAction(accept=True, message="given")
    assert choose(answer, given) == given


# --- holds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("holds", [0, 1, 3])
def test_a_check_holds_and_then_lets_the_user_in(holds: int) -> None:
    control = Control(msgspec.structs.replace(CONFIG, holds=holds))
    _, answer = control.get(action_url(ssh_user="root"))
    assert set(answer["action"]) == {"holdAndDelegate"}
    for _ in range(holds):
        again = control.get(local(answer["action"]["holdAndDelegate"]))
        answer = again[1]
        assert set(answer["action"]) == {"holdAndDelegate"}
    last = local(answer["action"]["holdAndDelegate"])
    status, answer = control.get(last)
    assert status == 200
    assert set(answer) == {"action"}
    assert answer["action"]["accept"]
    assert answer["action"]["recorders"] == [
        "100.64.0.31:80",
        "100.64.0.32:8080",
        "[fd7a:115c:a1e0::32]:8080",
    ]
    failure = answer["action"]["onRecordingFailure"]
    assert failure["RejectSessionWithMessage"]
    assert failure["TerminateSessionWithMessage"]
    # An SSH server that has to ask again hears the same.
    assert control.get(last)[1] == answer
    served = [what for what in control.noted if isinstance(what, ActionServed)]
    assert len(served) == holds + 3
    assert {what.peer for what in served} == {"100.64.0.1"}


def test_actions_in_turn_hold_until_the_last() -> None:
    first, between, last = (
        SSHAction(accept=True, recorders=(f"100.64.0.{number}:80",)) for number in (1, 2, 3)
    )
    control = Control(msgspec.structs.replace(CONFIG, actions={"*": first}, then=(between, last)))
    answers = [control.get(action_url())[1]["action"]]
    while "holdAndDelegate" in answers[-1]:
        answers.append(control.get(local(answers[-1]["holdAndDelegate"]))[1]["action"])
    assert [answer["recorders"] for answer in answers] == [
        [f"100.64.0.{number}:80"] for number in (1, 2, 3)
    ]
    assert [answer.get("accept", False) for answer in answers] == [False, False, True]
    past_the_end = local(answers[-2]["holdAndDelegate"]).partition(".")[0] + ".2"
    assert control.get(past_the_end)[0] == 404


def test_connections_on_hold_are_kept_apart() -> None:
    control = Control()
    first = control.get(action_url(ssh_user="root"))[1]["action"]["holdAndDelegate"]
    second = control.get(action_url("100.64.0.3", ssh_user="root"))[1]["action"]["holdAndDelegate"]
    assert first != second
    notices = {
        control.get(local(url))[1]["action"]["onRecordingFailure"]["NotifyURL"]
        for url in (first, second)
    }
    assert len(notices) == 2
    assert control.get(local(first) + ".1")[0] == 404


def test_only_so_many_holds_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.control.MAX_HELD", 2)
    control = Control()
    urls = [
        local(control.get(action_url(ssh_user="root"))[1]["action"]["holdAndDelegate"])
        for _ in range(3)
    ]
    assert [control.get(url)[0] for url in urls] == [404, 200, 200]


# --- actions in place of the policy ---------------------------------------------------------------

FAILURES = [
    OnRecordingFailure(reject_session_with_message=reject, terminate_session_with_message=end)
    for reject in ("", "no recorder")
    for end in ("", "recording lost")
]


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_action_can_be_played(failure: OnRecordingFailure) -> None:
    action = SSHAction(accept=True, recorders=("127.0.0.1:1",), on_recording_failure=failure)
    control = Control(ControlConfig(actions={"*": action}))
    status, answer = control.get(action_url())
    assert status == 200
    assert msgspec.convert(answer["action"], SSHAction) == action
    assert answer["source"] is None
    assert answer["local_user"] == "ubuntu"


@pytest.mark.parametrize("key", ["prod-1", "prod-1.tail1.ts.net", "nProd1CNTRL"])
def test_an_action_for_one_destination_goes_before_the_one_for_all(key: str) -> None:
    one, other = SSHAction(accept=True, message="one"), SSHAction(accept=True, message="other")
    control = Control(msgspec.structs.replace(CONFIG, actions={"*": other, key: one}))
    assert control.get(action_url())[1]["action"]["message"] == "one"
    answer = control.get(action_url(destination="desktop"))[1]
    assert answer["action"]["message"] == "other"
    assert answer["source"]["id"] == "nLaptopCNTRL"


# --- notices and other bodies ---------------------------------------------------------------------


def test_a_notice_is_noted_as_it_came() -> None:
    control = Control()
    body = b'{"EventType": 1}' * 200
    assert run(control.ask("POST", "/ssh/notify/7", body)) == (201, {})
    assert control.noted == [NoticeReceived(path="/ssh/notify/7", body=body, status=201)]


def test_a_control_plane_that_is_not_well() -> None:
    control = Control(msgspec.structs.replace(CONFIG, notice_status=500, notice_delay=1))
    assert run(control.ask("POST", "/ssh/notify/7", b"{}"))[0] == 500
    assert control.noted == [NoticeReceived(path="/ssh/notify/7", body=b"{}", status=500)]


def test_a_client_that_does_not_wait_for_a_slow_answer() -> None:
    class Slow(ControlPlane):
        def answer_notice(self, path: str, body: bytes) -> tuple[int, int]:
            return 201, 3600 * SECOND

    control = Control(plane=Slow)

    async def leave() -> list[Any]:
        messages = [
            {"type": "http.request", "body": b"{}"},
            {"type": "http.request"},
            {"type": "http.disconnect"},
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/ssh/notify/1", "query_string": b""}
        await control.app(scope, receive, send)
        return sent

    assert run(leave()) == []
    assert [type(what) for what in control.noted] == [NoticeReceived]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/record"), ("POST", "/ssh/notify"), ("PUT", "/ssh/notify/1")]
)
def test_any_other_body_is_noted_and_not_found(method: str, path: str) -> None:
    control = Control()
    assert run(control.ask(method, path, b"what I typed"))[0] == 404
    assert control.noted == [ControlReceived(path=path, body=b"what I typed")]


@pytest.mark.parametrize("path", ["/ssh/notify/1", "/record"])
def test_half_a_body_is_noted_too(path: str) -> None:
    control = Control()
    assert run(control.ask("POST", path, b"half", leaves=True)) == (0, None)
    assert control.noted == [ControlReceived(path=path, body=b"half")]
    assert run(control.ask("POST", path, leaves=True)) == (0, None)
    assert len(control.noted) == 1


def test_a_body_without_end_is_cut_off() -> None:
    control = Control()
    assert run(control.ask("POST", "/ssh/notify/1", b"x" * (MAX_BODY + 5000)))[0] == 413
    (noted,) = control.noted
    assert isinstance(noted, ControlReceived)
    assert MAX_BODY < len(noted.body) <= MAX_BODY + 1000


# --- the policy -----------------------------------------------------------------------------------


def test_another_policy_counts_from_then_on() -> None:
    control = Control()
    text = b"""{"ssh": [
      {"action": "accept", "src": ["autogroup:member"], "dst": ["tag:prod"], "users": ["root"]},
    ]}"""
    assert run(control.ask("PUT", "/policy", text)) == (200, {"rules": 1})
    assert control.get(action_url(ssh_user="root"))[1]["action"] == {"accept": True}
    assert control.noted[0] == ControlReceived(path="/policy", body=text)


def test_a_policy_that_cannot_be_read_changes_nothing() -> None:
    control = Control()
    status, answer = run(control.ask("PUT", "/policy", b'{\n "ssh": [}'))
    assert status == 400
    assert answer["error"].startswith("line 2, column 10: ")
    assert control.get(action_url())[1]["action"]["accept"]


def test_configurations_that_make_no_sense() -> None:
    with pytest.raises(HuJsonError):
        Control(ControlConfig(policy='{"ssh": 1}'))
    with pytest.raises(ConfigError, match="taken by node laptop"):
        Control(ControlConfig(nodes=(NODES[0], NODES[0])))


def test_a_config_survives_json() -> None:
    config = msgspec.structs.replace(CONFIG, actions={"*": SSHAction(accept=True, recorders=())})
    assert msgspec.json.decode(msgspec.json.encode(config), type=ControlConfig) == config


# --- at the socket --------------------------------------------------------------------------------


def at_socket(
    config: ControlConfig, use: Callable[[str, list[Event]], Coroutine[Any, Any, T]], **keys: Any
) -> T:
    events: list[Event] = []
    ticks = itertools.count()
    log = Log("control", lambda: next(ticks), events.append)

    async def start(stop: asyncio.Event, listening: Callable[[str], None]) -> None:
        overlay = keys.get("overlay", Overlay())
        await serve_control(config, log, overlay=overlay, stop=stop, listening=listening)

    async def play() -> T:
        async with serving(start) as address:
            return await use(f"http://{address}", events)

    return run(play())


def test_the_ssh_servers_own_way_of_asking() -> None:
    async def use(url: str, events: list[Event]) -> None:
        policy = Policy("prod-1", None, url, "")
        decision = await policy.decide("100.64.0.1", "root")
        assert decision.action.accept
        assert decision.action.recorders == (
            "100.64.0.31:80",
            "100.64.0.32:8080",
            "[fd7a:115c:a1e0::32]:8080",
        )
        assert decision.source.numeric_id == 101
        assert decision.local_user == "root"
        with pytest.raises(RefusedError, match="no ssh rule"):
            await policy.decide("100.64.0.4", "root")
        assert [type(event.what) for event in events] == [ActionServed] * 4

    at_socket(msgspec.structs.replace(CONFIG, holds=1), use)


def test_notices_at_the_socket() -> None:
    async def use(url: str, events: list[Event]) -> None:
        status, _ = await request("POST", f"{url}/ssh/notify/1", b"{}", limit=DEADLINE)
        assert status == 201
        status, body = await request("GET", f"{url}/{quote('nö')}", limit=DEADLINE)
        assert status == 404
        assert json.loads(body) == {"error": "nothing at GET /nö"}
        assert [event.what for event in events] == [
            NoticeReceived(path="/ssh/notify/1", body=b"{}", status=201)
        ]

    at_socket(CONFIG, use)


def test_a_mutant_stands_in() -> None:
    class Deaf(ControlPlane):
        def decide(self, *args: Any) -> Decision:
            open_to_all = SSHAction(accept=True)
            return Decision(rule=None, action=open_to_all, final=open_to_all, local_user="root")

    mutant = Mutant(
        name="deaf",
        part="control",
        summary="",
        breaks=(),
        shown_by=(),
        overlay={ControlPlane: Deaf},
    )

    async def use(url: str, events: list[Event]) -> None:
        _, body = await request("GET", url + action_url("100.64.0.4"), limit=DEADLINE)
        assert json.loads(body)["action"] == {"accept": True}
        assert len(events) == 1

    at_socket(CONFIG, use, overlay=Overlay(mutant))
