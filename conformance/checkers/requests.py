"""What a recorder client asks of recorders, at the socket: its requests and their connections."""

from __future__ import annotations

from conformance.actions import planned_action
from conformance.checking import Findings, checks
from conformance.contacts import Contact, network
from conformance.machine import State
from conformance.sessions import NO_REPORT, View
from conformance.wire import SECOND, V1_RECORD, V2_EVENT, V2_RECORD, Timers

GRACE = SECOND
"""Nanoseconds that a timer may be late before it counts as broken."""
SERVER = "prod-1"
"""The name of the node on which the SSH server runs."""
_ASKED = frozenset(
    {("HEAD", V2_RECORD), ("POST", V2_RECORD), ("POST", V1_RECORD), ("HEAD", V2_EVENT)}
    | {("POST", V2_EVENT)}
)
"""All that a client has to ask of a recorder."""


@checks("choose-8", "choose-11", "choose-12", "v1-4", "v2-7")
def forms(view: View, out: Findings) -> None:
    """Each request's form, and the connection that it goes over."""
    for connection, contact in network(view).contacts():
        head = contact.head
        if head.path == V2_RECORD and head.method == "POST":
            out.expect("v2-7", head.http == "2", "a v2 upload was not made over HTTP/2", head)
            over_probe = any(other.probe for other in connection.contacts)
            out.expect("choose-12", over_probe, "a v2 upload left its probe's connection", head)
        elif head.path == V2_RECORD:
            out.expect(
                "choose-8",
                contact.probe and head.http == "2",
                "the probe was not a HEAD over HTTP/2",
                head,
            )
        elif head.path == V1_RECORD and head.method == "POST":
            out.expect(
                "v1-4",
                head.http == "1.1" and head.expect_continue and head.chunked is not False,
                "a v1 upload lacks HTTP/1.1, a chunked body or Expect: 100-continue",
                head,
            )
            alone = not any(other.probe for other in connection.contacts)
            out.expect("choose-11", alone, "a v1 upload went over its probe's connection", head)


@checks("v2-7")
def open_to_the_end(view: View, out: Findings) -> None:
    """The body of a v2 upload is not ended while the session goes on."""
    for session in view.sessions.values():
        upload, exited = session.upload, session.command_exited
        if upload is None or upload.http != "2" or exited is None or session.hung_up:
            continue
        ended = upload.body_ended_at
        exited_at = next((e.at for e in session.reports if e.what is exited), None)
        if ended is None or exited_at is None:
            continue
        lost = session.state_at(State.CONNECTION_LOST)
        out.expect(
            "v2-7",
            exited_at - ended <= GRACE or (lost is not None and lost <= ended),
            f"the body was ended {(exited_at - ended) / SECOND:.1f} s before the command exited",
            upload.recorder,
            session=session.name,
        )


@checks("choose-14")
def redirects(view: View, out: Findings) -> None:
    """A redirect leads nowhere."""
    seen = network(view)
    listed = _listed(view)
    for connection, contact in seen.contacts():
        final = contact.final
        if final is None or not 300 <= final[1].status < 400:
            continue
        at, answer = final
        followed = [
            (other.head.method, other.head.path)
            for where, other in seen.contacts()
            if other.at >= at and where.recorder == connection.recorder
            if (other.head.method, other.head.path) not in _ASKED
        ]
        authority = answer.location.partition("://")[2].partition("/")[0]
        stray = [
            where.recorder
            for where in seen.connections
            if where.at >= at
            and (
                contact.opened_at is not None  # nobody else is to be dialled after a success
                or view.addresses.get(authority) == where.recorder not in listed
            )
        ]
        out.expect(
            "choose-14",
            not followed and not stray,
            f"a redirect to {answer.location or 'nowhere'} was followed",
            *followed,
            *stray,
        )


def _listed(view: View) -> set[str]:
    """Return the recorders that any session may try."""
    planned = planned_action(view.scenario.action, view.addresses)
    actions = [session.action for session in view.sessions.values()] + [planned]
    addresses = {a for action in actions if action is not None for a in action.recorders or ()}
    return {view.addresses.get(address, address) for address in addresses}


@checks("choose-21")
def silent_when_failed(view: View, out: Findings) -> None:
    """Nothing more is sent where an upload was refused or broken off before it began."""
    for connection, contact in network(view).contacts():
        if not contact.upload or contact.opened_at is not None:
            continue
        ends = [contact.refused[0]] if contact.refused else []
        ends += [contact.broken_at] if contact.broken_at is not None else []
        if not ends:
            continue
        failed_at = min(ends)
        again = [o.head for o in connection.contacts if o is not contact and o.at > failed_at]
        allowed = [head for head in again if (head.method, head.path) not in _ASKED]
        out.expect(
            "choose-21",
            len(again) == len(allowed),  # what a redirect leads to is choose-14's
            "more was asked on the connection of an attempt that had failed",
            *again[:3],
        )


@checks("choose-20")
def idle_connections(view: View, out: Findings) -> None:
    """Measure how long a connection is kept on which nothing is under way."""
    seen = network(view)
    for connection in seen.connections:
        over = [contact.over_at for contact in connection.contacts]
        quiet = [at for at in over if at is not None]
        if not quiet or len(quiet) < len(over):
            continue
        until = connection.gone[0] if connection.gone is not None else seen.until
        if until is None:
            continue
        if view.speed != 1:
            out.unseen("choose-20", "the timers were sped up")
            return
        idle = until - max(quiet)
        out.expect(
            "choose-20",
            idle <= Timers().idle_connection + GRACE,
            f"a connection was kept for {idle / SECOND:.0f} s with nothing under way",
            connection.recorder,
            *[(contact.head.method, contact.head.path) for contact in connection.contacts],
        )


@checks("v2-9", "v2-10")
def settings(view: View, out: Findings) -> None:
    """What the client settles, and how it keeps to what the recorder settled."""
    for connection in network(view).connections:
        settled, overran = connection.settled, connection.overran
        if settled is not None:
            out.expect("v2-9", not settled.push, "server push was left on", connection.recorder)
        if overran is not None:
            out.broken("v2-10", f"the client sent {overran.what}", connection.recorder)
        elif settled is not None and any(_has_body(c) for c in connection.contacts):
            out.held("v2-10")


def _has_body(contact: Contact) -> bool:
    return contact.head.http == "2" and contact.body_at is not None


@checks("privacy-5")
def over_the_tailnet(view: View, out: Findings) -> None:
    """Recordings leave from the server's own address on the tailnet, where that is known."""
    played = view.played
    if played is not None and "server" in played.without:
        out.unseen("privacy-5", f"{NO_REPORT}: nobody knows its address on the tailnet")
        return
    hosts = {node.partition(".")[0]: a.partition(":")[0] for a, node in view.addresses.items()}
    host = hosts.pop(SERVER, "")
    if not host or host in hosts.values():
        return
    for connection in network(view).connections:
        if any(contact.body_at is not None for contact in connection.contacts):
            out.expect(
                "privacy-5",
                connection.peer.rpartition(":")[0] == host,
                f"a recording left from {connection.peer}, which is not the server's address on the"
                f" tailnet, {host}",
                connection.recorder,
            )
