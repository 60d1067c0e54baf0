"""Moving one file into an S3 bucket: in one piece, or in parts while the file still grows.

An object shows up only when it is whole, under a name that nobody else has: we look whether there
is one, and writes carry ``If-None-Match: *`` against those that come between. Looking is needed too
because not every store heeds the condition, or says that it does not (Google's). A name that is
taken moves on by a nanosecond. Each object carries the
name of the file it was made from, so that a transfer whose success was not heard of is recognised
when it is tried again. Calls that meet a store that is down are repeated for a while.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from simulator.storage import StorageError
from simulator.storage.incoming import Incoming
from simulator.storage.naming import Name

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

T = TypeVar("T")

PART = 5 << 20
"""Bytes of a part: the least that S3 allows for all but the last."""
ORIGIN = "recorded-as"
"""Key of the object's metadata that holds the name of the file it was made from."""
CONTENT_TYPE = "application/x-asciicast"
_FORBIDDEN = 403
_NOT_FOUND = 404
_CONFLICT = "ConditionalRequestConflict"
"""Code of a 409: another write to the name was under way. Nothing was stored; AWS wants both
PutObject and a multipart upload to be made once more, the latter from its beginning."""
_CONFLICTS = 5
"""Conflicts over one object that are met by another try."""
PRECONDITION_FAILED = 412
_TOO_MANY = 429
UNFIT = (405, 501)
"""How stores answer that do not know conditional writes."""
_PAUSE = 0.05
"""Seconds before the first repetition; each further one waits twice as long."""


class Bucket:
    """Where to: the client, the bucket, the prefix (with its slash), and how patiently."""

    def __init__(
        self, client: S3Client, name: str, prefix: str, pool: Executor, patience: float
    ) -> None:
        self.client = client
        self.name = name
        self.prefix = prefix
        self.pool = pool
        self.patience = patience
        """Seconds for which a call that fails is repeated."""
        self.conditional = True
        """False once the store said that it cannot refuse to overwrite."""

    def has(self, where: dict[str, Any]) -> bool:
        """Look whether there is an object; raises what boto3 raises.

        Who may write only is not told: then the condition alone has to keep from overwriting.
        """
        try:
            self.client.head_object(**where)
        except ClientError as error:
            unknown = status_of(error) == _FORBIDDEN and self.conditional
            if status_of(error) != _NOT_FOUND and not unknown:
                raise
            return False
        return True


class Taken(Exception):  # noqa: N818 - this is an answer, not a fault
    """An object of that name exists."""


