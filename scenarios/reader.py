"""Reads scenario files: YAML to typed scenarios, with errors that name file, line and field."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
import yaml

from conformance.history import KINDS
from conformance.scenario import Scenario, ScenarioError, check

LIBRARY = Path(__file__).parent / "library"

MAX_BYTES = 1 << 20
"""A scenario file is written by hand; a larger one is a mistake."""


class UnreadableScenarioError(ValueError):
    """A scenario file that cannot be used; the message is ``FILE:LINE: FIELD: what is wrong``."""


def load(path: Path, faults: frozenset[str], *, id: str | None = None) -> Scenario:  # noqa: A002
    """Read one scenario file. `faults` are the names of the faults that can be injected.

    The scenario's id is `id`, or the file's name without its suffix. Raises
    UnreadableScenarioError.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableScenarioError(f"{path}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise UnreadableScenarioError(f"{path}: larger than {MAX_BYTES} bytes: not a scenario file")
    scenario = read(data, str(path), faults)
    return msgspec.structs.replace(scenario, id=id or path.stem)


def read(data: bytes, name: str, faults: frozenset[str]) -> Scenario:
    """Decode a scenario from YAML; `name` stands for the file in errors."""
    try:
        node = yaml.compose(data.decode(), Loader=yaml.SafeLoader)
        plain = yaml.load(data.decode(), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise UnreadableScenarioError(f"{name}: not UTF-8: byte {error.start}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise UnreadableScenarioError(f"{where}: {error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UnreadableScenarioError(f"{name}: {str(error).splitlines()[0]}") from None
    try:
        scenario = msgspec.convert(plain, Scenario)
        check(scenario, faults=faults, kinds=frozenset(KINDS))
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise _unreadable(name, node, _parse_path(path), message) from None
    except ScenarioError as error:
        raise _unreadable(name, node, error.where, str(error)) from None
    return scenario


def _unreadable(
    name: str, node: yaml.Node | None, where: tuple[str | int, ...], message: str
) -> UnreadableScenarioError:
    line = _line(node, where)
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return UnreadableScenarioError(f"{name}:{line}: {field.lstrip('.') or 'file'}: {message}")


def _parse_path(path: str) -> tuple[str | int, ...]:
    """Turn msgspec's ```$.faults[0].at``` or ```key` in `$.faults[0]``` into the parts."""
    parts: list[str | int] = []
    for piece in path.rpartition("$")[2].rstrip("`").replace("[", ".[").split("."):
        if piece.startswith("["):
            inner = piece[1:-1]
            parts.append(int(inner) if inner.isdigit() else inner)
        elif piece:
            parts.append(piece)
    return tuple(parts)


def _line(node: yaml.Node | None, where: tuple[str | int, ...]) -> int:
    """Return the line (from 1) of the innermost node on the path that exists."""
    if node is None:
        return 1
    line = node.start_mark.line
    for part in where:
        found = _child(node, part)
        if found is None:
            break
        node, line = found
    return int(line) + 1


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child, child.start_mark.line
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line
    return None


def library(faults: frozenset[str]) -> dict[str, Scenario]:
    """Read the whole library; ids are paths below it without the suffix, in order."""
    found: dict[str, Scenario] = {}
    for path in sorted(LIBRARY.rglob("*.yaml")):
        name = path.relative_to(LIBRARY).with_suffix("").as_posix()
        found[name] = load(path, faults, id=name)
    return found


class UnknownScenarioError(ValueError):
    """A selection that matches nothing."""


def select(available: dict[str, Scenario], patterns: Iterable[str]) -> dict[str, Scenario]:
    """Pick scenarios by id, by folder, or by a shell pattern; no patterns pick everything.

    Raises UnknownScenarioError with the pattern that matches nothing.
    """
    chosen: dict[str, Scenario] = {}
    patterns = list(patterns)
    for pattern in patterns:
        matches = [
            name
            for name in available
            if name == pattern
            or name.startswith(pattern.rstrip("/") + "/")
            or fnmatchcase(name, pattern)
        ]
        if not matches:
            raise UnknownScenarioError(
                f"no scenario matches {pattern!r}; 'recspec list scenarios' names them all"
            )
        chosen.update((name, available[name]) for name in matches)
    return dict(available) if not patterns else chosen


def to_yaml(scenario: Scenario) -> str:
    """Write a scenario as a file that `read` takes back."""
    plain: Any = msgspec.to_builtins(scenario)
    del plain["id"]
    return yaml.safe_dump(_without_defaults(plain), sort_keys=False, allow_unicode=True)


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_defaults(inner)
            for key, inner in value.items()
            if inner not in (None, "", [], (), {}, False)
        }
    if isinstance(value, list | tuple):
        return [_without_defaults(inner) for inner in value]
    return value
