"""The action that counts for a session, where the server itself does not say which it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from conformance.scenario import Action
from conformance.wire import OnRecordingFailure, SSHAction

GIVEN = "given"
"""Stands for where notices go: only that they are wanted matters here."""


def served_action(served: Sequence[SSHAction], *, alone: bool = False) -> SSHAction | None:
    """Return the action that the control plane's answers to one peer come to.

    Connections of one peer cannot be told apart by what it was answered: where the answers differ,
    there is None. A peer with one connection, `alone`, may be put on hold more than once.
    """
    held = dict.fromkeys(_counting(action) for action in served if action.hold_and_delegate)
    final = {_counting(action) for action in served if not action.hold_and_delegate}
    if len(final) != 1 or (len(held) > 1 and not alone):
        return None
    last = final.pop()
    return next(iter(held)).followed_by(last) if held else last


def _counting(action: SSHAction) -> SSHAction:
    """Return what of an action counts when recording fails."""
    failure = action.on_recording_failure
    if failure is not None:
        url = GIVEN if failure.notify_url else ""
        failure = msgspec.structs.replace(failure, notify_url=url)
    return msgspec.structs.replace(
        action, hold_and_delegate="", message="", on_recording_failure=failure
    )


def planned_action(plain: Action | None, addresses: Mapping[str, str]) -> SSHAction | None:
    """Return a scenario's action as it goes over the wire; `addresses` maps address to node."""
    if plain is None:
        return None
    address = {node: address for address, node in addresses.items()}
    recorders = plain.record
    failure = plain.on_failure
    return SSHAction(
        accept=True,
        recorders=None if recorders is None else tuple(address.get(n, n) for n in recorders),
        on_recording_failure=None
        if failure is None
        else OnRecordingFailure(
            reject_session_with_message=failure.reject,
            terminate_session_with_message=failure.terminate,
            notify_url=GIVEN if failure.notify else "",
        ),
    )
