"""A small session recorder on nothing but asyncio's streams: v1 over HTTP/1.1, read by hand.

``python plain_asyncio_recorder.py --listen HOST:PORT --storage DIR``

What it does not do:

- v2, and HTTP/2 at all: its preface is answered with 505 and the connection is closed, so a client
  gets no acks and learns of a loss from the transport or the final status alone.
- ``/v2/event``: answered with 404, by which clients know.
- More than one request on a connection: every answer closes it.
- HTTP/1.0's way to end a body, by closing; any transfer coding but ``chunked``.
- Limits of how many connections there are at once.
- Disks that hang: data is written from the event loop, so one that hangs stops every upload.
- Two recorders in one DIR, filesystems without hard links, and making DIR.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import re
import resource
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

HEAD_S = 10.0
"""How long a request head may take to arrive; bodies may take any time."""
LINGER_S = 2.0
"""How long a client may go on sending after its answer, lest a reset destroys the answer."""
HEAD_LIMIT = 64 << 10
NAME_LIMIT = 1 << 20
"""Bytes of the header line that are looked at."""
INCOMING = ".incoming"

REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(\d)\.(\d)")
FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0-\x08\x0a-\x1f\x7f]*)")
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]*)(:\d*)?")
CHUNK_HEAD = re.compile(rb"0*([0-9A-Fa-f]{1,15})[ \t]*(;[^\0-\x08\x0a-\x1f\x7f]*)?\r\n")
PLAIN_NODE = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z_.-]{0,99}")


class Refused(Exception):  # noqa: N818
    """The request gets this status."""

    def __init__(self, status: HTTPStatus, *fields: str) -> None:
        super().__init__(status.phrase)
        self.status, self.fields = status, fields


class Recording:
    """One recording while it arrives: a file without a name until the header line is whole."""

    def __init__(self, base: Path) -> None:
        (base / INCOMING).mkdir(exist_ok=True)
        self.base = base
        self.path = base / INCOMING / f"{secrets.token_hex(16)}.cast"
        self.file = self.path.open("xb", buffering=0)
        self.head: bytearray | None = bytearray()
        self.size = 0

    def write(self, data: bytes) -> None:
        while data:
            written = self.file.write(data)
            self.size += written
            self.look(data[:written])
            data = data[written:]

    def look(self, data: bytes) -> None:
        """Look for the header line in what was written, also if it is the last that can be."""
        if self.head is not None:
            line, end, _ = data.partition(b"\n")
            self.head += line
            if end or len(self.head) > NAME_LIMIT:
                self.place()

    async def finish(self) -> None:
        """Make what came durable; without this it survives our end, but not the machine's."""
        await asyncio.to_thread(os.fsync, self.file.fileno())
        self.keep(whole=True)

    def keep(self, *, whole: bool = False) -> None:
        """End the file with what came. An upload that broke off with nothing in it leaves none."""
        self.file.close()
        if not self.size and not whole:
            self.path.unlink()
        elif self.head is not None:
            self.place()

    def place(self) -> None:
        assert self.head is not None
        node, second = name_of(bytes(self.head))
        place(self.path, self.base / node, second)
        self.head = None


def name_of(line: bytes) -> tuple[str, int]:
    """Return the folder and the start, in Unix seconds, of the recording with this header line."""
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        header = {}
    start = header.get("timestamp")
    if not isinstance(start, int | float) or not 1 <= start < 253_402_300_800:
        start = time.time()
    return folder_of(header.get("srcNodeID")), int(start)


def folder_of(node: object) -> str:
    """Return the node ID itself if that is a plain name, else a digest that no plain name is."""
    if not isinstance(node, str):
        return "unknown"
    if PLAIN_NODE.fullmatch(node) and node != "unknown":
        return node
    return "~" + hashlib.sha256(node.encode("utf-8", "surrogatepass")).hexdigest()


def place(path: Path, folder: Path, second: int) -> None:
    """Move a file to its name, or to the next that is free; only a link fails if one is taken."""
    folder.mkdir(exist_ok=True)
    stem = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = ""
    while True:
        try:
            (folder / f"{stem}{fraction}Z.cast").hardlink_to(path)
            break
        except FileExistsError:
            fraction = f".{secrets.randbelow(10**9):09d}"
    with contextlib.suppress(OSError):  # A second name that stays is removed at the next start.
        path.unlink()


def recover(base: Path) -> None:
    """Give names to what a killed recorder left without one, or with two."""
    for path in (base / INCOMING).glob("*.cast"):
        status = path.stat()
        if status.st_nlink > 1 or not status.st_size:
            path.unlink()
            continue
        with path.open("rb") as file:
            node, second = name_of(file.readline(NAME_LIMIT))
        place(path, base / node, second)


