"""The house rules: who imports whom, what every folder and module says of itself, and the words."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

import fixtures.faults
import simulator.mutants
from conformance.cases import cases
from conformance.clauses import CATALOGUE
from fixtures.faults import vocabulary
from scenarios.matrix import matrix
from scenarios.reader import library
from simulator.overlay import Mutant, mutants

ROOT = Path(__file__).parents[1]
PACKAGES = ("conformance", "simulator", "fixtures", "scenarios", "reports", "recspec")
FOLDERS = (*PACKAGES, "tests", "benchmarks")


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules_of(package: ModuleType) -> list[str]:
    return sorted(module.name for module in iter_modules(package.__path__))


OURS = files(*PACKAGES)
EVERY = files(*FOLDERS)
FAULTS = modules_of(fixtures.faults)
MUTANTS = modules_of(simulator.mutants)
LIBRARY = library(frozenset(vocabulary()))
PLAYED = {*LIBRARY, *cases()}
"""What can show a mutant."""


def test_the_import_rule_holds() -> None:
    linter = (
        "import sys; from importlinter.cli import lint_imports_command as lint; sys.exit(lint())"
    )
    done = subprocess.run(
        [sys.executable, "-c", linter, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name(path)}: an import that is relative"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_conformance_is_pure_down_to_the_last_function() -> None:
    # The linter holds the same rule; this does not depend on how it counts the standard library.
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {
        contract["id"]: contract for contract in config["tool"]["importlinter"]["contracts"]
    }
    forbidden = {*contracts["pure"]["forbidden_modules"], *PACKAGES} - {"conformance"}
    for path in files("conformance"):
        roots = {module.partition(".")[0] for module in imported(path)}
        assert not roots & forbidden, name(path)


def test_nothing_imports_the_front_door_or_the_tests() -> None:
    for path in OURS:
        roots = {module.partition(".")[0] for module in imported(path)}
        assert not roots & {"tests", "benchmarks"}, name(path)
        assert "recspec" not in roots or path.is_relative_to(ROOT / "recspec"), name(path)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed_and_says_what_belongs_there_and_what_does_not(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    words = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_bytes()))
    assert words is not None
    assert re.search(r"\bnot\s+belong\s+here\b", words), words
    assert len(words.splitlines()) > 2


def test_every_module_says_what_it_is() -> None:
    for path in [*OURS, *files("benchmarks")]:
        words = ast.get_docstring(ast.parse(path.read_bytes())) or ""
        first = words.split("\n\n")[0]
        assert first.rstrip().endswith((".", ":", "?", "!")), f"{name(path)}: {first!r}"


def test_nothing_is_put_off() -> None:
    words = re.compile(
        r"\b(?:{})\b".format("|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]))
    )
    for path in EVERY:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            assert not words.search(line), f"{name(path)}:{number}"


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "core"}
    assert not [name(path) for path in EVERY if vague & {path.stem, path.parent.name}]


# --- faults


@pytest.mark.parametrize("module_name", FAULTS)
def test_a_fault_is_a_module_with_a_name_and_two_functions(module_name: str) -> None:
    module = import_module(f"fixtures.faults.{module_name}")
    assert module_name == module.NAME.replace("-", "_")
    assert module.__doc__
    for function, parameters in ((module.apply, ["target", "amount"]), (module.clear, ["target"])):
        assert inspect.iscoroutinefunction(function)
        assert list(inspect.signature(function).parameters) == parameters
        assert function.__doc__


def test_every_fault_is_in_the_vocabulary_and_is_played() -> None:
    faults = vocabulary()
    assert len(faults) == len(FAULTS)
    scenarios = (*LIBRARY.values(), *matrix().values())
    played = {plan.fault for scenario in scenarios for plan in scenario.faults}
    assert played == set(faults)


# --- mutants


@pytest.mark.parametrize("module_name", MUTANTS)
def test_a_mutant_declares_what_it_is_and_what_it_breaks(module_name: str) -> None:
    module = import_module(f"simulator.mutants.{module_name}")
    mutant = module.MUTANT
    assert isinstance(mutant, Mutant)
    assert module.__doc__
    assert mutant.summary
    parts = {"recorder", "ssh-server", "client", "driver", "event-client", "control"}
    assert mutant.part in parts
    assert mutant.breaks
    assert not set(mutant.breaks) - set(CATALOGUE)
    assert len(set(mutant.breaks)) == len(mutant.breaks)
    assert mutant.shown_by
    assert not set(mutant.shown_by) - PLAYED
    assert mutant.overlay
    for part, stand_in in mutant.overlay.items():
        assert issubclass(stand_in, part)
        assert stand_in is not part
        assert not part.__module__.startswith("simulator.mutants")


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert len(mutants()) == len(MUTANTS)
