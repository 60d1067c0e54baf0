"""Overlays: how a mutant changes one seam of one reference part.

A part is built through a factory that takes an overlay. An overlay names the part's class and a
subclass of it, so the reference parts hold no switches: the mutant's few lines live in
`simulator/mutants/`, and the part does not know that it is being overridden.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.resources import files
from pkgutil import iter_modules
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One named defect of one reference part.

    `breaks` is the exact set of clauses that it breaks, the main one first. `shown_by` names the
    scenarios of the library that show it. `overlay` maps a reference class to the subclass that
    stands in for it.
    """

    name: str
    part: str
    """``recorder``, ``ssh-server``, ``client`` (the sans-IO core), ``driver`` (live only),
    ``event-client`` (what posts events, in the API proxy; live only) or ``control`` (live only)."""
    summary: str
    breaks: tuple[str, ...]
    shown_by: tuple[str, ...]
    overlay: Mapping[type, type]


class Overlay:
    """Picks the class to build: the reference one, or the mutant's."""

    def __init__(self, mutant: Mutant | None = None) -> None:
        self.mutant = mutant

    def __call__(self, part: type[T]) -> type[T]:
        """Return the class that stands for `part`."""
        if self.mutant is None:
            return part
        chosen = self.mutant.overlay.get(part, part)
        assert issubclass(chosen, part)
        return chosen


def mutants() -> dict[str, Mutant]:
    """Return all mutants by name: every module of `simulator.mutants` has a `MUTANT`."""
    package = import_module("simulator.mutants")
    found = {}
    for module in iter_modules(package.__path__):
        mutant: Mutant = import_module(f"simulator.mutants.{module.name}").MUTANT
        found[mutant.name] = mutant
    return found


def mutant_named(name: str) -> Mutant:
    """Return one mutant; KeyError when there is none of that name.

    Only its own module is imported: every child process of a run asks for one.
    """
    for file in files("simulator.mutants").iterdir():
        if file.name.endswith(".py") and f'name="{name}"' in file.read_text():
            module = import_module(f"simulator.mutants.{file.name.removesuffix('.py')}")
            mutant: Mutant = module.MUTANT
            return mutant
    raise KeyError(name)


def overlay_named(name: str | None) -> Overlay:
    """Return the overlay of the mutant `name` (none: the reference); KeyError when unknown."""
    return Overlay(mutant_named(name)) if name else Overlay()
