"""YAML as scenario files use it: maps, lists and plain values, each with the line it stands on.

YAML has more than a scenario can mean, and much of it is a trap. Only ``true`` and ``false`` are
booleans here, so ``on``, ``yes`` and ``no`` are words; only decimal numbers are numbers; a key is
a word and stands once. Tags, dates and merge keys do not exist. An alias may repeat a part, but
what comes of all of them together is bounded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TypeAlias

import yaml
from yaml.resolver import BaseResolver

Plain: TypeAlias = dict[str, "Plain"] | list["Plain"] | str | int | float | bool | None

MAX_VALUES = 20_000
"""Values in one file, repeated ones counted each time."""
MAX_DEPTH = 50
"""Levels of maps and lists in each other; a scenario has nine."""

_TAG = "tag:yaml.org,2002:"


class YamlError(ValueError):
    """What is wrong, and the line (from 1) on which it stands."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def _too_deep(line: int) -> YamlError:
    return YamlError(f"nested more than {MAX_DEPTH} levels deep", line)


class _Loader(yaml.SafeLoader):
    """Knows only the values that a scenario has. Each form is also one of YAML 1.1's.

    So what `yaml.safe_dump` writes without quotes because it is a word is a word here too.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    _depth = -1

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Make the next node, unless it lies too deep."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _too_deep(self.line + 1)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _name, _form, _first in (
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?[0-9]{1,17}\.[0-9]*(?:[eE][-+][0-9]{1,3})?", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"^{_form}$"), _first)


def parse_shipped(text: str) -> tuple[Plain, yaml.Node | None]:
    """Do what `parse` does, for a file of our own, with libyaml where there is one.

    That is many times faster, and bounds nothing while it reads: for no file of anybody else.
    """
    if not yaml.__with_libyaml__:
        return parse(text)
    try:
        node = yaml.compose(text, Loader=_shipped_loader())
    except yaml.YAMLError:
        return parse(text)  # which says what is wrong
    return (None if node is None else _Values().of(node, 0)), node


@cache
def _shipped_loader() -> type[yaml.CSafeLoader]:
    resolvers = _Loader.yaml_implicit_resolvers
    return type("ShippedLoader", (yaml.CSafeLoader,), {"yaml_implicit_resolvers": resolvers})


def parse(text: str) -> tuple[Plain, yaml.Node | None]:
    """Return the values of a file, and the nodes that know their lines. Raises YamlError."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = error.problem or error.context or "not YAML"
        raise YamlError(f"not YAML: {why}", mark.line + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(f"the character U+{error.character:04X} may not stand here", line) from None
    return (None if node is None else _Values().of(node, 0)), node


class _Values:
    """Turns nodes into values, and counts them."""

    def __init__(self) -> None:
        self._count = 0

    def of(self, node: yaml.Node, depth: int) -> Plain:
        """Return the value of a node `depth` levels down."""
        line = node.start_mark.line + 1
        self._count += 1
        if self._count > MAX_VALUES:
            raise YamlError(f"more than {MAX_VALUES} values, those of aliases included", line)
        if depth > MAX_DEPTH:  # an alias inside what it stands for has no end either
            raise _too_deep(line)
        if isinstance(node, yaml.MappingNode) and node.tag == BaseResolver.DEFAULT_MAPPING_TAG:
            return self._map(node, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == BaseResolver.DEFAULT_SEQUENCE_TAG:
            return [self.of(item, depth + 1) for item in node.value]
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, line)
        raise YamlError(f"a scenario file has no tags: {_short(node.tag)}", line)

    def _map(self, node: yaml.MappingNode, depth: int) -> dict[str, Plain]:
        values: dict[str, Plain] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != BaseResolver.DEFAULT_SCALAR_TAG:
                raise YamlError("a key must be a word", line)
            if key.value in values:
                raise YamlError(f"the key {key.value!r} stands here a second time", line)
            values[key.value] = self.of(value, depth + 1)
        return values


def _scalar(node: yaml.ScalarNode, line: int) -> Plain:
    text: str = node.value
    if node.tag == BaseResolver.DEFAULT_SCALAR_TAG:
        return text
    implicit = _Loader.yaml_implicit_resolvers.get(text[:1], [])
    if (node.tag, True) not in [(tag, bool(form.match(text))) for tag, form in implicit]:
        raise YamlError(f"a scenario file has no tags: {_short(node.tag)}", line)
    match node.tag.removeprefix(_TAG):
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text)
        case "float":
            return float(text)
        case _:
            return None


def _short(tag: str) -> str:
    return tag.replace(_TAG, "!!")
