"""The reference control plane: which action counts for a connection, and where failures are told.

Source: protocol facts, sections 1, 2 and 5. It loads a policy and a node list and answers over
HTTP/1.1 (or h2c):

- ``GET /ssh/action?peer=IP&destination=NODE&ssh_user=USER``: the first action, who the peer is,
  and the account to be used; where a policy decides, also the `rules` from which an SSH server
  finds that action by itself. A peer that nobody knows is 404.
- ``GET /ssh/action/TOKEN``: the next action of a ``check``, named by the one before.
- ``POST /ssh/notify/ID``: a failure notice (NotifyURL).
- ``PUT /policy``: another policy from now on; 400 names line and column, and the old one stays.

Every request body is noted, so that what a control plane was told can be judged: nothing of a
recording belongs there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import msgspec

from conformance.history import ActionServed, ControlReceived, Log, NoticeReceived
from conformance.hujson import HuJsonError
from conformance.nodes import Node, find_node, wrong_nodes
from conformance.policy import read_policy
from conformance.policy_match import decide
from conformance.policy_types import Decision, Policy
from conformance.ssh_rules import ssh_rules
from conformance.wire import SECOND, SSHAction, SSHRule
from simulator.overlay import Overlay
from simulator.serving import serve
from simulator.serving_protocols import Receive, Scope, Send

ACTION = "/ssh/action"
NOTIFY = "/ssh/notify/"
POLICY = "/policy"
UNUSED = "https://unused"
"""Host of the URLs in actions: a client puts the control plane's own in its place."""

MAX_BODY = 8 << 20
"""Bytes of a request body that are taken; more is 413."""

MAX_HELD = 10_000
"""Connections on hold that are remembered; the oldest are forgotten."""

_TOKEN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?")


class ControlConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a control plane is set up."""

    name: str = "control"
    host: str = "127.0.0.1"
    port: int = 0
    policy: str = ""
    """HuJSON; empty: no rule at all."""
    nodes: tuple[Node, ...] = ()
    peers: Mapping[str, str] = {}
    """Names of nodes by IP address, beside the nodes' own addresses."""
    actions: Mapping[str, SSHAction] = {}
    """Actions in place of the policy's, by destination; ``*`` stands for all others."""
    then: tuple[SSHAction, ...] = ()
    """Further actions, in their order, after one of `actions`: all but the last one hold."""
    holds: int = 0
    """How many more times a ``check`` holds before it lets the user in."""
    notice_status: int = 201
    notice_delay: int = 0
    """Nanoseconds before a notice is answered."""


class ConfigError(ValueError):
    """A configuration that makes no sense."""


class _Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class _Asked(msgspec.Struct, frozen=True):
    """One connection that was asked about, and what was decided."""

    peer: str
    destination: str
    ssh_user: str
    source: Node | None
    decision: Decision