class Request:
    """The head of a request; Refused if it is malformed or asks for what we do not have."""

    def __init__(self, head: bytes) -> None:
        first, *lines = head.decode("latin-1").removeprefix("\r\n")[:-4].split("\r\n")
        line = REQUEST_LINE.fullmatch(first)
        if line is None:
            raise Refused(HTTPStatus.BAD_REQUEST)
        self.method, self.target = line[1], line[2]
        if line[3] != "1":
            raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
        self.fields: dict[str, list[str]] = {}
        for text in lines:
            field = FIELD.fullmatch(text)
            if field is None:
                raise Refused(HTTPStatus.BAD_REQUEST)
            self.fields.setdefault(field[1].lower(), []).append(field[2].rstrip(" \t"))
        hosts = self.fields.get("host", [])
        old = line[4] == "0"
        if len(hosts) > 1 or not (hosts or old) or not all(map(HOST.fullmatch, hosts)):
            raise Refused(HTTPStatus.BAD_REQUEST)
        self.coded, self.lengths = (
            self.fields.get(name, []) for name in ("transfer-encoding", "content-length")
        )
        if self.coded and (self.lengths or old):
            raise Refused(HTTPStatus.BAD_REQUEST)
        self.waits = "expect" in self.fields and not old

    def expect_upload(self) -> int | None:
        """Return the length of the recording, None if it comes in chunks."""
        if self.target.partition("?")[0] != "/record":
            raise Refused(HTTPStatus.NOT_FOUND)
        if self.method != "POST":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "Allow: POST")
        if any(value.lower() != "100-continue" for value in self.fields.get("expect", [])):
            raise Refused(HTTPStatus.EXPECTATION_FAILED)
        if [value.lower() for value in self.coded] == ["chunked"]:
            return None
        if self.coded:
            raise Refused(HTTPStatus.NOT_IMPLEMENTED)
        if not self.lengths:
            raise Refused(HTTPStatus.LENGTH_REQUIRED)
        if len(self.lengths) > 1 or not re.fullmatch(r"[0-9]{1,18}", self.lengths[0]):
            raise Refused(HTTPStatus.BAD_REQUEST)
        return int(self.lengths[0])


async def exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        data = await reader.read(min(size, HEAD_LIMIT))
        if not data:
            raise EOFError
        size -= len(data)
        yield data


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield a chunked body as it comes; ValueError if it is malformed."""
    while True:
        head = CHUNK_HEAD.fullmatch(await reader.readuntil(b"\n"))
        if head is None:
            raise ValueError("not the head of a chunk")
        size = int(head[1], 16)
        if not size:
            break
        async for data in exactly(reader, size):
            yield data
        if await reader.readexactly(2) != b"\r\n":
            raise ValueError("a chunk that is longer than it said")
    room = HEAD_LIMIT
    while (line := await reader.readuntil(b"\n")) != b"\r\n":
        room -= len(line)
        if room < 0 or not FIELD.fullmatch(line.decode("latin-1").removesuffix("\r\n")):
            raise ValueError("trailers that are malformed or without end")


async def record(base: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take one request; return when its recording is stored, else raise Refused."""
    try:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    except TimeoutError:
        raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
    request = Request(head)
    length = request.expect_upload()
    try:
        recording = Recording(base)
    except OSError as error:
        say(f"storage is not there: {error}")
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE) from None
    try:
        if request.waits:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = chunks(reader) if length is None else exactly(reader, length)
        await store(recording, body)
    finally:
        if not recording.file.closed:
            with contextlib.suppress(OSError):  # A disk that fails once may fail twice.
                recording.keep()


async def store(recording: Recording, body: AsyncIterator[bytes]) -> None:
    try:
        async for data in body:
            try:
                recording.write(data)
            except OSError as error:
                raise failed(error) from None
    except (EOFError, ValueError, asyncio.LimitOverrunError):
        raise Refused(HTTPStatus.BAD_REQUEST) from None
    try:
        await recording.finish()
    except OSError as error:
        raise failed(error) from None


def failed(error: OSError) -> Refused:
    say(f"storing failed: {error}")
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR)


async def answer(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    status: HTTPStatus,
    fields: Iterable[str] = (),
) -> None:
    """Send the final answer, and let the client read it before the connection goes."""
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *fields, "Content-Length: 0"]
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while await reader.read(HEAD_LIMIT):
                pass


async def serve(address: str, base: Path) -> None:
    recover(base)
    sessions: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        sessions.add(task)
        try:
            await record(base, reader, writer)
            await answer(reader, writer, HTTPStatus.OK)
        except Refused as refused:
            with contextlib.suppress(OSError):
                await answer(reader, writer, refused.status, refused.fields)
        except (OSError, EOFError):
            pass  # The client has gone.
        finally:
            sessions.discard(task)
            writer.transport.abort()

    host, _, port = address.rpartition(":")
    server = await asyncio.start_server(
        connection, host.strip("[]"), int(port), limit=HEAD_LIMIT, backlog=1024
    )
    say("listening on {}:{}".format(*server.sockets[0].getsockname()))
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    server.close()
    # What came of sessions that are cut off here is kept as they end.
    for task in sessions:
        task.cancel()
    await asyncio.wait(sessions) if sessions else None


def say(line: str) -> None:
    with contextlib.suppress(OSError):  # Nobody may be reading.
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="A small v1 session recorder.")
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:8080")
    parser.add_argument("--storage", metavar="DIR", type=Path, required=True)
    options = parser.parse_args()
    # A session takes a socket and a file, and the usual limit lets 500 of them be.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(options.listen, options.storage))


if __name__ == "__main__":
    main()
