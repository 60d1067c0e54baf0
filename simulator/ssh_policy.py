"""Which action counts for a connection: given by file, or asked of the control plane.

The control plane's answer to ``GET /ssh/action`` is `Answer`. Where it has rules, they are tried in
their order, and the first that matches has the action; none, and the session is refused. An action
that holds names a URL where the next answer is to be had, possibly several times over: the first
and the last count (protocol section 2). Without an answer the session is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

import msgspec

from conformance.wire import SSHAction, SSHRule
from simulator.control_client import ControlError, on_control, request

ASK_LIMIT = 10.0
"""Seconds for one answer."""
HOLD_LIMIT = 120.0
"""Seconds for one answer that was put on hold: a person may have to be asked."""
UNKNOWN_TAG = "tag:unknown"
"""The tag of a node that nobody could tell us about."""

MOST_HOLDS = 16


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Who connects, as the control plane knows it: a tagged node, or a user's."""

    name: str
    id: str
    numeric_id: int = 0
    tags: tuple[str, ...] | None = None
    user_id: int = 0
    user: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the control plane answers for a connection.

    `rules` stand in place of `action` where they are given: it is what the first of them comes to.
    """

    action: SSHAction
    source: Source | None = None
    local_user: str = ""
    rules: tuple[SSHRule, ...] | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What counts for a connection."""

    action: SSHAction
    source: Source
    local_user: str


class RefusedError(Exception):
    """The connection gets no session; the message is for the user."""


class Policy:
    """Decides for connections to the node `name`; see `simulator.ssh_server.ServerConfig`."""

    def __init__(self, name: str, action: SSHAction | None, control: str, source_addr: str) -> None:
        self._name = name
        self._action = action
        self._control = control
        self._source_addr = source_addr

    async def decide(self, peer: str, ssh_user: str) -> Decision:
        """Decide for a connection from the IP address `peer`; RefusedError says why not."""
        answer = await self._first(peer, ssh_user)
        action = await self._held(self.chosen(answer, ssh_user))
        if action.reject:
            raise RefusedError(action.message or "access denied by policy")
        if not action.accept:
            raise RefusedError("access denied: the policy has no action for this connection")
        return Decision(
            action=action,
            # A node that nobody knows is named by its address. A recording must say whose it is
            # (header-17), and an invented user would be worse than a tag that says so.
            source=answer.source or Source(name=peer, id=peer, tags=(UNKNOWN_TAG,)),
            local_user=answer.local_user or ssh_user,
        )

    async def _first(self, peer: str, ssh_user: str) -> Answer:
        if not self._control:
            if self._action is None:
                raise RefusedError("access denied: there is no policy")
            return Answer(action=self._action)
        query = urlencode({"peer": peer, "destination": self._name, "ssh_user": ssh_user})
        try:
            answer = await self._ask(f"{self._control.rstrip('/')}/ssh/action?{query}", ASK_LIMIT)
        except ControlError as error:
            if self._action is None:
                raise RefusedError(f"access denied: no policy to be had: {error}") from None
            return Answer(action=self._action)
        if self._action is None:
            return answer
        return msgspec.structs.replace(answer, action=self._action, rules=None)

    def chosen(self, answer: Answer, ssh_user: str) -> SSHAction:
        """Return the first action of a connection."""
        if answer.rules is None:
            return answer.action
        node = answer.source.id if answer.source else ""
        rule = self.matching(answer.rules, node, ssh_user)
        return rule.action if rule else SSHAction(reject=True, message=answer.action.message)

    def matching(self, rules: Iterable[SSHRule], node: str, ssh_user: str) -> SSHRule | None:
        """Return the rule that decides: the first that matches."""
        return next((rule for rule in rules if rule.matches(node, ssh_user)), None)

    async def _held(self, first: SSHAction) -> SSHAction:
        """Follow an action that holds; the first and the last count."""
        last = first
        for _ in range(MOST_HOLDS):
            if not last.hold_and_delegate:
                break
            url = on_control(self._control, last.hold_and_delegate)
            try:
                last = (await self._ask(url, HOLD_LIMIT)).action
            except ControlError as error:
                raise RefusedError(f"access denied: the check did not end: {error}") from None
        if last.hold_and_delegate:
            raise RefusedError(f"access denied: put on hold more than {MOST_HOLDS} times")
        return last if last is first else first.followed_by(last)

    async def _ask(self, url: str, limit: float) -> Answer:
        status, body = await request("GET", url, limit=limit, source_addr=self._source_addr)
        if status != 200:
            raise ControlError(f"{url} answered {status}")
        try:
            return msgspec.json.decode(body, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ControlError(f"{url} answered what is no action: {error}") from None
