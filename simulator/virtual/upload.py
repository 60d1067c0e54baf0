"""One connection to a recorder: the client's half, as `simulator.upload` is the live one's.

The core says dial, probe, open, send, close and cancel; here they are done on a virtual link, and
what came of it goes to the core as its own events. Stages and their meaning are the live ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import h2.errors

from conformance.wire import V1_RECORD, V2_RECORD
from simulator import client_steps as core
from simulator.upload import Stage
from simulator.upload_v2 import AnswerError, AnswerFrames, graceful, name_of
from simulator.virtual.link import Link
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

PROBE, UPLOAD, UPLOAD_V1 = 1, 3, 1
"""The streams, as clients number them."""
OK, CONTINUE = 200, 100
CLOSED = "the recorder closed the connection"
RESET = "connection reset by peer"
REFUSED = "connection refused"


class Dialler(Protocol):
    """Who makes connections."""

    def dial(self, address: str, upload: VirtualUpload) -> None:
        """Dial; say `connected` or `failed` when that is known."""


class VirtualUpload:
    """Operation `op` of one session; `tell` takes the core's events."""

    def __init__(self, op: int, tell: Callable[[core.Event], None], dialler: Dialler) -> None:
        self.op = op
        self.stage = Stage.DIALLING
        self._tell = tell
        self._dialler = dialler
        self._link: Link | None = None
        self._v2 = True
        self._broken = ""
        self._leaving = False
        self._continued = False
        self._answered = False
        self._unsaid = False
        self._frames = AnswerFrames()
        self.gave_up: Callable[[], None] = lambda: None
        """Called when a dial is given up that nobody has answered."""

    # --- what the core asks for -----------------------------------------------------------------

    def dial(self, address: str) -> None:
        """Connect; `Connected` or `DialFailed` follows."""
        self._dialler.dial(address, self)

    def connected(self, link: Link) -> None:
        """The dial succeeded."""
        if self.stage is Stage.DIALLING:
            self._link = link
            self.stage = Stage.IDLE
            self._tell(core.Connected(self.op))
        else:
            link.leave()

    def probe(self) -> None:
        """Ask for v2; `Probed` follows."""
        if self._begins(Stage.PROBING):
            self._send(Head(PROBE, "HEAD", V2_RECORD, "2"))
            self._send(BodyEnd(PROBE))

    def open(self, *, v2: bool) -> None:
        """Start the upload; `Opened` or `OpenFailed` follows."""
        self._v2 = v2
        if not self._begins(Stage.OPENING):
            return
        if v2 and self._leaving:
            self.failed("the recorder is going away and takes nothing new")
        elif v2:
            self._send(Head(UPLOAD, "POST", V2_RECORD, "2"))
        else:
            self._send(Head(UPLOAD_V1, "POST", V1_RECORD, "1.1"))

    def send(self, data: bytes) -> None:
        """Send a part of the body; `Handed` follows when it left."""
        if self.stage is Stage.STREAMING:
            self._unsaid = True
            self._send(Body(self._stream, data))
            self.room_made()

    def close_body(self) -> None:
        """End the body; `AnswerEnded` or `UploadLost` follows."""
        if self.stage is Stage.STREAMING:
            self._send(BodyEnd(self._stream))

    def cancel(self) -> None:
        """Drop the connection; nothing more is told."""
        if self.stage is Stage.DIALLING:
            self.gave_up()
        self.stage = Stage.OVER
        if self._link is not None:
            self._link.leave()

    @property
    def _stream(self) -> int:
        return UPLOAD if self._v2 else UPLOAD_V1

    def _send(self, message: Message) -> None:
        assert self._link is not None
        self._link.send(message)

    def _begins(self, stage: Stage) -> bool:
        if self.stage is not Stage.IDLE:
            return False
        self.stage = stage
        if self._broken:
            self.failed(self._broken)
        return not self._broken

    # --- what comes back ------------------------------------------------------------------------

    def room_made(self) -> None:
        """Everything sent so far has left, if nothing waits."""
        if self._unsaid and self._link is not None and self._link.all_out:
            self._unsaid = False
            if self.stage is Stage.STREAMING:
                self._tell(core.Handed(self.op))

    def received(self, message: Message) -> None:
        """Take in what the recorder sent."""
        match message:
            case Fin():
                self.failed(CLOSED)
                if self._link is not None:
                    self._link.leave()
            case Rst():
                self.failed(RESET)
            case Junk(why=why):
                self.failed(why)
            case GoAway(last=last, code=code):
                self._going_away(last, code)
            case _ if self.stage is Stage.OVER:
                pass
            case _ if self._v2:
                self._received_v2(message)
            case _:
                self._received_v1(message)

    def _received_v2(self, message: Message) -> None:
        match message:
            case Answer(plain=True):
                self.failed("HTTP/2: the answer is HTTP/1.1")
            case Answer(stream=1, status=status):
                if self.stage is Stage.PROBING:
                    self.stage = Stage.IDLE
                    self._tell(core.Probed(self.op, status == OK))
            case Answer(status=status) if status != OK:
                self.failed(f"POST {V2_RECORD} was answered {status}")
            case Answer():
                self._opened()
            case Body(stream=3, data=data):
                self._frame_bytes(data)
            case BodyEnd(stream=3):
                self._ended_v2()
            case StreamReset(stream=1):
                self.failed("the probe was reset")
            case StreamReset(code=code):
                self.failed(f"the recorder reset the stream: {name_of(_code(code))}")
            case _:
                pass

    def _frame_bytes(self, data: bytes) -> None:
        try:
            for frame in self._frames.feed(data):
                if self.stage is not Stage.STREAMING:
                    return
                if frame.error:
                    self.stage = Stage.OVER
                    self._tell(core.ErrorReceived(self.op, frame.error))
                    return
                self._tell(core.AckReceived(self.op, frame.ack))
        except AnswerError as error:
            self.failed(str(error))

    def _ended_v2(self) -> None:
        try:
            self._frames.finish()
        except AnswerError as error:
            self.failed(str(error))
        else:
            self._ended()

    def _received_v1(self, message: Message) -> None:
        if not isinstance(message, Answer) or self._answered:
            return
        status = message.status
        if status == CONTINUE:
            if not self._continued:
                self._continued = True
                self._opened()
            return
        if status < OK:
            return  # another interim answer, which says nothing
        self._answered = True
        if not self._continued:
            self.failed(f"POST {V1_RECORD} was answered {status} before any 100")
        elif status != OK:
            self.failed(f"POST {V1_RECORD} was answered {status}")
        else:
            self._ended()

    def _opened(self) -> None:
        if self.stage is Stage.OPENING:
            self.stage = Stage.STREAMING
            self._tell(core.Opened(self.op))

    def _ended(self) -> None:
        if self.stage is Stage.STREAMING:
            self.stage = Stage.ENDED
            self._tell(core.AnswerEnded(self.op))

    def _going_away(self, last: int, code: int) -> None:
        self._leaving = True
        ours = UPLOAD if self.stage in (Stage.OPENING, Stage.STREAMING, Stage.ENDED) else PROBE
        if not graceful(code, last, ours):
            self.failed(f"the recorder is going away: {name_of(_code(code))}")

    def failed(self, why: str) -> None:
        """Something went wrong; what that means depends on the stage."""
        stage, self.stage = self.stage, Stage.OVER
        if stage is Stage.IDLE:
            # Nothing is under way that could fail: the next step will say it.
            self.stage, self._broken = Stage.IDLE, why
        elif stage is Stage.DIALLING:
            self._tell(core.DialFailed(self.op, why))
        elif stage is Stage.PROBING:
            self._tell(core.Probed(self.op, v2=False))
        elif stage is Stage.OPENING:
            self._tell(core.OpenFailed(self.op, why))
        elif stage is Stage.STREAMING:
            self._tell(core.UploadLost(self.op, why))
        else:
            self.stage = stage


def _code(number: int) -> h2.errors.ErrorCodes | int:
    try:
        return h2.errors.ErrorCodes(number)
    except ValueError:
        return number
