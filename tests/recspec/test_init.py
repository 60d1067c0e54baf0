"""`--init`: a profile to start from, which replaces nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fixtures.profiles import read_profile
from recspec.cli import application


def init(*words: str) -> Result:
    return CliRunner().invoke(application(), ["check", *words])


@pytest.mark.parametrize("role", ["client", "ssh-server"])
def test_a_profile_is_written_once_and_loads(role: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    done = init("client", str(path), "--init", role)
    assert done.exit_code == 0, done.output
    assert f"'recspec check client {path}' checks by it" in done.output
    profile = read_profile(path)
    assert (profile.name, profile.role) == ("mine", role)
    path.write_text("mine")
    again = init("client", str(path), "--init", role)
    assert again.exit_code == 2
    assert again.output == f"{path}: exists; give another name, or move it away\n"
    assert path.read_text() == "mine"


@pytest.mark.parametrize("words", [("client", "--init", "client"), ("recorder", "--init")])
@pytest.mark.parametrize(
    ("file", "status", "says"),
    [
        ("no/such/mine.toml", 3, "No such file or directory"),
        ("\udcff.toml", 2, "cannot be written as TOML"),
    ],
)
def test_what_cannot_be_written_is_one_line(
    words: tuple[str, ...], file: str, status: int, says: str, tmp_path: Path
) -> None:
    what, *options = words
    done = init(what, str(tmp_path / file), *options)
    assert done.exit_code == status
    assert says in done.output
    assert len(done.output.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_role_that_is_checked_elsewhere_is_refused(tmp_path: Path) -> None:
    done = init("client", str(tmp_path / "mine.toml"), "--init", "recorder")
    assert done.exit_code == 2
    assert "'recorder' is not one of 'client', 'ssh-server'" in done.output
    assert not list(tmp_path.iterdir())


def test_an_example_is_not_taken_for_a_target(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    assert init("client", str(path), "--init", "client").exit_code == 0
    done = init("client", str(path), "--out", str(tmp_path / "o"))
    assert done.exit_code == 3
    assert done.output == "recspec check client: ./my-driver: No such file or directory\n"
    assert not (tmp_path / "o").exists()
