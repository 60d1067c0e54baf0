"""What is posted as an event: its form, and that it says what was asked by whom (section 7)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qs

from conformance.checking import Findings, checks
from conformance.history import Addressed, ApiAsked
from conformance.posting import Posting, postings
from conformance.sessions import View
from conformance.wire import V2_EVENT

KEYS = (
    "type",
    "id",
    "timestamp",
    "userAgent",
    "request",
    "kubernetes",
    "source",
    "destination",
)
DAY = 86_400
"""Seconds: what is farther from the run's own time is counted in another unit."""


@checks("event-6", "event-7", "event-8", "event-9", "event-10")
def form(view: View, out: Findings) -> None:
    """Read every event that was posted to its end."""
    for posting in postings(view):
        for asking in posting.askings:
            if asking.head.method != "POST" or asking.head.path != V2_EVENT or not asking.whole:
                continue
            media = asking.head.content_type.partition(";")[0].strip().lower()
            event = _object(asking.body)
            out.expect(
                "event-6",
                media == "application/json" and event is not None,
                "an event was posted that is no JSON object, or is not said to be JSON",
                f"content-type: {asking.head.content_type!r}",
                asking.body,
                session=posting.name,
            )
            if event is not None:
                _event(view, posting, event, out)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _event(view: View, posting: Posting, event: dict[str, Any], out: Findings) -> None:
    missing = [key for key in KEYS if key not in event]
    out.expect(
        "event-7", not missing, f"an event lacks {missing}", list(event), session=posting.name
    )
    if "timestamp" in event:
        began = view.played.began if view.played is not None else 0
        wrong = _timestamp(event["timestamp"], began)
        out.expect("event-8", not wrong, wrong, event["timestamp"], session=posting.name)
    if "request" in event:
        wrong = _request(event["request"], posting.asked)
        out.expect("event-9", not wrong, wrong, event["request"], session=posting.name)
    if "source" in event:
        wrong = _source(event["source"]) or _origin(view, posting.asked, event["source"])
        out.expect("event-10", not wrong, wrong, event["source"], session=posting.name)


def _timestamp(value: object, began: int) -> str:
    """Say what is wrong with a timestamp; `began` is about when it was made, 0: not known."""
    if not isinstance(value, int) or isinstance(value, bool):
        return "`timestamp` is not an integer"
    if began and abs(value - began) > DAY:
        return f"`timestamp` is not in Unix seconds: it was made at about {began}"
    return ""


def _request(request: object, asked: ApiAsked | None) -> str:
    if not isinstance(request, dict):
        return "`request` is not an object"
    for key in ("method", "path", "body"):
        if not isinstance(request.get(key), str):
            return f"`request.{key}` is not a string"
    query = request.get("queryParameters")
    if not isinstance(query, dict) or not all(
        isinstance(values, list) and all(isinstance(value, str) for value in values)
        for values in query.values()
    ):
        return "`request.queryParameters` does not have lists of strings by name"
    try:
        body = base64.b64decode(request["body"], validate=True)
    except (binascii.Error, ValueError):
        return "`request.body` is not base64"
    if asked is None:
        return ""
    wanted = parse_qs(asked.path.partition("?")[2], keep_blank_values=True)
    for key, found, right in (
        ("method", request["method"], asked.method),
        ("path", request["path"], asked.path),
        ("body", body, asked.body),
        ("queryParameters", query, wanted),
    ):
        if found != right:
            return f"`request.{key}` is not what was asked: {right!r}"
    return ""


def _source(source: object) -> str:
    if not isinstance(source, dict):
        return "`source` is not an object"
    for key in ("node", "nodeID"):
        if not isinstance(source.get(key), str) or not source[key]:
            return f"`source.{key}` is not a string that says something"
    if source["node"].endswith("."):
        return "`source.node` has a trailing dot"
    tags, user_id, user = (source.get(key) for key in ("nodeTags", "nodeUserID", "nodeUser"))
    if tags:
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            return "`source.nodeTags` is not a list of strings"
        return "`source` has tags and a user" if user_id or user else ""
    if not isinstance(user_id, int) or isinstance(user_id, bool) or not user_id:
        return "`source` has neither `nodeTags` nor `nodeUserID`"
    return "" if isinstance(user, str) and user else "`source` has `nodeUserID` and no `nodeUser`"


def _origin(view: View, asked: ApiAsked | None, source: dict[str, Any]) -> str:
    """Say that it was another node that asked, or nothing."""
    host = asked.peer.rpartition(":")[0] if asked is not None else ""
    nodes = [
        (event.what.node, event.what.node_id)
        for event in view.history
        if isinstance(event.what, Addressed) and event.what.address == host and event.what.node_id
    ]
    if not nodes or (source["node"], source["nodeID"]) in nodes:
        return ""
    return f"`source` is not the node that asked: {nodes[0][0]} ({nodes[0][1]})"
