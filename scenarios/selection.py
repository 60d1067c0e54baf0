"""What is meant by a selection: the library, the matrix, or parts of either."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.scenario import Scenario
from scenarios.matrix import MATRIX, matrix
from scenarios.reader import library, select

ALL = "all"
"""Selects the library and the matrix."""


def chosen(names: Sequence[str], faults: frozenset[str]) -> dict[str, Scenario]:
    """Return the scenarios that are meant; without names, the library.

    Names that begin with ``matrix`` pick from the matrix, ``all`` picks everything, all others
    pick from the library. Raises UnreadableScenarioError and UnknownScenarioError.
    """
    of_matrix = [name for name in names if name.startswith(MATRIX)]
    of_library = [name for name in names if name not in of_matrix and name != ALL]
    found: dict[str, Scenario] = {}
    if not names or of_library or ALL in names:
        found |= select(library(faults), [] if ALL in names else of_library)
    if of_matrix or ALL in names:
        found |= select(matrix(), [] if ALL in names else of_matrix)
    return found
