"""The API proxy: whoever asks the Kubernetes API through it is recorded as an event first.

A request of a node that is known becomes an event (protocol section 7) and is posted to the
recorders in order (`simulator.event_client`). There is no API server behind it: the answer is 200
when the event is stored and 503 when it is not. Source: U, ``k8s-operator/api-proxy/proxy.go``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count
from urllib.parse import parse_qs

import msgspec

from conformance.history import EventDue, Log
from conformance.nodes import Node
from conformance.wire import Timers
from simulator.event_client import EventClient, Poster
from simulator.overlay import Overlay
from simulator.serving import serve
from simulator.serving_protocols import Receive, Scope, Send

EVENT_TYPE = "kubernetes-api-request"

_VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_OF_A_NAMESPACE = ("status", "finalize")
"""What may follow the name of a namespace and is no resource in it."""


class ApiProxyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a proxy is set up: the recorders' addresses in order, and the nodes that may ask."""

    name: str = "api-proxy"
    host: str = "127.0.0.1"
    port: int = 0
    recorders: tuple[str, ...] = ()
    nodes: tuple[Node, ...] = ()
    timers: Timers = Timers()


class Request(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was asked. `path` has its query with it; `body` is written in base64."""

    method: str
    path: str
    body: bytes
    query_parameters: dict[str, list[str]]


class Source(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Who asked, or whom: a tagged node, or a user's. Empty: upstream leaves destinations so."""

    node: str
    node_id: str = msgspec.field(name="nodeID")
    node_tags: tuple[str, ...] = ()
    node_user_id: int = msgspec.field(name="nodeUserID", default=0)
    node_user: str = ""


class Kubernetes(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the path says of the request, in Kubernetes' own words."""

    is_resource_request: bool = False
    path: str
    verb: str
    api_prefix: str = msgspec.field(name="APIPrefix", default="")
    api_group: str = msgspec.field(name="APIGroup", default="")
    api_version: str = msgspec.field(name="APIVersion", default="")
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    parts: tuple[str, ...] | None = None
    field_selector: str = ""
    label_selector: str = ""


class ApiEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One event; `timestamp` is in Unix seconds."""

    type: str = EVENT_TYPE
    id: str = ""
    timestamp: int
    user_agent: str
    request: Request
    kubernetes: Kubernetes
    source: Source
    destination: Source = Source(node="", node_id="")


class Encoder:
    """Makes an event and writes it down. Seams: `made`, `source`, `encoded`."""

    def made(self, request: Request, node: Node, user_agent: str) -> ApiEvent:
        """Return the event of a request that `node` made just now."""
        return ApiEvent(
            timestamp=int(time.time()),
            user_agent=user_agent,
            request=request,
            kubernetes=kubernetes(request),
            source=self.source(node),
        )

    def source(self, node: Node) -> Source:
        """Say who asked: a tagged node has no user."""
        if node.tags:
            return Source(node=node.name, node_id=node.id, node_tags=node.tags)
        return Source(
            node=node.name, node_id=node.id, node_user_id=node.user_id, node_user=node.user
        )

    def encoded(self, event: ApiEvent) -> bytes:
        """Write the event as it is posted."""
        return msgspec.json.encode(event) + b"\n"


def kubernetes(request: Request) -> Kubernetes:
    """Read a path the way Kubernetes does: ``/api/V/…`` and ``/apis/GROUP/V/…`` are resources.

    A namespace is a resource too, and lies in itself.
    """
    path = request.path.partition("?")[0]
    parts = [part for part in path.split("/") if part]
    head = {"api": 2, "apis": 3}.get(parts[0], 0) if parts else 0
    if not head or len(parts) <= head:
        return Kubernetes(path=path, verb=request.method.lower())
    rest = parts[head:]
    namespace = rest[1] if rest[0] == "namespaces" and len(rest) > 1 else ""
    if namespace and len(rest) > 2 and rest[2] not in _OF_A_NAMESPACE:
        rest = rest[2:]
    first = {name: values[0] for name, values in request.query_parameters.items() if values}
    return Kubernetes(
        is_resource_request=True,
        path=path,
        verb=_verb(request.method, of_many=len(rest) == 1, watch=first.get("watch", "")),
        api_prefix=parts[0],
        api_group=parts[1] if head == 3 else "",
        api_version=parts[head - 1],
        namespace=namespace,
        resource=rest[0],
        subresource=rest[2] if len(rest) > 2 else "",
        name=rest[1] if len(rest) > 1 else "",
        parts=tuple(rest),
        field_selector=first.get("fieldSelector", ""),
        label_selector=first.get("labelSelector", ""),
    )


def _verb(method: str, *, of_many: bool, watch: str) -> str:
    verb = _VERBS.get(method, method.lower())
    if not of_many:
        return verb
    many = {"get": "watch" if watch in ("1", "true") else "list", "delete": "deletecollection"}
    return many.get(verb, verb)


class ApiProxy:
    """The ASGI app."""

    def __init__(self, config: ApiProxyConfig, log: Log, overlay: Overlay) -> None:
        self._config = config
        self._log = log
        self._overlay = overlay
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record one request, and answer it."""
        assert scope["type"] == "http"
        body = bytearray()
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        else:
            return  # the client left
        status = 200 if await self._recorded(scope, bytes(body)) else 503
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _recorded(self, scope: Scope, body: bytes) -> bool:
        host, port = scope["client"]
        node = next((node for node in self._config.nodes if host in node.addresses), None)
        if node is None:
            return False
        query = scope["query_string"].decode("latin-1")
        request = Request(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1") + (f"?{query}" if query else ""),
            body=body,
            query_parameters=parse_qs(query, keep_blank_values=True),
        )
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        encoder = self._overlay(Encoder)()
        posted = encoder.encoded(encoder.made(request, node, agent))
        name, recorders = f"event-{next(self._numbers)}", self._config.recorders
        self._log.note(EventDue(event=name, peer=f"{host}:{port}", recorders=recorders))
        client = self._overlay(EventClient)(recorders, self._config.timers)
        poster = self._overlay(Poster)(name, self._config.timers, self._log, self._config.host)
        return bool(await poster.post(client, posted))


async def serve_api_proxy(
    config: ApiProxyConfig,
    log: Log,
    *,
    overlay: Overlay,
    stop: asyncio.Event,
    listening: Callable[[str], None],
) -> None:
    """Serve a proxy until `stop` is set; OSError when the address cannot be listened on."""
    app = overlay(ApiProxy)(config, log, overlay)
    await serve(app, config.host, config.port, stop=stop, listening=listening)
