"""The node list: what a control plane knows of every machine of the tailnet.

A node belongs to a user, or it is tagged: a node with tags has no user's identity, whatever user
it was added by (public documentation of tags). A node list is a HuJSON or YAML list of objects;
errors name line and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Any, TypeAlias

import msgspec
import yaml

from conformance.hujson import HuJsonError, parse

Steps: TypeAlias = "list[int | str]"
Place: TypeAlias = Callable[[Steps], tuple[int, int]]
"""From a path into plain data to the line and column of the text it came from."""

MAX_YAML = 1 << 20
"""Longest node list in YAML, in bytes: its reader is slow."""

TAG = re.compile(r"tag:[A-Za-z][A-Za-z0-9-]*")
"""A tag's name starts with a letter; letters, digits and dashes follow."""

ROLES = ("owner", "admin", "it-admin", "network-admin", "billing-admin", "auditor", "member")
"""Roles of users that an ``autogroup:`` can name."""


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One machine of the tailnet."""

    name: str
    """FQDN, without a trailing dot."""
    id: str
    """Stable ID, the way ``nguedK2CNTRL`` looks."""
    numeric_id: int
    addresses: tuple[str, ...]
    """IP addresses, in the order in which they are to be tried."""
    tags: tuple[str, ...] = ()
    user: str = ""
    """Login of the user it belongs to; without meaning on a tagged node."""
    user_id: int = 0
    role: str = "member"
    """The user's role in the tailnet."""
    ssh_port: int = 22
    recorder_port: int = 80

    @property
    def login(self) -> str:
        """The login that counts: none on a tagged node."""
        return "" if self.tags else self.user

    @property
    def short_name(self) -> str:
        """The first label of the name."""
        return self.name.partition(".")[0]

    def recorders(self) -> tuple[str, ...]:
        """Return ``ip:port`` of the recorder on this node, for each address."""
        return tuple(address_port(address, self.recorder_port) for address in self.addresses)


def address_port(address: str, port: int) -> str:
    """Join an IP address and a port; IPv6 stands in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def find_node(nodes: Iterable[Node], name: str) -> Node | None:
    """Return the node with this FQDN, stable ID or, where only one has it, first label."""
    short = []
    for node in nodes:
        if name.rstrip(".") == node.name or name == node.id:
            return node
        if name == node.short_name:
            short.append(node)
    return short[0] if len(short) == 1 else None


def read_nodes(text: bytes, *, as_yaml: bool = False) -> tuple[Node, ...]:
    """Read a node list; raises HuJsonError with the place of the first mistake."""
    plain, place = _yaml(text) if as_yaml else _hujson(text)
    try:
        nodes = msgspec.convert(plain, tuple[Node, ...])
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        line, column = place(_steps(path))
        raise HuJsonError(line, column, message) from None
    for index, message in wrong_nodes(nodes):
        line, column = place([index])
        raise HuJsonError(line, column, message)
    return nodes


def wrong_nodes(nodes: Iterable[Node]) -> Iterator[tuple[int, str]]:
    """Say what is wrong with a node list: the node's position from 0, and what it is."""
    nodes = tuple(nodes)
    taken: dict[tuple[str, str | int], int] = {}
    for index, node in enumerate(nodes):
        wrong = wrong_with(node)
        if wrong:
            yield index, f"node {node.name or index}: {wrong}"
        for what, value in (("name", node.name), ("id", node.id), ("numeric_id", node.numeric_id)):
            first = taken.setdefault((what, value), index)
            if first != index:
                yield index, f"node {node.name}: the {what} is taken by node {nodes[first].name}"


def wrong_with(node: Node) -> str:
    """Say what is wrong with a node on its own; empty: nothing."""
    if not node.name or node.name.endswith("."):
        return "the name must be a FQDN without a trailing dot"
    if not node.id:
        return "the id is empty"
    if not node.addresses:
        return "no address"
    for address in node.addresses:
        if not is_address(address):
            return f"{address!r} is not an IP address"
    for tag in node.tags:
        if not TAG.fullmatch(tag):
            return f"{tag!r} is not a tag, 'tag:' and a name that starts with a letter"
    if not node.tags and not node.user:
        return "neither tags nor user"
    if node.role not in ROLES:
        return f"unknown role {node.role!r}, one of {', '.join(ROLES)}"
    for port in (node.ssh_port, node.recorder_port):
        if not 0 < port < 65536:
            return f"{port} is not a port"
    return ""


def is_address(text: str) -> bool:
    """Tell whether `text` is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


_STEP = re.compile(r"\[(\d+)\]|\.(\w+)")


def _steps(path: str) -> Steps:
    """Split a path of msgspec, ``$[0].addresses[1]`` with what follows, into its steps."""
    return [int(step[1]) if step[1] else step[2] for step in _STEP.finditer(path)]


def _hujson(text: bytes) -> tuple[Any, Place]:
    root = parse(text)

    def place(steps: Steps) -> tuple[int, int]:
        value = root
        for step in steps:
            inside: Any = value.data
            value = inside[step] if isinstance(step, int) else inside[step].value
        return value.line, value.column

    return root.plain(), place


def _yaml(text: bytes) -> tuple[Any, Place]:
    if len(text) > MAX_YAML:
        raise HuJsonError(1, 1, f"longer than {MAX_YAML} bytes")
    try:
        plain = yaml.safe_load(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise HuJsonError(line, column, f"not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        # Bytes that are no text, nesting without end, dates that no calendar has.
        raise HuJsonError(1, 1, f"not YAML: {' '.join(str(error).split())}") from None

    def place(steps: Steps) -> tuple[int, int]:
        node: Any = root
        for step in steps:
            if isinstance(node, yaml.SequenceNode):
                node = node.value[step]
            else:  # what a merge brought in stands elsewhere, and a set has no order
                node = next((value for key, value in node.value if key.value == step), node)
        return (node.start_mark.line + 1, node.start_mark.column + 1) if node else (1, 1)

    return plain, place
