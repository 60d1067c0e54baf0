"""Reads scenario files: YAML to typed scenarios, with errors that name file, line and field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import yaml

from conformance.history import KINDS
from conformance.scenario import Scenario
from conformance.scenario_check import ScenarioError, check
from scenarios.plain_yaml import Plain, YamlError, parse, parse_shipped

LIBRARY = Path(__file__).parent / "library"

MAX_BYTES = 1 << 18
"""A scenario file is written by hand; a larger one is a mistake."""

_LONGEST_MESSAGE = 500
_FIELDS = {name: kind.__struct_fields__ for name, kind in KINDS.items()}
_AT = re.compile(r"(?sa)(.*) - at `(?:key` in `)?\$((?:\.[A-Za-z_]\w*|\[\d+\]|\[\.\.\.\])*)`\Z")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]", re.ASCII)
_NAMED = re.compile(r"(?s)Object contains unknown field `(.*)`\Z")


class UnreadableScenarioError(ValueError):
    """A scenario file that cannot be used; the message is ``FILE:LINE: FIELD: what is wrong``."""


Parse: TypeAlias = Callable[[str], tuple[Plain, yaml.Node | None]]


def load(
    path: Path,
    faults: frozenset[str],
    *,
    id: str | None = None,  # noqa: A002
    parse: Parse = parse,
) -> Scenario:
    """Read one scenario file. `faults` are the names of the faults that can be injected.

    The scenario's id is `id`, or the file's name without its suffix. Raises
    UnreadableScenarioError.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableScenarioError(_printable(f"{path}: {error.strerror}")) from None
    except ValueError as error:  # a path that no system has
        raise UnreadableScenarioError(_printable(f"{path}: {error}")) from None
    scenario = read(data, str(path), faults, parse)
    return msgspec.structs.replace(scenario, id=id or path.stem)


def read(data: bytes, name: str, faults: frozenset[str], parse: Parse = parse) -> Scenario:
    """Decode a scenario from YAML; `name` stands for the file in errors.

    Raises UnreadableScenarioError.
    """
    if len(data) > MAX_BYTES:
        raise _unreadable(name, 1, (), f"larger than {MAX_BYTES} bytes: not a scenario file")
    try:
        plain, node = parse(data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(name, line, (), f"not UTF-8: byte {error.start}") from None
    except YamlError as error:
        raise _unreadable(name, error.line, (), str(error)) from None
    if plain is None:
        raise _unreadable(name, 1, (), "there is no scenario in it")
    if isinstance(plain, dict) and "id" in plain:
        raise _unreadable(name, _line(node, ("id",)), ("id",), "a scenario is named by its file")
    try:
        scenario = msgspec.convert(plain, Scenario)
        check(scenario, faults=faults, kinds=_FIELDS)
    except msgspec.ValidationError as error:
        where, message = _place(str(error))
        raise _unreadable(name, _line(node, where), where, message) from None
    except ScenarioError as error:
        raise _unreadable(name, _line(node, error.where), error.where, str(error)) from None
    return scenario


def _unreadable(
    name: str, line: int, where: tuple[str | int, ...], message: str
) -> UnreadableScenarioError:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    if len(message) > _LONGEST_MESSAGE:
        message = message[:_LONGEST_MESSAGE] + "…"
    field = field.lstrip(".")[:_LONGEST_MESSAGE]
    return UnreadableScenarioError(_printable(f"{name}:{line}: {field or 'file'}: {message}"))


def _printable(text: str) -> str:
    """Put escapes in place of what would break the line, or the terminal."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def _place(text: str) -> tuple[tuple[str | int, ...], str]:
    """Take msgspec's ``what is wrong - at `$.faults[0].at```` apart."""
    found = _AT.match(text)
    message, path = found.groups() if found else (text, "")
    where: list[str | int] = []
    for field, index in _STEP.findall(path):
        where.append(int(index) if index else field)
    unknown = _NAMED.match(message)
    if unknown:
        where.append(unknown.group(1))
    return tuple(where), message


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
        found[name] = load(path, faults, id=name, parse=parse_shipped)
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
                " (with '--matrix', the generated ones)"
            )
        chosen.update((name, available[name]) for name in matches)
    return dict(available) if not patterns else chosen


def to_yaml(scenario: Scenario) -> str:
    """Write a scenario as a file that `read` takes back."""
    plain = _plain(scenario)
    plain.pop("id", None)
    if not scenario.title:  # such a one is compared, never kept
        del plain["title"]
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML takes for the end of a line, so that it comes back as it was."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if any(character in text for character in "\x85\u2028\u2029\ufeff") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _plain(value: Any) -> Any:
    """Return a value as YAML has it, without the fields that are empty when they are not there."""
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: _plain(inner)
            for field in msgspec.structs.fields(value)
            if (inner := getattr(value, field.name)) or inner != _default(field)
        }
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return msgspec.to_builtins(value)


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
