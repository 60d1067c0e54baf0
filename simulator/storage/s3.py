"""Recordings in an S3 bucket: key ``PREFIX/NodeID/TIME.cast``, as on the filesystem.

Sessions are many and mostly small, parts are at least 5 MiB: so a recording is spooled to a local
disk and sent from there, in parts as they fill. An ack means that the bytes are in the spool; the
clean end of an answer means that the object is whole in the bucket. Objects appear only when they
are whole. The spool file stays until then, so what a failure or a kill left behind is sent later,
by this process or the next.

**Opening** must prove within the client's 5 s that the bucket can be written, but the key is not
known before the header line is. So a multipart upload is created under ``.incoming/`` and dropped
again: that needs the same permission as the recording itself and leaves no object, which
`HeadBucket` would not prove and a trial object would not do. Recordings that open at the same time
share one proof; a proof that began before a recording was opened never counts for it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from conformance.wire import SECOND, Timers
from simulator.overlay import Overlay
from simulator.storage import StorageConfigError, StorageError
from simulator.storage.incoming import Incoming, leftovers
from simulator.storage.naming import Name
from simulator.storage.transfer import (
    PART,
    PRECONDITION_FAILED,
    UNFIT,
    Bucket,
    Taken,
    Transfer,
    status_of,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT = 2.0
READ_TIMEOUT = 3.0
THREADS = 8
"""Calls at a time; each holds one part in memory."""

_CHECKSUMS: dict[str, Any] = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


def s3_client(endpoint: str = "", region: str = "", **more: Any) -> S3Client:
    """Return a client with tight time-outs; `more` is of its `Config`.

    Credentials, and a region that is not given, come from the environment.

    Only with an explicit `endpoint` is there something to fall back on, so that a local store
    without access control needs no environment.
    """
    local = endpoint and (urlsplit(endpoint).hostname or "").startswith(
        ("127.", "localhost", "::1")
    )
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"max_attempts": 0},
        max_pool_connections=THREADS + 2,
        s3={"addressing_style": "path"} if endpoint else {},
        proxies={} if local else None,
        # Not every store knows the newer checksums.
        **{**_CHECKSUMS, **more},
    )
    fallback: dict[str, Any] = {}
    if endpoint and "AWS_ACCESS_KEY_ID" not in os.environ:
        fallback = {"aws_access_key_id": "recspec", "aws_secret_access_key": "recspec"}
    session = boto3.Session(**fallback)
    return session.client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region or session.region_name or "us-east-1",
        config=config,
    )


class S3Recording:
    """One recording on its way through the spool into the bucket."""

    def __init__(self, bucket: Bucket, incoming: Incoming, limit: float, overlay: Overlay) -> None:
        self._bucket = bucket
        self._overlay = overlay
        self._incoming = incoming
        self._limit = limit
        self._transfer: Transfer | None = None
        self._sending: asyncio.Task[None] | None = None
        self._failed: StorageError | None = None

    async def append(self, data: bytes) -> None:
        """Spool `data`, and send what makes whole parts behind the caller's back."""
        self.check()
        await self._incoming.append(data)
        self._send_parts()

    def _send_parts(self) -> None:
        """Begin to send what makes whole parts, unless that goes on already."""
        if self._sending is None and self._unsent() >= PART and self._incoming.name is not None:
            self._sending = asyncio.create_task(self._send())

    def _begun(self) -> Transfer:
        """Return the transfer of this recording, a new one at first."""
        if self._transfer is None:
            self._transfer = self._overlay(Transfer)(self._bucket, self._incoming)
        return self._transfer

    def _unsent(self) -> int:
        return self._incoming.size - (self._transfer.sent if self._transfer else 0)

    async def _send(self) -> None:
        try:
            await self._begun().advance()
        except StorageError as error:
            self._failed = error
        finally:
            self._sending = None

    def check(self) -> None:
        """Raise StorageError when parts could not be sent."""
        if self._failed is not None:
            raise StorageError(str(self._failed))

    async def finish(self, *, complete: bool) -> str:
        """Make the object whole; see `Recording.finish`."""
        if not complete and not self._incoming.size:
            self._remove()
            return ""
        try:
            async with asyncio.timeout(self._limit):
                if self._sending is not None:
                    await self._sending
                self.check()
                name = await self._begun().complete()
        except TimeoutError:
            raise StorageError(f"S3: no success within {self._limit:.0f} s") from None
        self._remove()
        return name.path

    def _remove(self) -> None:
        with suppress(OSError):  # a spool file that stays is recognised when it is sent again
            self._incoming.remove()

    def abandon(self) -> None:
        """Leave the spool file: it is sent later, from the start."""
        if self._sending is not None:
            self._sending.cancel()
        self._incoming.close()


