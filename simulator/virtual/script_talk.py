"""What the halves of the scripted recorder share: a connection, and what spoils it at once.

What a script does then is what `fixtures.peers` does with real packets, as far as it can be told
above HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from conformance.scenario import Script
from conformance.wire import Timers
from simulator.virtual.clock import Clock, Handle, nanoseconds
from simulator.virtual.link import Link
from simulator.virtual.messages import Answer, Body, BodyEnd, Fin, Junk, Message, Rst

JUNK = b"ack: 17\r\n\r\nthis is not what you think it is\r\n"
"""No ack frame, judged by its first bytes."""
HTML = b"<html><body>It works!</body></html>\n"
_NO_HTTP = "the answer is not HTTP"


class Role(msgspec.Struct, frozen=True):
    """What is played, and when."""

    clock: Clock
    script: Script
    timers: Timers
    speed: int


class Watch:
    """Looks for a text in a body as it comes."""

    def __init__(self, text: str) -> None:
        self._text = text.encode()
        self._tail = b""

    def saw(self, data: bytes) -> bool:
        """Tell whether the text was in the body with these bytes added."""
        self._tail += data
        found = self._text in self._tail
        self._tail = self._tail[-len(self._text) :] if self._text else b""
        return found


class Talk:
    """One connection."""

    def __init__(self, role: Role, link: Link) -> None:
        self.role = role
        self.script = role.script
        self.link = link
        self.later: list[Handle] = []

    def take(self, message: Message) -> None:
        """Take in what came; a client that leaves is left."""
        if isinstance(message, Fin | Rst):
            for handle in self.later:
                handle.cancel()
            self.link.answer(Fin())
        else:
            if isinstance(message, Body):
                self.read(message)
            self.on(message)

    def on(self, message: Message) -> None:
        """Take in anything but the connection's end."""
        raise NotImplementedError

    def read(self, message: Body) -> None:
        """Give back what was read of a body."""
        self.link.read(len(message.data))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something so many seconds later."""
        delay = nanoseconds(seconds) // self.role.speed
        self.later.append(self.role.clock.later(delay, action))


class Spoilt(Talk):
    """Does to a connection at once what the script does to every one of them."""

    def __init__(self, role: Role, link: Link) -> None:
        super().__init__(role, link)
        match self.script.does:
            case "reset-connection" | "reset":
                link.answer(Rst())
            case "half-close":
                link.answer(Fin())
            case "garbage":
                link.answer(Junk(_NO_HTTP))
            case "tls":
                link.answer(Junk(_NO_HTTP))
                link.answer(Fin())
            case _:
                pass  # it stays silent

    def on(self, message: Message) -> None:
        """Read on and say nothing."""


class Preface(Talk):
    """A v1 recorder that meets the preface of HTTP/2, which it does not know."""

    def __init__(self, role: Role, link: Link) -> None:
        super().__init__(role, link)
        script = self.script
        if script.moment != "probe":
            link.answer(Fin())
            return
        match script.does:
            case "reset-connection" | "reset":
                link.answer(Rst())
            case "half-close":
                link.answer(Fin())
            case "garbage":
                link.answer(Junk(_NO_HTTP))
            case "refuse" | "early-200":
                status = 200 if script.does == "early-200" else script.status
                link.answer(Answer(0, status, plain=True))
                link.answer(BodyEnd(0))
                link.answer(Fin())
            case _:
                pass  # it stays silent

    def on(self, message: Message) -> None:
        """Read on and say nothing."""
