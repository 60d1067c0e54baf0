"""Asking the control plane: small HTTP/1.1 requests, one connection each.

The SSH server fetches actions here and posts its failure notices. Source: protocol sections 2
and 5 (the host of a NotifyURL is ignored: it goes to the control plane).
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import h11

from simulator.http1_exchange import exchange


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
    reader, writer = await asyncio.open_connection(
        where.hostname, where.port or 80, local_addr=(source_addr, 0) if source_addr else None
    )
    try:
        asked = h11.Request(method=method, target=target, headers=headers)
        answer = await exchange(reader, writer, asked, body)
    finally:
        # Nothing is left to send; what the peer still says does not matter.
        writer.transport.abort()
    return answer.status, answer.body
