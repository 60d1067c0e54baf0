"""The page about the mutants is not stale, and names what there is."""

from __future__ import annotations

from pathlib import Path

from scenarios.mutant_page import REGENERATE, mutant_page
from simulator.overlay import mutants

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == mutant_page(), f"stale; make it anew: {REGENERATE}"


def test_every_mutant_and_what_it_breaks_is_on_the_page() -> None:
    lines = mutant_page().splitlines()
    for mutant in mutants().values():
        (row,) = [line for line in lines if line.startswith(f"| `{mutant.name}` |")]
        assert all(f"#{clause})" in row for clause in mutant.breaks)