class S3Storage:
    """A bucket, and the spool before it."""

    def __init__(
        self,
        bucket: str,
        prefix: str,
        *,
        endpoint: str,
        region: str = "",
        spool: Path,
        timers: Timers,
        overlay: Overlay = Overlay(),  # noqa: B008 - it holds nothing that changes
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._name = bucket
        self._prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._endpoint = endpoint
        self._region = region
        self._spool = spool
        self._overlay = overlay
        self._clock = clock
        self._open_limit = 0.8 * timers.open / SECOND
        self._finish_limit = 0.8 * timers.final / SECOND
        self._patience = timers.final / SECOND / 3
        self._again = timers.ack_cadence / SECOND
        self._pool = ThreadPoolExecutor(THREADS, "s3")
        self._prover = ThreadPoolExecutor(THREADS, "s3-proof")
        self._bucket: Bucket | None = None
        self._proof: asyncio.Task[None] | None = None
        self._next_proof: asyncio.Task[None] | None = None
        self._recovery: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make the client, and start sending what lies in the spool."""
        try:
            client = await asyncio.to_thread(self._client)
        except (BotoCoreError, ValueError) as error:
            raise StorageConfigError(f"S3 at {self._endpoint or 'AWS'}: {error}") from None
        self._bucket = Bucket(client, self._name, self._prefix, self._pool, self._patience)
        self._recovery = asyncio.create_task(self._recover(self._bucket))

    def _client(self) -> S3Client:
        return s3_client(self._endpoint, self._region)

    async def open(self) -> S3Recording:
        """Begin a recording; raises StorageError unless spool and bucket can be written."""
        assert self._bucket is not None
        incoming = self._overlay(Incoming).create(self._spool, self._clock())
        recording = self._overlay(S3Recording)(
            self._bucket, incoming, self._finish_limit, self._overlay
        )
        try:
            async with asyncio.timeout(self._open_limit):
                await self._proven()
        except TimeoutError:
            await recording.finish(complete=False)
            raise StorageError(f"S3: no answer within {self._open_limit:.1f} s") from None
        except BaseException:
            await recording.finish(complete=False)
            raise
        return recording

    async def _proven(self) -> None:
        """Wait for a proof that begins from now on; raises StorageError when it fails."""
        if self._next_proof is None:
            self._next_proof = asyncio.create_task(self._prove(self._proof))
        await asyncio.shield(self._next_proof)

    async def _prove(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before}, timeout=self._open_limit / 4)
        self._proof, self._next_proof = self._next_proof, None
        try:
            await asyncio.wait_for(
                asyncio.get_running_loop().run_in_executor(self._prover, self._write_nothing),
                self._open_limit,
            )
        except TimeoutError:
            raise StorageError("S3: no answer") from None
        except (BotoCoreError, ClientError, OSError) as error:
            raise StorageError(f"S3: {error}") from None

    def _write_nothing(self) -> None:
        assert self._bucket is not None
        client, key = self._bucket.client, f"{self._prefix}.incoming/proof"
        upload = client.create_multipart_upload(Bucket=self._name, Key=key)["UploadId"]
        client.abort_multipart_upload(Bucket=self._name, Key=key, UploadId=upload)

    async def put(self, name: Name, data: bytes) -> str:
        """Keep a small whole object, or fail within the time that a recording has to open."""
        assert self._bucket is not None
        while True:
            condition = {"IfNoneMatch": "*"} if self._bucket.conditional else {}
            try:
                async with asyncio.timeout(self._open_limit):
                    await asyncio.get_running_loop().run_in_executor(
                        self._pool, partial(self._put, name, data, condition)
                    )
            except Taken:
                name = name.following()
            except (BotoCoreError, ClientError, OSError) as error:
                if status_of(error) == PRECONDITION_FAILED:
                    name = name.following()
                elif status_of(error) in UNFIT and condition:
                    self._bucket.conditional = False
                else:
                    raise StorageError(f"S3: {error}") from None
            else:
                return name.path

    def _put(self, name: Name, data: bytes, condition: dict[str, Any]) -> None:
        assert self._bucket is not None
        where: dict[str, Any] = {"Bucket": self._name, "Key": self._prefix + name.path}
        if self._bucket.has(where):
            raise Taken
        self._bucket.client.put_object(**where, Body=data, **condition)

    async def _recover(self, bucket: Bucket) -> None:
        """Send, for as long as we live, what failed recordings and predecessors left."""
        while True:
            for found in leftovers(self._spool):
                try:
                    if found.size:
                        await self._overlay(Transfer)(bucket, found).complete()
                    found.remove()
                except (StorageError, OSError):
                    break  # the bucket or the spool is not well: all of it again later
                finally:
                    found.close()
            await asyncio.sleep(self._again)

    async def close(self) -> None:
        """Stop sending; what is left in the spool is for the next start."""
        tasks = [t for t in (self._recovery, self._proof, self._next_proof) if t is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._prover.shutdown(wait=False, cancel_futures=True)
