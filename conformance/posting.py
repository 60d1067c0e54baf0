"""Joins what a history says about Kubernetes API requests that are posted as events.

The user's request and the proxy's report are matched by the user's address, the report and what
passed on the wire by the proxy's own. What no report accounts for belongs to the only request, if
there is only one.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from conformance.history import (
    Answered,
    ApiAnswered,
    ApiAsked,
    BodyEnded,
    Dialled,
    Disconnected,
    Event,
    EventDial,
    EventDue,
    EventOver,
    EventTried,
    Handed,
    Requested,
)
from conformance.scenario import ApiRequest
from conformance.sessions import API_PROXY, View


class Asking(msgspec.Struct, kw_only=True):
    """One request to a recorder's ``/v2/event``, as it passed on the wire."""

    head: Requested
    at: int
    """When its head passed, in nanoseconds; so are the other times."""
    body: bytes = b""
    whole: bool = False
    """The body was ended cleanly."""
    status: int | None = None
    answered_at: int | None = None
    gone_at: int | None = None
    gone_by: str = ""

    @property
    def recorder(self) -> str:
        """The recorder's name."""
        return self.head.recorder


class Posting(msgspec.Struct, kw_only=True):
    """Everything that a history says about one request and its event."""

    name: str
    plan: ApiRequest | None = None
    asked: ApiAsked | None = None
    answered: ApiAnswered | None = None
    due: EventDue | None = None
    tried: list[EventTried] = []
    over: EventOver | None = None
    dialled: list[str] = []
    """Names of the recorders that were dialled, in order."""
    askings: list[Asking] = []

    def outcome(self, address: str) -> str:
        """Return what the proxy says came of a recorder; empty when it does not say."""
        return next((tried.outcome for tried in self.tried if tried.recorder == address), "")


def postings(view: View) -> list[Posting]:
    """Return all requests to the Kubernetes API, with all that came of them."""
    plans = {plan.name: plan for plan in (view.scenario.api.requests if view.scenario.api else ())}
    found = {name: Posting(name=name, plan=plan) for name, plan in plans.items()}
    by_peer: dict[str, Posting] = {}
    for event in view.of("user"):
        match event.what:
            case ApiAsked(request=name, peer=peer):
                posting = found.setdefault(name, Posting(name=name))
                posting.asked = event.what
                by_peer[peer] = posting
            case ApiAnswered(request=name) if name in found:
                found[name].answered = event.what
            case _:
                pass
    by_local = _reported(view, by_peer)
    only = next(iter(found.values())) if len(found) == 1 else None
    owners: dict[str, Posting] = {}
    for event in view.posted("network"):
        if isinstance(event.what, Dialled):
            owner = by_local.get(event.what.peer, only)
            if owner is not None:
                owners[event.what.connection] = owner
                owner.dialled.append(event.what.recorder)
    for asking in _askings(view):
        if asking.head.connection in owners:
            owners[asking.head.connection].askings.append(asking)
    return list(found.values())


def _reported(view: View, by_peer: dict[str, Posting]) -> dict[str, Posting]:
    """Take in the proxy's own report; returns who posts from which address."""
    by_event: dict[str, Posting] = {}
    by_local: dict[str, Posting] = {}
    for event in view.of(API_PROXY):
        what = event.what
        if isinstance(what, EventDue) and what.peer in by_peer:
            by_event[what.event] = by_peer[what.peer]
            by_peer[what.peer].due = what
        posting = by_event.get(getattr(what, "event", ""))
        if posting is None:
            continue
        match what:
            case EventDial(local=local):
                by_local[local] = posting
            case EventTried():
                posting.tried.append(what)
            case EventOver():
                posting.over = what
            case _:
                pass
    return by_local


def _askings(view: View) -> Iterator[Asking]:
    found: dict[tuple[str, int], Asking] = {}
    for event in view.posted("network"):
        what = event.what
        if isinstance(what, Requested):
            found[what.connection, what.stream] = Asking(head=what, at=event.at)
        elif isinstance(what, Disconnected):
            for (connection, _), asking in found.items():
                if connection == what.connection and asking.gone_at is None:
                    asking.gone_at, asking.gone_by = event.at, what.by
        elif isinstance(what, Answered | BodyEnded):
            passing = found.get((what.connection, what.stream))
            if passing is not None:
                _passed(passing, event)
    for event in view.posted("user"):
        if isinstance(event.what, Handed):
            passing = found.get((event.what.connection, event.what.stream))
            if passing is not None:
                passing.body += event.what.data
    yield from found.values()


def _passed(asking: Asking, event: Event) -> None:
    if isinstance(event.what, BodyEnded):
        asking.whole = True
    elif isinstance(event.what, Answered) and event.what.status >= 200 and asking.status is None:
        asking.status, asking.answered_at = event.what.status, event.at
