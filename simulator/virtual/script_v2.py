"""The scripted recorder over v2: one connection, proper up to the script's moment."""

from __future__ import annotations

import json

from conformance.wire import V2_RECORD
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
from simulator.virtual.script_talk import HTML, JUNK, Role, Talk, Watch

_FAR_AHEAD = 1 << 40
_ENDLESS, _PIECE = 1 << 21, 1 << 18


class TalkV2(Talk):
    """One HTTP/2 connection."""

    def __init__(self, role: Role, link: Link) -> None:
        super().__init__(role, link)
        self._received: dict[int, int] = {}
        self._watches: dict[int, Watch] = {}
        self._departed: set[int] = set()
        """Streams on which nothing more is said."""
        self._come: set[int] = set()
        """Streams on which the moment has come."""
        self._last: int | None = None
        """The last stream that a GOAWAY covers; later ones are passed over."""
        self._mute = False
        self._acking = True
        self._unread: list[Body] | None = None
        """What flow control is owed while nobody reads."""
        self._ack_later()

    def _ack_later(self) -> None:
        cadence = self.role.timers.ack_cadence
        self.later.append(self.role.clock.later(cadence, self._ack))

    def _ack(self) -> None:
        self._ack_all()
        self._ack_later()

    def _ack_all(self) -> None:
        for stream, count in self._received.items():
            if self._acking and stream not in self._departed:
                self._say(stream, {"ack": count})

    def _send(self, message: Message) -> None:
        if not self._mute:
            self.link.answer(message)

    def _say(self, stream: int, frame: dict[str, object], *, last: bool = False) -> None:
        self._send(Body(stream, json.dumps(frame).encode() + b"\n"))
        if last:
            self._send(BodyEnd(stream))

    # --- what comes -----------------------------------------------------------------------------

    def take(self, message: Message) -> None:
        """Take in what came; one that left is told nothing more."""
        super().take(message)
        if isinstance(message, Fin | Rst):
            self._mute = True
            self._received.clear()

    def on(self, message: Message) -> None:
        """Take in a part of a request."""
        match message:
            case Head():
                self._request(message)
            case Body(stream=stream, data=data):
                self._data(stream, data)
            case BodyEnd(stream=stream) if stream in self._received:
                self._end(stream)
            case StreamReset(stream=stream):
                self._received.pop(stream, None)
            case _:
                pass

    def read(self, message: Body) -> None:
        """Give flow control back what was read, unless nobody reads."""
        if self._unread is not None:
            self._unread.append(message)
        else:
            super().read(message)

    def _read_again(self) -> None:
        unread, self._unread = self._unread or [], None
        for message in unread:
            self.read(message)

    def _request(self, head: Head) -> None:
        stream = head.stream
        if self._last is not None and stream > self._last:
            return
        if head.path != V2_RECORD or head.method not in ("HEAD", "POST"):
            self._refuse(stream, 404)
        elif head.method == "HEAD":
            if not self._moment("probe", stream):
                self._refuse(stream, 200)
        elif not self._moment("open", stream):
            self._send(Answer(stream, 200))
            self._received[stream] = 0
            at_header = self.script.moment == "header"
            self._watches[stream] = Watch("\n" if at_header else self.script.on_text)
            self._moment("before-header", stream)

    def _refuse(self, stream: int, status: int) -> None:
        """Answer with nothing but a head."""
        self._send(Answer(stream, status))
        self._send(BodyEnd(stream))

    def _data(self, stream: int, data: bytes) -> None:
        if stream not in self._received or stream in self._departed:
            return
        self._received[stream] += len(data)
        if self._watches[stream].saw(data) and self.script.moment in ("header", "text"):
            self._moment(self.script.moment, stream)

    def _end(self, stream: int) -> None:
        if stream in self._departed or self.script.does == "no-final":
            return
        if not self._moment("closing", stream):
            if self.script.does == "endless-frame":
                self._send(BodyEnd(stream))
                return
            self._finish(stream)

    def _finish(self, stream: int) -> None:
        self._say(stream, {"ack": self._received.get(stream, 0)}, last=True)
        self._departed.add(stream)

    # --- departures -----------------------------------------------------------------------------

    def _moment(self, moment: str, stream: int) -> bool:
        """Depart if this is the moment; True when that takes the place of what is proper."""
        if self.script.moment != moment or stream in self._come:
            return False
        self._come.add(stream)
        if self.script.after:
            self.after(self.script.after, lambda: self._depart_late(moment, stream))
            return False
        return self._depart(moment, stream)

    def _depart_late(self, moment: str, stream: int) -> None:
        if stream not in self._departed:
            self._depart(moment, stream)

    def _depart(self, moment: str, stream: int) -> bool:
        replaces = self._depart_connection(moment, stream)
        if replaces is None:
            replaces = self._depart_stream(moment, stream)
        if replaces is None:
            replaces = self._depart_acks(moment, stream)
        return replaces

    def _depart_connection(self, moment: str, stream: int) -> bool | None:
        """Do what concerns the whole connection; None when the script does something else."""
        match self.script.does:
            case "silent":
                pass
            case "reset-connection":
                self._send(Rst())
            case "half-close":
                self._send(Fin())
            case "garbage" if moment in ("probe", "open"):
                self._send(Junk("HTTP/2: the answer is none of it"))
            case "go-away":
                return self._go_away(moment, stream)
            case "stop-reading":
                self._unread = []
                self.after(self.script.seconds, self._read_again)
                return False
            case _:
                return None
        self._mute = True
        return True

    def _go_away(self, moment: str, stream: int) -> bool:
        code = self.script.error_code
        self._last = stream - 2 if moment == "open" else stream
        self._send(GoAway(self._last, code))
        if moment == "probe" and not code:
            self._refuse(stream, 200)
        if code:
            self._send(Fin())
            self._mute = True
        return moment in ("probe", "open") or self._mute

    def _depart_stream(self, moment: str, stream: int) -> bool | None:
        """Do what concerns the stream; None when the script does something else."""
        match self.script.does:
            case "refuse":
                self._refuse(stream, self.script.status)
            case "wrong-content":
                self._send(Answer(stream, 200))
                self._send(Body(stream, HTML))
                self._send(BodyEnd(stream))
            case "error-frame":
                self._say(stream, {"error": self.script.words}, last=True)
            case "bad-final":
                self._say(stream, {"error": "the recording could not be kept"}, last=True)
            case "garbage":
                self._send(Body(stream, JUNK))
                if moment == "closing":
                    self._send(BodyEnd(stream))
            case "end-early":
                self._send(BodyEnd(stream))
            case "reset":
                self._send(StreamReset(stream, self.script.error_code))
            case _:
                return None
        self._departed.add(stream)
        return True

    def _depart_acks(self, moment: str, stream: int) -> bool:
        """Ack in another way than is proper."""
        last = moment == "closing"
        received = self._received.get(stream, 0)
        match self.script.does:
            case "no-acks":
                self._acking = False
                if last:
                    self._send(BodyEnd(stream))
            case "late-acks":
                self._acking = False
                self.after(self.script.seconds, self._ack_again)
                if last:
                    self.after(self.script.seconds, lambda: self._finish(stream))
                    return True
            case "falling-acks":
                self._say(stream, {"ack": received})
                self._say(stream, {"ack": received // 2}, last=last)
            case "high-acks":
                self._say(stream, {"ack": received + _FAR_AHEAD}, last=last)
            case _:
                return self._depart_frames(stream, received)
        if last:
            self._departed.add(stream)
        return last

    def _depart_frames(self, stream: int, received: int) -> bool:
        """Write frames in another way than is usual."""
        ack = json.dumps({"ack": received}).encode()
        match self.script.does:
            case "bare-acks":
                self._say(stream, {})
            case "extra-keys":
                self._say(stream, {"ack": received, "durable": 0, "node": {"name": "rec"}})
            case "split-acks":
                for piece in (ack + ack, b" \r\n\t" + ack[:4], ack[4:], ack + b"\n"):
                    self._send(Body(stream, piece))
            case "junk-frame":
                self._send(Body(stream, JUNK))
            case "gzip-acks":  # a coding is beneath these messages
                self._say(stream, {"ack": received})
            case "endless-frame":
                self._acking = False
                self._send(Body(stream, ack[:-1] + b', "note": "'))
                for _ in range(_ENDLESS // _PIECE):
                    self._send(Body(stream, b"x" * _PIECE))
            case "cut-final":
                self._send(Body(stream, ack[:-1]))
                self._send(BodyEnd(stream))
                self._departed.add(stream)
                return True
            case _:
                pass
        return False

    def _ack_again(self) -> None:
        self._acking = True
        self._ack_all()
