"""The scripted recorder over v1: one upload over HTTP/1.1, proper up to the script's moment."""

from __future__ import annotations

from conformance.wire import V1_RECORD
from simulator.virtual.link import Link
from simulator.virtual.messages import Answer, Body, BodyEnd, Fin, Head, Junk, Message, Rst
from simulator.virtual.script_talk import HTML, Role, Talk, Watch

HINTS_S = 1.0
"""How long after a 103 the 100 comes (s)."""


class TalkV1(Talk):
    """One upload over HTTP/1.1."""

    def __init__(self, role: Role, link: Link) -> None:
        super().__init__(role, link)
        moment = self.script.moment
        self._moment_of_body = moment if moment in ("header", "text") else ""
        self._watch = Watch("\n" if moment == "header" else self.script.on_text)
        self._over = False
        self._come = False
        self._stalled: list[Message] | None = None

    def on(self, message: Message) -> None:
        """Take in a part of the request."""
        if self._stalled is not None:
            self._stalled.append(message)
            return
        match message:
            case Head() if not self._over:
                self._request(message)
            case Body(data=data) if not self._over:
                if self._watch.saw(data) and self._moment_of_body:
                    self._moment(self._moment_of_body)
            case BodyEnd() if not self._over:
                self._end()
            case _:
                pass

    def _go_on(self) -> None:
        waited, self._stalled = self._stalled or [], None
        for message in waited:
            if isinstance(message, Body):
                super().read(message)
            self.on(message)

    def read(self, message: Body) -> None:
        """Give back what was read; one that has stopped reading gives nothing back."""
        if self._stalled is None:
            super().read(message)

    def _request(self, head: Head) -> None:
        if head.method != "POST" or head.path != V1_RECORD:
            self._answer(404)
        elif not self._moment("open"):
            self._continue()

    def _continue(self) -> None:
        if not self._over:
            self.link.answer(Answer(1, 100))
            self._moment("before-header")

    def _end(self) -> None:
        if self.script.does == "no-final":
            self._over = True
        elif not self._moment("closing"):
            self._answer(200)

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.link.answer(Answer(1, status))
        if body:
            self.link.answer(Body(1, body))
        self.link.answer(BodyEnd(1))
        self.link.answer(Fin())
        self._over = True

    def _moment(self, moment: str) -> bool:
        """Depart if this is the moment; True when that takes the place of what is proper."""
        if self._over or self._come or self.script.moment != moment:
            return False
        self._come = True
        if self.script.after:
            self.after(self.script.after, self._depart_late)
            return False
        return self._depart()

    def _depart_late(self) -> None:
        if not self._over:
            self._depart()

    def _depart(self) -> bool:
        match self.script.does:
            case "reset" | "reset-connection":
                self.link.answer(Rst())
            case "half-close":
                self.link.answer(Fin())
            case "garbage":
                self.link.answer(Junk("the answer is not HTTP/1.1"))
            case "silent":
                pass
            case "stop-reading":
                self._stalled = []
                self.after(self.script.seconds, self._go_on)
                return False
            case "early-hints":
                self.link.answer(Answer(1, 103))
                self.after(HINTS_S, self._continue)
                return True
            case "late-continue":
                self.after(self.script.seconds, self._continue)
                return True
            case "end-early" | "early-200":
                self._answer(200)
            case "wrong-content":
                self._answer(200, HTML)
            case "refuse":
                self._answer(self.script.status)
            case "error-frame" | "bad-final":
                self._answer(500)
            case _:
                return False
        self._over = True
        return True
