"""What the rig says: how each observer's part ended, which faults struck, what was played."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from conformance.kind import BaseKind as _Kind
from conformance.wire import SSHAction

# --- every observer -------------------------------------------------------------------------------


class End(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="end"):
    """The observer saw its part to the end: nothing of it is missing."""


class Gap(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="gap"):
    """From here on the observer saw nothing, for a reason that the scenario itself made.

    A process that a scenario kills leaves a gap. `resumed` marks that a successor goes on.
    """

    reason: str


class Problem(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="problem"):
    """The rig itself failed: whatever this scenario would have shown is not known."""

    what: str


class Late(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="late"):
    """The observer itself was late by `by` nanoseconds: what it saw around then is in doubt.

    `loop` is ``engine`` (durations mean nothing), ``wire`` (nor does the order of what was read)
    ``part`` (a reference part reacted late) or ``s3``
    (the run's object store took that long over a request on which no fault was played).
    """

    by: int
    loop: str = "engine"


# --- fault injector -------------------------------------------------------------------------------


class FaultApplied(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="fault-applied"):
    """A fault is in force from here on."""

    fault: str
    node: str


class FaultCleared(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="fault-cleared"):
    """A fault is over."""

    fault: str
    node: str


# --- world ----------------------------------------------------------------------------------------


class Played(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="played"):
    """How the scenario was played. First event of the world's part."""

    scenario: str
    world: Annotated[str, msgspec.Meta(pattern="^(live|sim)$")]
    seed: int
    speed: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    without: tuple[str, ...] = ()
    """Observers that this target does not have: a foreign SSH server has no ``server``."""
    began: int = 0
    """When it began, in Unix seconds; 0 when nobody noted it."""


class Addressed(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="addressed"):
    """The tailnet address under which a node was reachable.

    `node_id` and `numeric_id` are what the control plane knows it by; empty and 0: not noted. So
    are its `tags`, or else the `login` of the user it belongs to.
    """

    node: str
    address: str
    node_id: str = ""
    numeric_id: int = 0
    tags: tuple[str, ...] = ()
    login: str = ""


class ActionGiven(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="action-given"):
    """An SSH server under test was started with this action, which counts for everybody."""

    action: SSHAction


class Survived(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="survived"):
    """A process that a session had started still ran when all sessions were over."""

    pid: int
    command: str


class CommandRan(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="command-ran"):
    """A command left the mark by which a scenario tells that it ran, whatever the server says.

    The mark is the file ``ran-SESSION``; `ran_at` is when it was last written, on the clock of the
    history.
    """

    session: str
    ran_at: int


class SecretSearched(_Kind, frozen=True, kw_only=True, omit_defaults=True, tag="secret-searched"):
    """A canary was looked for in all that was recorded, logged, stored, shown or sent.

    `where` lists the places searched, `found` those that held it.
    """

    secret: str
    where: tuple[str, ...]
    found: tuple[str, ...] = ()


RigKind: TypeAlias = (
    End | Gap | Problem | Late | FaultApplied | FaultCleared | Played | Addressed | Survived
    | ActionGiven | CommandRan | SecretSearched
)  # fmt: skip
