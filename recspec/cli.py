"""The command line: puts the commands together, one module each."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from recspec import __version__

INCONCLUSIVE = 3
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG})
"""How writing to standard output fails when what it leads to is full or broken."""

COMMANDS = {
    ("setup",): "recspec.setup:setup_command",
    ("run",): "recspec.run:run",
    ("judge",): "recspec.judge:judge",
    ("report",): "recspec.report:report",
    ("explain",): "recspec.explain:explain",
    ("explore",): "recspec.explore:explore_command",
    ("pairs",): "recspec.pairs:pairs",
    ("simulate",): "recspec.simulate:simulate",
    ("check", "cast"): "recspec.check_cast:check_cast",
    ("check", "policy"): "recspec.check_policy:policy",
    ("check", "recorder"): "recspec.check_recorder:check_recorder",
    ("check", "client"): "recspec.check_client:check_client",
    ("serve", "recorder"): "recspec.serve_recorder:serve_recorder_command",
    ("serve", "ssh-server"): "recspec.serve_ssh_server:ssh_server",
    ("serve", "control"): "recspec.serve_control:control",
    ("list", "scenarios"): "recspec.list:list_scenarios",
    ("list", "cases"): "recspec.list:list_cases",
    ("list", "clauses"): "recspec.list:list_clauses",
    ("list", "mutants"): "recspec.list:list_mutants",
    ("list", "faults"): "recspec.list:list_faults",
}
"""Every command, and the function behind it."""

_GROUPS = {
    "check": "Check one thing: a recorder, a client, recordings, a policy.",
    "serve": "Run one reference part by itself.",
    "list": "Say what there is.",
}


def application(words: Sequence[str] = ()) -> typer.Typer:
    """Put the commands together; only the one that `words` begin with, if they name one.

    Checking a recording takes a fraction of the time that importing an SSH server does.
    """
    named = [path for path in COMMANDS if tuple(words[: len(path)]) == path]
    options: dict[str, Any] = {
        "no_args_is_help": True,
        "add_completion": False,
        "pretty_exceptions_enable": False,
        "rich_markup_mode": None,
    }
    whole = typer.Typer(
        name="recspec",
        help="Proves that SSH session recorders, and those that feed them, keep their promises.",
        callback=root,
        **options,
    )
    groups = {name: typer.Typer(help=text, **options) for name, text in _GROUPS.items()}
    for path in named or COMMANDS:
        module, _, function = COMMANDS[path].partition(":")
        group = groups[path[0]] if len(path) > 1 else whole
        group.command(path[-1])(getattr(import_module(module), function))
    for name, group in groups.items():
        if group.registered_commands:
            whole.add_typer(group, name=name)
            # With one command alone, typer would leave its name out.
            group.callback()(_nothing)
    return whole


def _nothing() -> None:
    pass


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"recspec {__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Proves that SSH session recorders, and the servers that feed them, keep their promises."""
    del version


def main() -> None:
    """Run the command line. What can no longer be written is trouble of the machine: 3."""
    try:
        application(sys.argv[1:])()
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in _UNWRITABLE or error.filename is not None:
            raise
        _forget_output()
        with contextlib.suppress(OSError):
            typer.echo(f"recspec: the output cannot be written: {error.strerror}", err=True)
        raise SystemExit(INCONCLUSIVE) from None


def _forget_output() -> None:
    """Let Python not fail again over what is still in its buffer when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
