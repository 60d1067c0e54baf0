"""What one exploration covers: everything that these numbers allow, and nothing beyond them."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

import msgspec

from conformance.wire import Timers
from simulator.client_steps import PolicyAnswered

VERSIONS = ("v1", "v2")
REJECT = "No recorder is up: this session may not start."
TERMINATE = "The recording was lost: this session ends here."
ACTIONS = {
    "both": (REJECT, TERMINATE),
    "reject": (REJECT, ""),
    "terminate": ("", TERMINATE),
    "neither": ("", ""),
}
"""The four failure actions: which of the two messages are set (protocol, section 2)."""
MOST_RECORDERS = 9
MOST_OUTPUTS = 9
MOST_FAULTS = 20
MOST_INSTANTS = 10


class BoundsError(ValueError):
    """A bound that makes no sense: which, and what would be right."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one exploration. Acks, and the time that a session takes, have none."""

    recorders: int = 3
    """How many recorders the policy names, at most."""
    versions: tuple[str, ...] = VERSIONS
    """What a recorder may speak, each on its own."""
    outputs: int = 2
    """Outputs of the command, at most."""
    faults: int = 2
    """Departures of recorders from what they promise, at most, wherever they fall."""
    leaves: bool = True
    """Whether the user may leave, at any moment."""
    actions: tuple[str, ...] = tuple(ACTIONS)
    """The failure actions that the policy may carry; keys of `ACTIONS`."""
    notify: tuple[bool, ...] = (True, False)
    """Whether notices are wanted: either, or one of them alone."""
    instants: int = 1
    """Instants at which things may happen, in the time that divides every timer (5 s)."""
    timers: Timers = Timers()

    @property
    def tick(self) -> int:
        """The time between two instants at which things may happen, in nanoseconds."""
        return self._common // self.instants

    @property
    def _common(self) -> int:
        t = self.timers
        return gcd(t.dial, t.probe, t.open, t.choose, t.ack_window, t.final)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The recorders' addresses, in their order."""
        return tuple(f"rec{number}:80" for number in range(1, self.recorders + 1))

    def check(self) -> None:
        """Raise BoundsError for what cannot be explored."""
        for name, least, most in (
            ("recorders", 0, MOST_RECORDERS),
            ("outputs", 0, MOST_OUTPUTS),
            ("faults", 0, MOST_FAULTS),
            ("instants", 1, MOST_INSTANTS),
        ):
            if not least <= getattr(self, name) <= most:
                raise BoundsError(f"{name} {getattr(self, name)}: write {least} to {most}")
        if self._common % self.instants:
            # Otherwise instants and timers would never meet.
            raise BoundsError(f"instants {self.instants}: it does not divide {self._common} ns")
        for name, known in (("versions", VERSIONS), ("actions", tuple(ACTIONS))):
            given: tuple[str, ...] = getattr(self, name)
            odd = [one for one in given if one not in known]
            if odd or not given or len(set(given)) < len(given):
                said = ",".join(given)
                raise BoundsError(f"{name} {said!r}: write some of {','.join(known)}, each once")
        if not self.notify:
            raise BoundsError("notify: write some of yes,no")

    def policies(self) -> tuple[PolicyAnswered, ...]:
        """Return every answer of the control plane within the bounds.

        A list of recorders may be shorter, down to one. Besides the recorded sessions: one that
        nobody asked to record, one that is not recorded although a recorder is named (sftp), and
        ones that must be recorded with no recorder to try (D3).
        """
        return tuple(self._policies())

    def _policies(self) -> Iterator[PolicyAnswered]:
        yield PolicyAnswered(required=False)
        if self.addresses:
            yield PolicyAnswered(required=False, recorders=self.addresses[:1])
        for number in range(self.recorders + 1):
            recorders = self.addresses[:number]
            for name in self.actions:
                for notify in self.notify:
                    reject, terminate = ACTIONS[name]
                    yield PolicyAnswered(
                        required=True,
                        recorders=recorders,
                        reject_message=reject,
                        terminate_message=terminate,
                        notify=notify,
                    )
