"""The command line: puts the commands together, one module each."""

from __future__ import annotations

from typing import Annotated

import typer

from recspec import __version__
from recspec.check_cast import check_cast
from recspec.check_policy import policy as check_policy
from recspec.explain import explain
from recspec.judge import judge
from recspec.list import list_clauses, list_faults, list_mutants, list_scenarios
from recspec.report import report
from recspec.run import run
from recspec.serve_control import control as serve_control_command
from recspec.serve_recorder import serve_recorder_command
from recspec.serve_ssh_server import ssh_server as serve_ssh_server_command
from recspec.setup import setup_command

app = typer.Typer(
    name="recspec",
    help="Proves that SSH session recorders, and the servers that feed them, keep their promises.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
check = typer.Typer(help="Check one thing: recordings, a policy.", no_args_is_help=True)
serve = typer.Typer(help="Run one reference part by itself.", no_args_is_help=True)
listing = typer.Typer(help="Say what there is.", no_args_is_help=True)

app.add_typer(check, name="check")
app.add_typer(serve, name="serve")
app.add_typer(listing, name="list")

app.command("setup")(setup_command)
app.command("run")(run)
app.command("judge")(judge)
app.command("report")(report)
app.command("explain")(explain)
check.command("cast")(check_cast)
check.command("policy")(check_policy)
serve.command("recorder")(serve_recorder_command)
serve.command("ssh-server")(serve_ssh_server_command)
serve.command("control")(serve_control_command)
listing.command("scenarios")(list_scenarios)
listing.command("clauses")(list_clauses)
listing.command("mutants")(list_mutants)
listing.command("faults")(list_faults)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"recspec {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Proves that SSH session recorders, and the servers that feed them, keep their promises."""
    del version


def main() -> None:
    """Run the command line."""
    app()
