"""The reference recorder: recordings come in over HTTP and go into storage byte for byte.

**v2** (``POST /v2/record`` over HTTP/2): the 200 goes out as soon as storage can take a recording,
before any body byte; then ``{"ack": N}`` at every turn of the cadence, idle or busy, where N counts
bytes that are written already; after the body's end the total, once the recording is safe, and the
answer ends. What storage cannot keep becomes an ``{"error": …}`` frame, the last one.

**v1** (``POST /record``): the interim 100 goes out once storage can take a recording, the 200 once
it is safe; a 5xx says that it is not.

A recorder that cannot store refuses with 503 before either, so that the client fails over. The
header line may come as late as it likes. A client that breaks off leaves what it sent. Events
(``POST /v2/event``) are kept beside the recordings.

Sources: protocol sections 3, 4 and 7, D8 to D10.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from time import time_ns

import msgspec

from conformance.history import (
    Log,
    RecorderListening,
    UploadFailed,
    UploadRefused,
    UploadStarted,
    UploadStored,
)
from conformance.wire import SECOND, V1_RECORD, V2_EVENT, V2_RECORD, AckFrame, Timers
from simulator.overlay import Overlay
from simulator.serving import serve
from simulator.serving_protocols import Receive, Scope, Send
from simulator.storage import Recording, Storage, StorageConfigError, StorageError
from simulator.storage.filesystem import FilesystemStorage
from simulator.storage.naming import Name, event_name

HEALTH = "/healthz"
EVENT_LIMIT = 8 << 20
"""Bytes of an event; it is held in memory."""
S3_SCHEME = "s3://"


class RecorderConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where a recorder listens and where it keeps recordings."""

    name: str
    """The node's name; for people, recordings are not named after it."""
    storage: str
    """A directory, or ``s3://BUCKET/PREFIX``."""
    host: str = "127.0.0.1"
    port: int = 0
    """0: any free port."""
    s3_endpoint: str = ""
    """URL of the S3 service; empty: AWS. Credentials come from the environment (AWS_…)."""
    s3_region: str = ""
    """Region of the bucket; empty: from the environment."""
    spool: str = ""
    """Directory for recordings on their way to S3; empty: under the user's state directory."""
    timers: Timers = Timers()
    v2: bool = True
    """False: a recorder that knows nothing but v1 and HTTP/1.1."""


def storage_for(config: RecorderConfig, overlay: Overlay) -> Storage:
    """Return the backend that `config` names; raises StorageConfigError."""
    if not config.storage.startswith(S3_SCHEME):
        if not config.storage or "\0" in config.storage or "://" in config.storage:
            raise StorageConfigError(
                f"storage {config.storage!r}: expected a directory or s3://BUCKET/PREFIX"
            )
        return overlay(FilesystemStorage)(Path(config.storage), overlay=overlay)
    bucket, _, prefix = config.storage.removeprefix(S3_SCHEME).partition("/")
    if not bucket:
        raise StorageConfigError(f"storage {config.storage!r}: the bucket is missing")
    if config.s3_endpoint and not config.s3_endpoint.startswith(("http://", "https://")):
        raise StorageConfigError(
            f"S3 endpoint {config.s3_endpoint!r}: expected http://HOST:PORT or https://HOST"
        )
    from simulator.storage.s3 import S3Storage  # noqa: PLC0415 - boto3 takes half a second

    return overlay(S3Storage)(
        bucket,
        prefix,
        endpoint=config.s3_endpoint,
        region=config.s3_region,
        spool=_spool(config),
        timers=config.timers,
        overlay=overlay,
    )


def _spool(config: RecorderConfig) -> Path:
    """Return the spool of this storage: what lies in it must never go into another bucket."""
    if config.spool:
        spool = Path(config.spool)
    else:
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        spool = Path(state) / "recspec" / "spool"
    place = f"{config.storage}\0{config.s3_endpoint}".encode()
    return spool / sha256(place).hexdigest()[:16]


class Upload:
    """One recording on its way from a client into storage."""

    def __init__(self, name: str, recording: Recording) -> None:
        self.name = name
        self.recording = recording
        self.received = 0
        """Bytes that came and are written: what an ack may count."""

    async def take(self, data: bytes) -> None:
        """Take in what came; raises StorageError."""
        await self.keep(data)
        self.received += len(data)

    async def keep(self, data: bytes) -> None:
        """Write `data` as it came (D10)."""
        await self.recording.append(data)

    async def finish(self, *, complete: bool) -> str:
        """Make the recording safe and return its path; raises StorageError."""
        return await self.recording.finish(complete=complete)


class Acks:
    """The frames of one v2 answer."""

    def __init__(self, upload: Upload, cadence: float, send: Send) -> None:
        self.upload = upload
        self.cadence = cadence
        """Seconds."""
        self._send = send
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Ack at every turn of the cadence, counted from now, until `stop`.

        Raises StorageError when storage fails while nothing comes in.
        """
        clock = asyncio.get_running_loop().time
        due = clock() + self.cadence
        while not await self._over_before(due):
            self.upload.recording.check()
            if self.due():
                await self.ack()
            # A client that did not read for a while gets one ack, not all that it missed.
            due += self.cadence * max(1, -(-(clock() - due) // self.cadence))

    async def _over_before(self, due: float) -> bool:
        try:
            async with asyncio.timeout_at(due):
                await self._over.wait()
        except TimeoutError:
            return False
        return True

    def due(self) -> bool:
        """Tell whether an ack is sent at this turn: always, idle or not."""
        return True

    def stop(self) -> None:
        """End `run`, after the frame that is being sent."""
        self._over.set()

    async def ack(self) -> None:
        """Say how many bytes are written."""
        await self.frame(b'{"ack":%d}\n' % self.upload.received)

    async def error(self, why: str) -> None:
        """Say that the recording failed."""
        await self.frame(msgspec.json.encode(AckFrame(error=why)) + b"\n")

    async def frame(self, data: bytes) -> None:
        """Send one frame at once."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})


