"""The recorder client for events: posts one Kubernetes API request to the first recorder that can.

The deciding half, `EventClient`, is sans-IO: what happened goes in, what must be done comes out.
`Poster` carries it out with asyncio. For each recorder in order: ``HEAD /v2/event`` over HTTP/1.1
(200: it takes events; 404: it does not, and is passed over; anything else is an error), then
``POST`` of the event, which is stored there when the answer is 200, and only then. Each request
has a connection of its own: one that was left open may be gone by the time it is needed.

Sources: protocol sections 7 and 8. Upstream sets no limit for the answer to the POST; ours is that
of a recording's final answer, 30 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

import h11
import msgspec

from conformance.history import EventDial, EventOver, EventTried, Log
from conformance.wire import SECOND, V2_EVENT, Timers
from simulator.http1_exchange import exchange
from simulator.upload import split_address

OK, NOT_FOUND = 200, 404

STORED, UNSUPPORTED, FAILED = "stored", "unsupported", "failed"
"""What can come of an attempt."""


# --- what must be done ----------------------------------------------------------------------------


class Ask(msgspec.Struct, frozen=True):
    """Ask a recorder whether it takes events; `within` nanoseconds after the dial."""

    recorder: str
    within: int


class Post(msgspec.Struct, frozen=True):
    """Post the event to a recorder; `within` nanoseconds after the dial."""

    recorder: str
    within: int


class Tried(msgspec.Struct, frozen=True):
    """Note what came of a recorder."""

    recorder: str
    outcome: str
    why: str = ""


class Over(msgspec.Struct, frozen=True):
    """Stop: the event is stored by this recorder, or by none (empty)."""

    stored_by: str = ""


Effect: TypeAlias = Ask | Post | Tried | Over
Effects: TypeAlias = list[Effect]


class EventClient:
    """Decides for one event. `start` first; then `head_answered`, `post_answered` or `failed`.

    Every list of effects ends with an `Ask`, a `Post` or `Over`: one thing at a time is under way.
    """

    def __init__(self, recorders: Sequence[str], timers: Timers) -> None:
        self.recorders = tuple(recorders)
        self.timers = timers
        self.index = 0

    @property
    def recorder(self) -> str:
        """The recorder whose turn it is."""
        return self.recorders[self.index]

    def start(self) -> Effects:
        """Begin with the first recorder."""
        return self.try_next()

    def head_answered(self, status: int) -> Effects:
        """Post to a recorder that takes events; 404 alone says that one does not (event-2)."""
        if status == OK:
            return [Post(self.recorder, self.timers.final)]
        if status == NOT_FOUND:
            return self.pass_on(UNSUPPORTED, f"it takes no events: {status}")
        return self.failed(f"HEAD {V2_EVENT} was answered {status}")

    def post_answered(self, status: int) -> Effects:
        """Stop when the event is stored; any other answer than 200 says that it is not."""
        if status == OK:
            return [Tried(self.recorder, STORED), Over(self.recorder)]
        return self.failed(f"POST {V2_EVENT} was answered {status}")

    def failed(self, why: str) -> Effects:
        """Give this recorder up: it did not answer, or not well."""
        return self.pass_on(FAILED, why)

    def pass_on(self, outcome: str, why: str) -> Effects:
        """Go on to the next recorder."""
        tried = Tried(self.recorder, outcome, why)
        self.index += 1
        return [tried, *self.try_next()]

    def try_next(self) -> Effects:
        """Ask the recorder whose turn it is, if there is one left."""
        if self.index < len(self.recorders):
            return [Ask(self.recorder, self.timers.probe)]
        return [Over()]


class Poster:
    """Carries out what an `EventClient` decides, for the event that is called `event`.

    Seam: `fields`.
    """

    def __init__(self, event: str, timers: Timers, log: Log, source_addr: str = "") -> None:
        self._event = event
        self._timers = timers
        self._log = log
        self._source_addr = source_addr

    async def post(self, client: EventClient, body: bytes) -> str:
        """Post `body`; returns the address of the recorder that stored it, empty when none did."""
        effects = client.start()
        while True:
            for effect in effects:
                match effect:
                    case Tried(recorder=recorder, outcome=outcome, why=why):
                        self._log.note(
                            EventTried(
                                event=self._event, recorder=recorder, outcome=outcome, why=why
                            )
                        )
                    case Over(stored_by=stored_by):
                        self._log.note(EventOver(event=self._event, stored_by=stored_by))
                        return stored_by
                    case Ask() | Post():
                        effects = await self._answered(client, effect, body)

    async def _answered(self, client: EventClient, what: Ask | Post, body: bytes) -> Effects:
        try:
            if isinstance(what, Ask):
                return client.head_answered(await self._request("HEAD", what, b""))
            return client.post_answered(await self._request("POST", what, body))
        except (OSError, ValueError, h11.ProtocolError) as error:
            return client.failed(str(error) or type(error).__name__)

    async def _request(self, method: str, what: Ask | Post, body: bytes) -> int:
        """Send one request on a connection of its own; returns the status of the answer.

        Raises OSError, ValueError and h11.ProtocolError for all that is no answer in time.
        """
        host, port = split_address(what.recorder)
        local = (self._source_addr, 0) if self._source_addr else None
        try:
            async with asyncio.timeout(self._timers.dial / SECOND):
                reader, writer = await asyncio.open_connection(host, port, local_addr=local)
        except TimeoutError:
            raise ValueError("the dial took too long") from None
        try:
            own = "{}:{}".format(*writer.get_extra_info("sockname"))
            self._log.note(EventDial(event=self._event, recorder=what.recorder, local=own))
            request = h11.Request(
                method=method, target=V2_EVENT, headers=self.fields(method, what.recorder, body)
            )
            async with asyncio.timeout(what.within / SECOND):
                return (await exchange(reader, writer, request, body)).status
        except TimeoutError:
            raise ValueError(f"{method} {V2_EVENT} was not answered in time") from None
        finally:
            # Nothing is left to send; what the peer still says does not matter.
            writer.transport.abort()

    def fields(self, method: str, authority: str, body: bytes) -> list[tuple[str, str]]:
        """Return the header fields of a request."""
        fields = [("Host", authority), ("User-Agent", "recspec")]
        if method == "POST":
            fields += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        return fields
