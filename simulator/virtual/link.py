"""One connection to a recorder, with the relay at the client's end that notes what passes."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Protocol

import msgspec

from conformance import history
from simulator.virtual.messages import (
    Answer,
    Body,
    BodyEnd,
    Fin,
    GoAway,
    Head,
    Junk,
    Message,
    Rst,
    StreamReset,
)
from simulator.virtual.network import Lane, Route

ROOM = 1 << 18
"""Bytes of a body that may be under way or unread before the sender has to wait."""


class ClientEnd(Protocol):
    """The recorder client's end of a connection."""

    def received(self, message: Message) -> None:
        """Take in what came."""

    def room_made(self) -> None:
        """Say that everything sent so far has left."""


class ServerEnd(Protocol):
    """The recorder's end of connections."""

    def received(self, link: Link, message: Message) -> None:
        """Take in what came; say `link.read` of what was read of a body."""


class Tap(msgspec.Struct, frozen=True):
    """Where the relay at the client's end notes what passes."""

    recorder: str
    user: history.Log
    network: history.Log


class Link:
    """One connection to a recorder."""

    def __init__(
        self, route: Route, tap: Tap, name: str, client: ClientEnd, server: ServerEnd
    ) -> None:
        self.name = name
        self.http = ""
        """What the client speaks: ``2`` or ``1.1``; nothing before its first request."""
        self._route = route
        self._tap = tap
        self._client: ClientEnd | None = client
        self._server = server
        self._outward = Lane(route, outward=True)
        self._inward = Lane(route, outward=False)
        self._unread = 0
        self._unsent: deque[Message] = deque()
        self._bodies: set[int] = set()
        self._accepted = False
        self._client_over = False
        self._server_over = False

    def accept(self, peer: str) -> None:
        """The node's kernel took the connection, and the relay sees it."""
        self._accepted = True
        self._note(history.Dialled(recorder=self._tap.recorder, connection=self.name, peer=peer))
        self._route.links.append(self)
        self._push()

    # --- the client's side ----------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """Send from the client."""
        self._unsent.append(message)
        self._push()

    @property
    def all_out(self) -> bool:
        """True when everything that the client sent has left it."""
        return not self._unsent or not self._accepted

    def _push(self) -> None:
        if not self._accepted:
            return
        while self._unsent and not self._client_over:
            if self._unread > ROOM and isinstance(self._unsent[0], Body | BodyEnd):
                return
            self._pass(self._unsent.popleft())

    def _pass(self, message: Message) -> None:
        self._tap_request(message)
        if isinstance(message, Head):
            self.http = self.http or message.http
        if isinstance(message, Fin | Rst):
            self._outward.put_end(partial(self._arrive, message))
        elif isinstance(message, Body):
            self._unread += len(message.data)
            pieces = [partial(self._arrive, piece) for piece in self._sliced(message)]
            self._outward.put_sliced(list(pieces), len(message.data))
        else:
            self._outward.put(partial(self._arrive, message))

    def _arrive(self, message: Message) -> None:
        self._server.received(self, message)

    def leave(self) -> None:
        """The client closes; nothing is told to it any more."""
        self._client = None
        if not self._client_over and self._accepted:
            self._unsent.clear()
            self._pass(Fin())
            self._client_over = True
            self._forget()

    # --- the recorder's side --------------------------------------------------------------------

    def answer(self, message: Message) -> None:
        """Send from the recorder."""
        if self._server_over:
            return
        if isinstance(message, Fin | Rst):
            self._server_over = True
            self._inward.put_end(partial(self._returned, message))
        elif isinstance(message, Body):
            pieces = [partial(self._returned, piece) for piece in self._sliced(message)]
            self._inward.put_sliced(list(pieces), len(message.data))
        else:
            self._inward.put(partial(self._returned, message))

    def read(self, size: int) -> None:
        """The recorder read so much of a body."""
        self._unread -= size
        if self._unsent:
            self._push()
            if self._client is not None and not self._unsent:
                self._client.room_made()

    def _returned(self, message: Message) -> None:
        self._tap_answer(message)
        if isinstance(message, Fin | Rst):
            self._server_over = True
            self._forget()
        if isinstance(message, Rst):
            self._client_over = True
            self._outward.break_off()
        if self._client is not None:
            self._client.received(message)

    # --- what both see --------------------------------------------------------------------------

    def release(self) -> None:
        """What was held may pass."""
        self._outward.release()
        self._inward.release()

    def cut(self, how: Message) -> None:
        """End it for both sides at once; what is under way is lost."""
        self._outward.break_off()
        self._inward.break_off()
        ended, self._server_over = self._server_over, True
        if not self._client_over:
            self._server.received(self, Fin())
        if not ended:
            self._returned(how)
        self._forget()

    def _forget(self) -> None:
        if self._client_over and self._server_over and self in self._route.links:
            self._route.links.remove(self)

    def _sliced(self, message: Body) -> list[Body]:
        size, data = self._route.slice, message.data
        if not size or len(data) <= size:
            return [message]
        return [Body(message.stream, data[at : at + size]) for at in range(0, len(data), size)]

    def _note(self, what: history.Kind) -> None:
        self._tap.network.note(what)

    def _tap_request(self, message: Message) -> None:
        recorder, name = self._tap.recorder, self.name
        match message:
            case Head(stream=stream, method=method, path=path, http=http):
                self._note(
                    history.Requested(
                        recorder=recorder,
                        connection=name,
                        stream=stream,
                        method=method,
                        path=path,
                        http=http,
                        expect_continue=http == "1.1",
                        chunked=True if http == "1.1" else None,
                    )
                )
            case Body(stream=stream, data=data):
                where = {"recorder": recorder, "connection": name}
                if stream not in self._bodies:
                    self._bodies.add(stream)
                    self._note(history.BodyStarted(stream=stream, **where))
                self._tap.user.note(history.Handed(stream=stream, data=data, **where))
            case BodyEnd(stream=stream):
                self._note(history.BodyEnded(recorder=recorder, connection=name, stream=stream))
            case Fin() | Rst():
                self._disconnected("client", message)
            case _:
                pass

    def _tap_answer(self, message: Message) -> None:
        where = {"recorder": self._tap.recorder, "connection": self.name}
        match message:
            case Answer(stream=stream, status=status):
                self._note(history.Answered(stream=stream, status=status, **where))
            case Body(stream=stream, data=data):
                self._note(history.AnswerBody(stream=stream, data=data, **where))
            case BodyEnd(stream=stream):
                self._note(history.AnswerEnded(stream=stream, **where))
            case GoAway(last=last, code=code):
                self._note(history.WentAway(last=last, code=code, **where))
            case StreamReset(stream=stream, code=code):
                self._note(history.StreamBroken(stream=stream, code=code, **where))
            case Junk(why=why):
                self._note(history.Unreadable(side="recorder", why=why, **where))
            case Fin() | Rst():
                self._disconnected("recorder", message)
            case _:
                pass

    def _disconnected(self, by: str, message: Message) -> None:
        how = "reset" if isinstance(message, Rst) else "fin"
        where = {"recorder": self._tap.recorder, "connection": self.name}
        self._note(history.Disconnected(by=by, how=how, **where))