class Recorder:
    """The ASGI app."""

    def __init__(
        self,
        config: RecorderConfig,
        storage: Storage,
        log: Log,
        overlay: Overlay,
        *,
        clock: Callable[[], int] = time_ns,
    ) -> None:
        self._config = config
        self._storage = storage
        self._log = log
        self._overlay = overlay
        self._clock = clock
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        method, path = scope["method"], scope["path"]
        allowed = self._methods(path)
        if not allowed:
            await _answer(send, 404, "not found")
        elif method not in allowed:
            allow = (b"allow", ", ".join(allowed).encode())
            await _answer(send, 405, "method not allowed", allow)
        elif method in ("HEAD", "GET"):
            await _answer(send, 200, "ok")
        elif path == V1_RECORD:
            await self._record_v1(receive, send)
        elif path == V2_EVENT:
            await self._event(receive, send)
        elif scope["http_version"] != "2":
            await _answer(send, 505, "v2 needs HTTP/2")
        else:
            await self._record_v2(receive, send)

    def _methods(self, path: str) -> tuple[str, ...]:
        if path in (V2_RECORD, V2_EVENT) and self._config.v2:
            return ("HEAD", "POST")
        if path == V1_RECORD:
            return ("POST",)
        return ("GET", "HEAD") if path == HEALTH else ()

    # --- recordings -------------------------------------------------------------------------------

    async def _open(self, version: str, send: Send) -> Upload | None:
        """Begin an upload, or refuse it."""
        try:
            recording = await self._storage.open()
        except StorageError as error:
            self._log.note(UploadRefused(version=version, status=503, reason=str(error)))
            await _answer(send, 503, str(error))
            return None
        upload = self._overlay(Upload)(str(next(self._numbers)), recording)
        self._log.note(UploadStarted(upload=upload.name, version=version))
        return upload

    async def _store(self, upload: Upload, receive: Receive) -> bool:
        """Take in a recording to its end and make it safe; tell whether the client ended it."""
        while (message := await receive())["type"] == "http.request":
            if message["body"]:
                await upload.take(message["body"])
            if not message["more_body"]:
                break
        complete = bool(message["type"] == "http.request")
        path = await upload.finish(complete=complete)
        self._log.note(
            UploadStored(upload=upload.name, path=path, size=upload.received, complete=complete)
        )
        return complete

    def _failed(self, upload: Upload, why: str) -> None:
        upload.recording.abandon()
        self._log.note(UploadFailed(upload=upload.name, reason=why, size=upload.received))

    async def _record_v1(self, receive: Receive, send: Send) -> None:
        upload = await self._open("v1", send)
        if upload is None:
            return
        try:
            complete = await self._store(upload, receive)
        except StorageError as error:
            self._failed(upload, str(error))
            await _answer(send, 500, str(error))
        except BaseException as error:
            self._failed(upload, _why(error))
            raise
        else:
            if complete:
                await _answer(send, 200, "stored")

    async def _record_v2(self, receive: Receive, send: Send) -> None:
        upload = await self._open("v2", send)
        if upload is None:
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        cadence = self._config.timers.ack_cadence / SECOND
        acks = self._overlay(Acks)(upload, cadence, send)
        try:
            complete = await self._store_acking(upload, acks, receive)
        except StorageError as error:
            self._failed(upload, str(error))
            await acks.error(str(error))
        except BaseException as error:
            self._failed(upload, _why(error))
            raise
        else:
            if not complete:
                return  # nobody is there to be told
            await acks.ack()
        await send({"type": "http.response.body", "body": b""})

    async def _store_acking(self, upload: Upload, acks: Acks, receive: Receive) -> bool:
        """Store and ack side by side; raises StorageError as soon as either meets it."""
        storing = asyncio.create_task(self._store(upload, receive))
        acking = asyncio.create_task(acks.run())
        try:
            await asyncio.wait({storing, acking}, return_when=asyncio.FIRST_COMPLETED)
            acks.stop()
            if not storing.done():
                storing.cancel()
            await acking
            return await storing
        finally:
            storing.cancel()
            acking.cancel()
            await asyncio.gather(storing, acking, return_exceptions=True)

    # --- events -----------------------------------------------------------------------------------

    async def _event(self, receive: Receive, send: Send) -> None:
        body = bytearray()
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if len(body) > EVENT_LIMIT:
                await _answer(send, 413, f"an event may have {EVENT_LIMIT} bytes")
                return
            if not message["more_body"]:
                break
        else:
            return  # the client left
        name = self._event_name(bytes(body))
        if name is None:
            await _answer(send, 400, "an event is a JSON object")
            return
        try:
            await self._keep_event(name, bytes(body))
        except StorageError as error:
            await _answer(send, 503, str(error))
        else:
            await _answer(send, 200, "stored")

    def _event_name(self, body: bytes) -> Name | None:
        """Name an event; None when it is none."""
        return event_name(body, self._clock())

    async def _keep_event(self, name: Name, body: bytes) -> None:
        """Store an event; raises StorageError."""
        await self._storage.put(name, body)


def _why(error: BaseException) -> str:
    stopped = isinstance(error, asyncio.CancelledError)
    return "the recorder stopped" if stopped else f"{type(error).__name__}: {error}"


async def _answer(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    """Answer in one go, with a line of text for people."""
    body = text.encode("utf-8", "replace") + b"\n"
    head = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def serve_recorder(
    config: RecorderConfig,
    log: Log,
    *,
    overlay: Overlay,
    stop: asyncio.Event,
    listening: Callable[[str], None],
) -> None:
    """Run a recorder until `stop` is set; `listening` is called with its ``host:port``.

    Leftovers of a predecessor are recovered first. Raises StorageConfigError, and OSError when the
    address cannot be listened on. Ending the log is the caller's.
    """
    storage = storage_for(config, overlay)

    def announce(address: str) -> None:
        log.note(RecorderListening(address=address))
        listening(address)

    await storage.start()
    try:
        recorder = overlay(Recorder)(config, storage, log, overlay)
        await serve(
            recorder,
            config.host,
            config.port,
            stop=stop,
            listening=announce,
            http2=config.v2,
            overlay=overlay,
        )
    finally:
        await storage.close()
