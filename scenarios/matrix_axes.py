"""The axes of the matrix, and what one combination of them is called.

A combination says which fault strikes at which moment, which version of the protocol the recorder
that it strikes speaks, which messages the failure action holds, and the how-manieth of how many
recorders it is: those before it refuse, so that it is the one whose turn comes.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Moment(StrEnum):
    """When a fault strikes, in the order in which a session comes by."""

    DIAL = "dial"
    PROBE = "probe"
    OPEN = "open"
    BEFORE_HEADER = "before-header"
    HEADER = "header"
    FIRST_OUTPUT = "first-output"
    IDLE = "idle"
    FLOOD = "flood"
    MID_CHARACTER = "mid-character"
    CLOSING = "closing"


class Protocol(StrEnum):
    """What the recorder speaks."""

    V2 = "v2"
    V1 = "v1"


class OnFailure(StrEnum):
    """Which of its two messages the failure action holds."""

    NEITHER = "neither"
    REJECT = "reject"
    TERMINATE = "terminate"
    BOTH = "both"

    @property
    def rejects(self) -> bool:
        """True when a session that cannot be recorded is refused."""
        return self in (OnFailure.REJECT, OnFailure.BOTH)

    @property
    def terminates(self) -> bool:
        """True when a session whose recording is lost is ended."""
        return self in (OnFailure.TERMINATE, OnFailure.BOTH)


class Which(StrEnum):
    """Which recorder of how many is struck."""

    ONLY = "1-of-1"
    FIRST_OF_TWO = "1-of-2"
    SECOND_OF_THREE = "2-of-3"
    LAST_OF_THREE = "3-of-3"

    @property
    def number(self) -> int:
        """Counted from 1."""
        return int(self.value[0])

    @property
    def of(self) -> int:
        """How many there are."""
        return int(self.value[-1])


CHOOSING = (Moment.DIAL, Moment.PROBE, Moment.OPEN)
EARLY = (Moment.BEFORE_HEADER, Moment.HEADER)
LATER = (Moment.FIRST_OUTPUT, Moment.IDLE, Moment.FLOOD, Moment.MID_CHARACTER)
RUNNING = EARLY + LATER


class Combination(msgspec.Struct, frozen=True):
    """One place of the matrix."""

    protocol: Protocol
    fault: str
    moment: Moment
    on_failure: OnFailure
    which: Which

    @property
    def id(self) -> str:
        """The scenario's name: ``matrix/v2/reset/first-output/terminate/2-of-3``."""
        return "/".join(("matrix", *map(str, msgspec.structs.astuple(self))))
