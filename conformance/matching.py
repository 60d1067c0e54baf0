"""Which events of a history a scenario waits for."""

from __future__ import annotations

from conformance.history import KINDS, Kind
from conformance.scenario import Match


def fits(match: Match, what: Kind) -> bool:
    """Tell whether an event is of the kind, and its fields have the values."""
    return isinstance(what, KINDS[match.event]) and all(
        getattr(what, field, None) == value for field, value in match.where.items()
    )
