"""Asking the control plane: small HTTP/1.1 requests, one connection each.

The SSH server fetches actions here and posts its failure notices. Source: protocol sections 2
and 5 (the host of a NotifyURL is ignored: it goes to the control plane).
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import h11

LONGEST_ANSWER = 1 << 20
"""Bytes of an answer's body that we are ready to read."""


class ControlError(Exception):
    """The control plane could not be asked; the message says why."""


def on_control(control: str, url: str) -> str:
    """Return `url` with the scheme and host of `control`; as it is when that is empty."""
    if not control:
        return url
    asked = urlsplit(url)
    query = f"?{asked.query}" if asked.query else ""
    return f"{control.rstrip('/')}/{asked.path.lstrip('/')}{query}"


async def request(
    method: str, url: str, body: bytes = b"", *, limit: float, source_addr: str = ""
) -> tuple[int, bytes]:
    """Return status and body of the answer; ControlError when there is none in `limit` seconds."""
    try:
        async with asyncio.timeout(limit):
            return await _request(method, url, body, source_addr)
    except TimeoutError:
        raise ControlError(f"{url} did not answer in {limit:g} s") from None
    except (OSError, ValueError, h11.ProtocolError) as error:
        raise ControlError(f"{url}: {error}") from None


async def _request(method: str, url: str, body: bytes, source_addr: str) -> tuple[int, bytes]:
    where = urlsplit(url)
    if where.scheme != "http" or not where.hostname:
        raise ValueError("not an http URL")
    target = (where.path or "/") + (f"?{where.query}" if where.query else "")
    headers = [("Host", where.netloc), ("User-Agent", "recspec"), ("Connection", "close")]
    if body:
        headers.append(("Content-Type", "application/json"))
    if method != "GET":
        headers.append(("Content-Length", str(len(body))))
    http = h11.Connection(h11.CLIENT)
    reader, writer = await asyncio.open_connection(
        where.hostname, where.port or 80, local_addr=(source_addr, 0) if source_addr else None
    )
    try:
        head = http.send(h11.Request(method=method, target=target, headers=headers)) or b""
        data = http.send(h11.Data(data=body)) if body else b""
        writer.write(head + (data or b"") + (http.send(h11.EndOfMessage()) or b""))
        await writer.drain()
        return await _answer(http, reader)
    finally:
        # Nothing is left to send; what the peer still says does not matter.
        writer.transport.abort()


async def _answer(http: h11.Connection, reader: asyncio.StreamReader) -> tuple[int, bytes]:
    status = 0
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(1 << 16))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > LONGEST_ANSWER:
                raise ValueError(f"the answer is longer than {LONGEST_ANSWER} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return status, bytes(body)
