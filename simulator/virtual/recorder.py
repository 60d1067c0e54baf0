"""A recorder in virtual time: what the reference recorder does, above HTTP.

It opens storage before it takes a recording, acks at every turn of the cadence what is written,
and says success only when a recording is safe. Its process can be killed and started again, and can
stand still while its kernel takes what comes.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from conformance import history
from conformance.wire import SECOND, V1_RECORD, V2_RECORD, AckFrame, Timers
from simulator.storage import StorageError
from simulator.virtual.clock import MICROSECOND, MILLISECOND, Clock, Dice, Steps
from simulator.virtual.link import Link
from simulator.virtual.messages import Answer, Body, BodyEnd, Fin, Head, Message, Rst, StreamReset
from simulator.virtual.session import EPOCH_S
from simulator.virtual.storage import Kept, Store

GRACE = SECOND // 2
"""How long recordings have to be finished when the recorder stops."""


class _Upload:
    """One recording on its way from a client into storage."""

    def __init__(self, name: str, version: str, link: Link, stream: int, kept: Kept) -> None:
        self.name = name
        self.v2 = version == "v2"
        self.link = link
        self.stream = stream
        self.kept = kept
        self.ended = False
        """The body has ended, or broke off."""
        self.over = False
        """Nothing more is answered."""

    @property
    def received(self) -> int:
        """Bytes that came and are written."""
        return len(self.kept.data)

    def ack(self) -> None:
        """Say how many bytes are written."""
        self.link.answer(Body(self.stream, b'{"ack":%d}\n' % self.received))

    def answer(self, data: bytes) -> None:
        """End the answer with this."""
        self.over = True
        self.link.answer(Body(self.stream, data))
        self.link.answer(BodyEnd(self.stream))


class VirtualRecorder:
    """One recorder, its process, and its part of the history."""

    def __init__(
        self,
        clock: Clock,
        dice: Dice,
        log: history.Log,
        store: Store,
        *,
        address: str,
        v2: bool,
        timers: Timers,
    ) -> None:
        self._clock = clock
        self._dice = dice
        self._log = log
        self._store = store
        self._address = address
        self._v2 = v2
        self._timers = timers
        self._life = 0
        """Counts starts: what a life before began has no effect any more."""
        self._still: list[Callable[[], None]] | None = None
        """What comes while the process stands still."""
        self._alive = False
        self._number = 0
        self._uploads: dict[tuple[str, int], _Upload] = {}
        self._links: dict[str, Link] = {}

    # --- the process ------------------------------------------------------------------------------

    def start(self) -> None:
        """Serve."""
        self._life += 1
        self._alive, self._number = True, 0
        self._store.recover()
        self._log.note(history.RecorderListening(address=self._address))

    def kill(self) -> None:
        """SIGKILL: what was written stays; its kernel ends its connections."""
        self._life += 1
        self._alive, self._still = False, None
        self._uploads.clear()
        self._links.clear()
        self._log.note(history.Gap(reason="killed"))

    def stop(self) -> None:
        """SIGSTOP: stand still."""
        if self._alive and self._still is None:
            self._still = []

    def cont(self) -> None:
        """SIGCONT: go on with all that came meanwhile."""
        waited, self._still = self._still or [], None
        for action in waited:
            action()

    def end(self) -> Steps:
        """Stop properly at the end of the play: clients are cut off, what came of them is kept."""
        if not self._alive:
            return
        self.cont()
        for upload in tuple(self._uploads.values()):
            if not upload.ended:
                upload.ended = upload.over = True
                self._clock.run(self._break_off(upload))
        if self._uploads:
            yield self._clock.wait(GRACE)
        for upload in self._uploads.values():
            self._failed(upload, "the recorder stopped")
        self._life += 1  # what waited while it stood still, and is not begun yet, is not begun
        self._alive = False
        self._log.note(history.End())

    def _soon(self, action: Callable[[], None], delay: int) -> None:
        """Do something a little later, unless the process is gone by then."""
        life = self._life
        self._clock.later(delay, lambda: self._running(life, action))

    def _running(self, life: int, action: Callable[[], None]) -> None:
        if life != self._life:
            return
        if self._still is not None:
            self._still.append(lambda: self._running(life, action))
        else:
            action()

    def _awake(self, life: int) -> Steps:
        """Wait while the process stands still; false when it is gone."""
        if self._still is not None and life == self._life:
            going = self._clock.event()
            self._still.append(lambda: (going.succeed(), None)[1])
            yield going
        return life == self._life

    def _think(self) -> int:
        return self._dice.between(100 * MICROSECOND, 2 * MILLISECOND)

    # --- what comes -------------------------------------------------------------------------------

    def received(self, link: Link, message: Message) -> None:
        """Take in what came on a connection."""
        self._running(self._life, lambda: self._take(link, message))

    def _take(self, link: Link, message: Message) -> None:
        if not self._alive:
            return
        match message:
            case Head():
                self._links[link.name] = link
                self._soon(lambda: self._request(link, message), self._think())
            case Body(stream=stream, data=data):
                link.read(len(data))
                upload = self._uploads.get((link.name, stream))
                if upload is not None and not upload.ended:
                    upload.kept.append(data)
            case BodyEnd(stream=stream):
                upload = self._uploads.get((link.name, stream))
                if upload is not None and not upload.ended:
                    upload.ended = True
                    self._clock.run(self._finish(upload))
            case StreamReset() | Fin() | Rst():
                self._gone(link)
            case _:
                pass

    def _gone(self, link: Link) -> None:
        self._links.pop(link.name, None)
        for upload in tuple(self._uploads.values()):
            if upload.link is link and not upload.ended:
                upload.ended = upload.over = True
                self._clock.run(self._break_off(upload))
        self._soon(lambda: link.answer(Fin()), self._think())

    def _request(self, link: Link, head: Head) -> None:
        if head.http == "2" and not self._v2:
            link.answer(Answer(0, 505, plain=True))
            link.answer(BodyEnd(0))
            link.answer(Fin())
        elif head.method == "HEAD" and head.path == V2_RECORD and head.http == "2":
            link.answer(Answer(head.stream, 200))
            link.answer(BodyEnd(head.stream))
        elif head.method == "POST" and head.path in (V1_RECORD, V2_RECORD):
            version = "v2" if head.path == V2_RECORD else "v1"
            self._clock.run(self._open(link, head.stream, version))
        else:
            self._answer(link, head.stream, 404, "not found")

    def _answer(self, link: Link, stream: int, status: int, text: str) -> None:
        link.answer(Answer(stream, status))
        link.answer(Body(stream, text.encode() + b"\n"))
        link.answer(BodyEnd(stream))

    # --- recordings -------------------------------------------------------------------------------

    def _open(self, link: Link, stream: int, version: str) -> Steps:
        """Begin an upload, or refuse it."""
        life, now = self._life, EPOCH_S * SECOND + self._clock.now()
        why = ""
        try:
            kept: Kept = yield from self._store.open(now)
        except StorageError as error:
            why = str(error)
        running = yield from self._awake(life)
        if not running:
            return
        if why:
            self._log.note(history.UploadRefused(version=version, status=503, reason=why))
            self._answer(link, stream, 503, why)
            if version == "v1":
                link.answer(Fin())
            return
        self._number += 1
        upload = _Upload(str(self._number), version, link, stream, kept)
        self._uploads[link.name, stream] = upload
        self._log.note(history.UploadStarted(upload=upload.name, version=version))
        link.answer(Answer(stream, 200 if upload.v2 else 100))
        if link.name not in self._links:  # the client left meanwhile
            self._gone(link)
        elif upload.v2:
            self._clock.run(self._ack(upload, life))

    def _ack(self, upload: _Upload, life: int) -> Steps:
        """Ack at every turn of the cadence, counted from now."""
        due = self._clock.now() + self._timers.ack_cadence
        while True:
            yield self._clock.wait(max(0, due - self._clock.now()))
            running = yield from self._awake(life)
            if not running or upload.over:
                return
            upload.ack()
            # One that stood still for a while sends one ack, not all that it missed.
            missed = (self._clock.now() - due) // self._timers.ack_cadence
            due += self._timers.ack_cadence * (missed + 1)

    def _finish(self, upload: _Upload) -> Steps:
        """Make a recording safe that its client has ended, and say so."""
        life, why, path = self._life, "", ""
        try:
            path = yield from upload.kept.finish(complete=True)
        except StorageError as error:
            why = str(error)
        running = yield from self._awake(life)
        if not running:
            return
        if why:
            self._failed(upload, why)
            if upload.v2:
                upload.answer(msgspec.json.encode(AckFrame(error=why)) + b"\n")
            else:
                upload.link.answer(Answer(upload.stream, 500))
                upload.answer(why.encode() + b"\n")
        else:
            self._stored(upload, path, complete=True)
            if upload.v2:
                upload.answer(b'{"ack":%d}\n' % upload.received)
            else:
                upload.link.answer(Answer(upload.stream, 200))
                upload.answer(b"stored\n")
        self._uploads.pop((upload.link.name, upload.stream), None)

    def _break_off(self, upload: _Upload) -> Steps:
        """Keep what came of a recording whose client left."""
        life, why, path = self._life, "", ""
        try:
            path = yield from upload.kept.finish(complete=False)
        except StorageError as error:
            why = str(error)
        running = yield from self._awake(life)
        if not running or not self._alive:
            return
        self._uploads.pop((upload.link.name, upload.stream), None)
        if why:
            self._failed(upload, why)
        else:
            self._stored(upload, path, complete=False)

    def _failed(self, upload: _Upload, why: str) -> None:
        upload.kept.abandon()
        self._log.note(history.UploadFailed(upload=upload.name, reason=why, size=upload.received))

    def _stored(self, upload: _Upload, path: str, *, complete: bool) -> None:
        self._log.note(
            history.UploadStored(
                upload=upload.name, path=path, size=upload.received, complete=complete
            )
        )
