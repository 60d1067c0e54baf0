"""The control plane in virtual time: the reference one itself, asked over a modelled network.

`simulator.control.ControlPlane` awaits nothing but its request, so it is run as it is, to its end,
wherever it is asked. `simulator.ssh_policy.Policy` asks, and waits in virtual time for the answer.
"""

from __future__ import annotations

from collections.abc import Generator, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from conformance.history import Log
from conformance.wire import SECOND, SSHAction
from simulator.control import POLICY, ControlConfig, ControlPlane
from simulator.control_client import ControlError
from simulator.ssh_policy import Answer, Policy
from simulator.virtual.clock import Clock, Steps
from simulator.virtual.network import Route
from simulator.virtual.shell_syntax import NotModelledError

URL = "http://control"
NOTICE_LIMIT = 10 * SECOND


class VirtualControl:
    """A control plane, and the way to it."""

    def __init__(self, clock: Clock, route: Route, config: ControlConfig, log: Log) -> None:
        self._clock = clock
        self._route = route
        self._app = ControlPlane(config, log)

    def change(self, policy: str) -> None:
        """Take another policy, from beside whatever disturbs the way."""
        status, answer = _answered(self._app, "PUT", f"{URL}{POLICY}", policy.encode())
        if status != 200:
            raise NotModelledError(f"the policy cannot be changed: {answer.decode()}")

    def ask(self, method: str, url: str, body: bytes, limit: int) -> Steps:
        """Ask, and return (status, body); raises ControlError when no answer comes in time."""
        give_up = self._clock.now() + limit
        yield from self._travel(give_up, outward=True)
        status, answer = _answered(self._app, method, url, body)
        yield from self._travel(give_up, outward=False)
        return status, answer

    def _travel(self, give_up: int, *, outward: bool) -> Steps:
        """Go one way; for as long as nothing passes, wait for another way."""
        trip = self._route.trip()
        # A request is a connection made and a head sent.
        trips = 3 * trip if outward else trip
        yield self._clock.wait(min(trips, max(0, give_up - self._clock.now())))
        while self._route.held(outward=outward) and not self._route.refusing:
            if self._clock.now() >= give_up:
                break
            timeout = self._clock.wait(give_up - self._clock.now())
            yield self._clock.either(self._route.moved, timeout)
        if self._route.refusing:
            raise ControlError(f"{URL}: connection refused")
        if self._clock.now() >= give_up:
            raise ControlError(f"{URL} did not answer in time")


def _answered(app: ControlPlane, method: str, url: str, body: bytes) -> tuple[int, bytes]:
    """Run the app's coroutine for one request, which never has to wait."""
    where = urlsplit(url)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": where.path,
        "query_string": where.query.encode(),
        "headers": [],
    }
    serving = app(scope, receive, send)
    try:
        serving.send(None)
    except StopIteration:
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])
    raise AssertionError("the control plane waited for something")


class _Asking:
    """Awaits the answer of a virtual control plane: SimPy drives the coroutine."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def __await__(self) -> Generator[Any, Any, tuple[int, bytes]]:
        result: tuple[int, bytes] = yield from self._steps
        return result


class VirtualPolicy(Policy):
    """Decides as the live server's policy does, and asks in virtual time."""

    def __init__(self, name: str, control: VirtualControl) -> None:
        super().__init__(name, None, URL, "")
        self._plane = control

    async def _ask(self, url: str, limit: float) -> Answer:
        steps = self._plane.ask("GET", url, b"", round(limit) * SECOND)
        status, body = await _Asking(steps)
        if status != 200:
            raise ControlError(f"{url} answered {status}")
        return msgspec.json.decode(body, type=Answer)


def served(action: SSHAction | None) -> dict[str, SSHAction]:
    """Return the actions of a control plane that has one for everybody, or a policy instead."""
    return {"*": action} if action is not None else {}