class ControlPlane:
    """The ASGI app. Raises ConfigError, and HuJsonError for a policy that cannot be read.

    Seams: `whois`, `decide`, `rules`, `sent`, `delegated`, `take_policy`, `answer_notice`.
    """

    def __init__(self, config: ControlConfig, log: Log) -> None:
        wrong = next(wrong_nodes(config.nodes), None)
        if wrong:
            raise ConfigError(wrong[1])
        self.config = config
        self.log = log
        self.policy = Policy()
        self.take_policy(read_policy(config.policy or "{}"))
        self._ids = count(1)
        self._held: dict[str, _Asked] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        method, path = scope["method"], scope["path"]
        body, whole = await _body(receive)
        notice = method == "POST" and path.startswith(NOTIFY)
        if body and not (notice and whole):
            self.log.note(ControlReceived(path=path, body=body))
        if len(body) > MAX_BODY:
            error = f"more than {MAX_BODY} bytes"
            await _answer(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": error})
        elif whole and notice:
            await self._notice(path, body, receive, send)
        elif whole:
            try:
                status, answer = self._route(scope, body)
            except _Refusal as refusal:
                status, answer = refusal.status, {"error": refusal.message}
            await _answer(send, status, answer)
        # Else the client left in the middle of its request, and nobody waits for an answer.

    def _route(self, scope: Scope, body: bytes) -> tuple[int, Any]:
        method, path = scope["method"], scope["path"]
        if method == "GET" and path == ACTION:
            return HTTPStatus.OK, self._first(_query(scope))
        if method == "GET" and path.startswith(f"{ACTION}/"):
            return HTTPStatus.OK, {"action": self._next(path.removeprefix(f"{ACTION}/"))}
        if method == "PUT" and path == POLICY:
            return HTTPStatus.OK, self._load(body)
        raise _Refusal(HTTPStatus.NOT_FOUND, f"nothing at {method} {path}")

    # --- actions ----------------------------------------------------------------------------------

    def _first(self, query: dict[str, str]) -> dict[str, Any]:
        """Answer for a new connection."""
        peer, name, user = query["peer"], query["destination"], query["ssh_user"]
        source = self.whois(peer)
        destination = find_node(self.config.nodes, name)
        instead = self._instead(name, destination)
        number = next(self._ids)
        rules: tuple[SSHRule, ...] = ()
        if instead is not None:
            then = self.config.then
            hold = f"{UNUSED}{ACTION}/{number}"
            decision = Decision(
                rule=None,
                action=_holding(instead, hold) if then else instead,
                final=then[-1] if then else instead,
                local_user=user,
            )
        elif source is None:
            raise _Refusal(HTTPStatus.NOT_FOUND, f"no node has the address {peer}")
        elif destination is None:
            raise _Refusal(HTTPStatus.NOT_FOUND, f"no node is called {name}")
        else:
            decision = self.decide(source, destination, user, number)
            rules = self.rules(destination, number)
        asked = _Asked(peer, name, user, source, decision)
        if decision.action != decision.final:
            self._hold(f"{number}", asked)
        self._note(asked, decision.action, rules)
        answer = {
            "action": decision.action,
            "source": source and _source(source),
            "local_user": decision.local_user,
        }
        return answer if instead is not None else {**answer, "rules": rules}

    def whois(self, peer: str) -> Node | None:
        """Return the node with this address (a port after it does not matter)."""
        if peer in self.config.peers:
            return find_node(self.config.nodes, self.config.peers[peer])
        for node in self.config.nodes:
            if peer in node.addresses:
                return node
        host, colon, port = peer.rpartition(":")
        if colon and port.isdigit() and (":" not in host or host.startswith("[")):
            return self.whois(host.strip("[]"))
        return None

    def decide(self, source: Node, destination: Node, ssh_user: str, number: int) -> Decision:
        """Decide by the policy; `number` is the connection's, for the URLs of its actions."""
        decision = decide(
            self.policy,
            self.config.nodes,
            source,
            destination,
            ssh_user,
            notify_url=f"{UNUSED}{NOTIFY}{number}",
            hold_url=f"{UNUSED}{ACTION}/{number}",
        )
        return msgspec.structs.replace(
            decision, action=self.sent(decision.action), final=self.sent(decision.final)
        )

    def rules(self, destination: Node, number: int) -> tuple[SSHRule, ...]:
        """Return the policy's rules for `destination`; `number` is as for `decide`."""
        rules = ssh_rules(
            self.policy,
            self.config.nodes,
            destination,
            notify_url=f"{UNUSED}{NOTIFY}{number}",
            hold_url=f"{UNUSED}{ACTION}/{number}",
        )
        return tuple(msgspec.structs.replace(r, action=self.sent(r.action)) for r in rules)

    def sent(self, action: SSHAction) -> SSHAction:
        """Return an action of the policy as it is sent."""
        return action

    def _instead(self, name: str, destination: Node | None) -> SSHAction | None:
        """Return the configured action for a destination, by any of its names."""
        names = [name]
        if destination:
            names += [destination.name, destination.short_name, destination.id]
        return next(
            (self.config.actions[key] for key in (*names, "*") if key in self.config.actions), None
        )

    def _hold(self, token: str, asked: _Asked) -> None:
        self._held[token] = asked
        if len(self._held) > MAX_HELD:
            del self._held[next(iter(self._held))]

    def _next(self, token: str) -> SSHAction:
        """Answer for a connection on hold. A token is a number, or a number and how often.

        Asking twice gives the same answer: an SSH server may have to ask again.
        """
        match = _TOKEN.fullmatch(token)
        asked = self._held.get(match[1]) if match else None
        turn = int(match[2] or 0) if match else 0
        if asked is None or turn > max(self.config.holds, len(self.config.then) - 1):
            raise _Refusal(HTTPStatus.NOT_FOUND, "no connection is on hold here")
        action = self.delegated(asked.decision, token.partition(".")[0], turn)
        self._note(asked, action)
        return action

    def delegated(self, decision: Decision, number: str, turn: int) -> SSHAction:
        """Return what follows the action number `turn` (from 0) of a connection on hold."""
        if turn < len(self.config.then) - 1:
            return _holding(self.config.then[turn], f"{UNUSED}{ACTION}/{number}.{turn + 1}")
        if turn < self.config.holds:
            return SSHAction(hold_and_delegate=f"{UNUSED}{ACTION}/{number}.{turn + 1}")
        return decision.final

    def _note(self, asked: _Asked, action: SSHAction, rules: tuple[SSHRule, ...] = ()) -> None:
        self.log.note(
            ActionServed(
                peer=asked.peer,
                destination=asked.destination,
                ssh_user=asked.ssh_user,
                action=action,
                source=asked.source.id if asked.source else "",
                rules=rules,
            )
        )

    # --- the policy -------------------------------------------------------------------------------

    def _load(self, body: bytes) -> dict[str, Any]:
        try:
            self.take_policy(read_policy(body))
        except HuJsonError as error:
            raise _Refusal(HTTPStatus.BAD_REQUEST, str(error)) from None
        return {"rules": len(self.policy.ssh)}

    def take_policy(self, policy: Policy) -> None:
        """Decide by another policy from now on."""
        self.policy = policy

    # --- notices ----------------------------------------------------------------------------------

    async def _notice(self, path: str, body: bytes, receive: Receive, send: Send) -> None:
        status, delay = self.answer_notice(path, body)
        self.log.note(NoticeReceived(path=path, body=body, status=status))
        if not await _gone(receive, delay):
            await _answer(send, status, {})

    def answer_notice(self, path: str, body: bytes) -> tuple[int, int]:  # noqa: ARG002 - a seam
        """Return how a notice is answered: the status, and after how many nanoseconds."""
        return self.config.notice_status, self.config.notice_delay


def _holding(action: SSHAction, url: str) -> SSHAction:
    """Return the action with the user put on hold until the one at `url` is fetched."""
    return msgspec.structs.replace(action, accept=False, hold_and_delegate=url)


def _source(node: Node) -> dict[str, Any]:
    """Say who a peer is, as a recording's header wants it: tags, or a user."""
    return {
        "name": node.name,
        "id": node.id,
        "numeric_id": node.numeric_id,
        "tags": list(node.tags) or None,
        "user_id": 0 if node.tags else node.user_id,
        "user": node.login,
    }


def _query(scope: Scope) -> dict[str, str]:
    """Return the three parameters of a question; each must be there once and not be empty."""
    try:
        given = parse_qs(scope["query_string"].decode(), strict_parsing=True, max_num_fields=16)
    except ValueError:
        raise _Refusal(HTTPStatus.BAD_REQUEST, "the query cannot be read") from None
    for name in ("peer", "destination", "ssh_user"):
        if len(given.get(name, ())) != 1:
            raise _Refusal(HTTPStatus.BAD_REQUEST, f"{name} must be given once")
    return {name: values[0] for name, values in given.items()}


async def _body(receive: Receive) -> tuple[bytes, bool]:
    """Read a request body; false when the client left before its end, or it is too long."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body), False
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return bytes(body), False
        if not message.get("more_body", False):
            return bytes(body), True


async def _gone(receive: Receive, delay: int) -> bool:
    """Wait `delay` nanoseconds; true when the client left before."""
    if not delay:
        return False
    try:
        async with asyncio.timeout(delay / SECOND):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _answer(send: Send, status: int, answer: Any) -> None:
    body = msgspec.json.encode(answer) + b"\n"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def serve_control(
    config: ControlConfig,
    log: Log,
    *,
    overlay: Overlay,
    stop: asyncio.Event,
    listening: Callable[[str], None],
) -> None:
    """Serve a control plane until `stop` is set; see `simulator.serving.serve`.

    Raises ConfigError, HuJsonError for the policy, OSError when the address cannot be used.
    """
    app = overlay(ControlPlane)(config, log)
    await serve(app, config.host, config.port, stop=stop, listening=listening)
