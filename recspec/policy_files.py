"""Policy files and node lists on disk: opened, read, and their mistakes told in one line."""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.hujson import MAX_SIZE, HuJsonError
from conformance.nodes import Node, read_nodes
from conformance.policy import read_policy
from conformance.policy_types import Policy


class UnreadableError(Exception):
    """A file that cannot be used; the message is one line and names file, line and column."""


def policy_file(name: str) -> tuple[str, Policy]:
    """Return the text of a policy file (``-``: standard input) and what it says."""
    data = _read(name)
    try:
        policy = read_policy(data)
    except HuJsonError as error:
        raise UnreadableError(_located(name, error)) from None
    return data.decode(), policy


def nodes_file(name: str) -> tuple[Node, ...]:
    """Return the nodes of a list in HuJSON, or in YAML where the file's name says so."""
    try:
        return read_nodes(_read(name), as_yaml=Path(name).suffix in (".yaml", ".yml"))
    except HuJsonError as error:
        raise UnreadableError(_located(name, error)) from None


def _located(name: str, error: HuJsonError) -> str:
    return f"{name}:{error.line}:{error.column}: {error.message}"


def _read(name: str) -> bytes:
    """Read a file, or one byte more than may be: the readers refuse what is too long."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_SIZE + 1)
        with Path(name).open("rb") as file:
            return file.read(MAX_SIZE + 1)
    except OSError as error:
        raise UnreadableError(f"{name}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # a name with a NUL
        raise UnreadableError(f"{name}: cannot be read: {error}") from None


def printable(text: str) -> str:
    """Return `text` with every character escaped that a terminal would act on."""
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )
