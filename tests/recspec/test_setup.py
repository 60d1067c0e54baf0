"""``recspec setup``: ready, or one clear line that says what is missing and the ways out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from recspec.setup import setup_command

app = typer.Typer()
app.command()(setup_command)


@pytest.fixture(autouse=True)
def _user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user with a Toxiproxy of their own."""
    program = tmp_path / "toxiproxy"
    program.write_text("#!/bin/sh\necho toxiproxy-server version 2.12.0\n")
    program.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("RECSPEC_TOXIPROXY", str(program))


def test_ready() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0
    assert "MISSING" not in result.stdout
    assert result.stderr == ""
    for name in ("Toxiproxy", "Go", "Python", "S3", "loopback", "ports", "processes", "ssh"):
        assert any(line.startswith(name) for line in result.stdout.splitlines())


def test_json_is_all_that_stdout_holds() -> None:
    result = CliRunner().invoke(app, ["--json", "--check"])
    assert result.exit_code == 0
    findings = {finding["name"]: finding for finding in json.loads(result.stdout)}
    assert findings["Toxiproxy"]["found"] is True
    assert findings["ssh"]["needed"] is False


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_is_missing_is_told_with_the_ways_out(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECSPEC_TOXIPROXY")
    monkeypatch.setenv("PATH", "/no/such/folder")
    result = CliRunner().invoke(app, ["--check", *options])
    assert result.exit_code == 3
    first, *ways = result.stderr.splitlines()
    assert first.startswith("recspec: not ready for live runs: Toxiproxy: no Toxiproxy server")
    assert any("recspec setup" in way for way in ways)
    assert "Traceback" not in result.output
    assert not (tmp_path / "cache").exists()
    if options:
        assert json.loads(result.stdout)[0]["found"] is False


def test_go_is_not_needed_once_there_is_a_toxiproxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/no/such/folder")
    monkeypatch.setattr("fixtures.go_toolchain.sysconfig.get_path", lambda _: "/no/scripts")
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0
    assert "only building Toxiproxy needs it" in result.stdout