class Transfer:
    """One file on its way into a bucket."""

    def __init__(self, bucket: Bucket, incoming: Incoming) -> None:
        self._bucket = bucket
        self._incoming = incoming
        self._name = incoming.named()
        self._upload = ""
        self._parts: list[CompletedPartTypeDef] = []

    @property
    def sent(self) -> int:
        """Bytes that are in the bucket already, as parts."""
        return len(self._parts) * PART

    async def advance(self) -> None:
        """Send all whole parts that the file holds; raises StorageError."""
        while self._incoming.size - self.sent >= PART:
            await self._send_part(PART)

    async def complete(self) -> Name:
        """Send the rest and make the object whole; returns its name. Raises StorageError."""
        await self._drop_predecessor()
        conflicts = 0
        while True:
            try:
                await (self._complete() if self._incoming.size >= PART else self._put())
            except Taken:
                ours = await self._origin_there() == self._origin
                await self.abort()
                if ours:
                    break  # an earlier transfer came through, and nobody heard of it
                self._name = self._name.following()
            except StorageError as error:
                if code_of(error) == _CONFLICT and conflicts < _CONFLICTS:
                    await self.abort()
                    await asyncio.sleep(_PAUSE * 2**conflicts)
                    conflicts += 1
                    continue
                # The store no longer knows the upload: perhaps because it is completed.
                if status_of(error) != _NOT_FOUND or await self._origin_there() != self._origin:
                    raise
                break
            else:
                break
        self._note_upload("")
        return self._name

    async def _put(self) -> None:
        size, fd = self._incoming.size, self._incoming.fd
        await self._write(
            lambda condition: self._bucket.client.put_object(
                **self._where(),
                Body=os.pread(fd, size, 0),
                ContentType=CONTENT_TYPE,
                Metadata={ORIGIN: self._origin},
                **condition,
            )
        )

    async def _complete(self) -> None:
        await self.advance()
        whole = list(self._parts)
        if rest := self._incoming.size - self.sent:
            whole.append(await self._part(len(whole) + 1, rest))
        await self._write(
            lambda condition: self._bucket.client.complete_multipart_upload(
                **self._where(),
                UploadId=self._upload,
                MultipartUpload={"Parts": whole},
                **condition,
            )
        )

    async def _send_part(self, size: int) -> None:
        self._parts.append(await self._part(len(self._parts) + 1, size))

    async def _part(self, number: int, size: int) -> CompletedPartTypeDef:
        if not self._upload:
            created = await self._call(
                lambda: self._bucket.client.create_multipart_upload(
                    **self._where(),
                    ContentType=CONTENT_TYPE,
                    Metadata={ORIGIN: self._origin},
                )
            )
            self._upload = created["UploadId"]
            self._note_upload(self._upload)
        fd, offset = self._incoming.fd, self.sent
        answer = await self._call(
            lambda: self._bucket.client.upload_part(
                **self._where(),
                UploadId=self._upload,
                PartNumber=number,
                Body=os.pread(fd, size, offset),
            )
        )
        return {"ETag": answer["ETag"], "PartNumber": number}

    async def abort(self) -> None:
        """Drop the parts that were sent; they are nobody's if that fails."""
        upload, self._upload, self._parts = self._upload, "", []
        if upload:
            with suppress(StorageError):
                await self._abort(self._name.path, upload)
        self._note_upload("")

    async def _abort(self, path: str, upload: str) -> None:
        key = self._bucket.prefix + path
        await self._call(
            lambda: self._bucket.client.abort_multipart_upload(
                Bucket=self._bucket.name, Key=key, UploadId=upload
            )
        )

    # --- a killed predecessor's parts -------------------------------------------------------------

    @property
    def _notes(self) -> Path:
        return self._incoming.path.with_name(self._incoming.path.name + ".upload")

    def _note_upload(self, upload: str) -> None:
        """Write beside the file which upload is under way, so that a successor can drop it."""
        with suppress(OSError):  # then its parts stay until the bucket's own rules remove them
            if upload:
                self._notes.write_text(f"{upload}\n{self._name.path}")
            else:
                self._notes.unlink(missing_ok=True)

    async def _drop_predecessor(self) -> None:
        if self._upload:
            return
        with suppress(OSError, ValueError, StorageError):
            upload, path = self._notes.read_text().split("\n")
            await self._abort(path, upload)
        self._note_upload("")

    # --- calls ------------------------------------------------------------------------------------

    def _where(self) -> dict[str, Any]:
        return {"Bucket": self._bucket.name, "Key": self._bucket.prefix + self._name.path}

    @property
    def _origin(self) -> str:
        return self._incoming.path.name

    async def _origin_there(self) -> str | None:
        """Return what the object under our name was made from; None when there is no object."""
        try:
            head = await self._call(lambda: self._bucket.client.head_object(**self._where()))
        except StorageError as error:
            if status_of(error) == _NOT_FOUND:
                return None
            raise
        return head["Metadata"].get(ORIGIN, "")

    async def _write(self, write: Callable[[dict[str, Any]], object]) -> None:
        """Make an object, unless its name is taken: then raise Taken."""
        if await self._call(lambda: self._bucket.has(self._where())):
            raise Taken
        if self._bucket.conditional:
            try:
                await self._call(lambda: write({"IfNoneMatch": "*"}))
            except StorageError as error:
                if status_of(error) not in UNFIT:
                    raise
                self._bucket.conditional = False
            else:
                return
        await self._call(lambda: write({}))

    async def _call(self, action: Callable[[], T]) -> T:
        """Carry out one call in a thread, again and again while the store is not there."""
        clock = asyncio.get_running_loop().time
        deadline, pause = clock() + self._bucket.patience, _PAUSE
        while True:
            try:
                return await self._incoming.run(action, self._bucket.pool)
            except ClientError as error:
                status = status_of(error)
                if status == PRECONDITION_FAILED:
                    raise Taken from None
                failed: Exception = error
                final = (status < 500 and status != _TOO_MANY) or status in UNFIT
            except (BotoCoreError, OSError) as error:
                failed, final = error, False
            if final or clock() + pause > deadline:
                raise StorageError(f"S3: {failed}") from failed
            await asyncio.sleep(pause)
            pause = min(2 * pause, 1.0)


def code_of(error: StorageError) -> str:
    """Return the code of the store's error that is behind an error; empty when there is none."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return ""
    return str(cause.response.get("Error", {}).get("Code", ""))


def status_of(error: Exception) -> int:
    """Return the HTTP status that is behind an error; 0 when there is none."""
    cause = error.__cause__ if isinstance(error, StorageError) else error
    if not isinstance(cause, ClientError):
        return 0
    return int(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
