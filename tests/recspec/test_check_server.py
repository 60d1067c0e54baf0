"""`recspec check client` with an SSH server under test: as somebody runs it who has written one."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from fixtures.profiles import ProfileError, parse_profile

pytestmark = [pytest.mark.live, pytest.mark.long]

SERVER = Path(__file__).parents[2] / "fixtures" / "targets" / "reference-server.toml"
STRICT = """
import asyncio, sys, asyncssh
host, port, folder, action = sys.argv[1:]

class Bob(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True
    def validate_password(self, username, password):
        return (username, password) == ("bob", "secret")

async def main():
    await asyncssh.create_server(
        Bob, host, int(port), server_host_keys=[f"{folder}/id"],
        authorized_client_keys=f"{folder}/id.pub", process_factory=lambda process: process.exit(0),
    )
    await asyncio.Event().wait()

asyncio.run(main())
"""
"""An SSH server that lets nobody in without a key or a password, and records nothing."""


def check(profile: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recspec", "check", "client", str(profile), *words],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def strict(folder: Path, login: str) -> Path:
    """Write the profile of a server that is strict about who logs in."""
    (folder / "strict.py").write_text(STRICT)
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(folder / "id"))
    key.write_public_key(str(folder / "id.pub"))
    command = [
        "{python}",
        "-P",
        str(folder / "strict.py"),
        "{host}",
        "{port}",
        str(folder),
        "{action}",
    ]
    text = f'name = "strict"\nrole = "ssh-server"\ncommand = {json.dumps(command)}\n'
    path = folder / "server.toml"
    path.write_text(text + login)
    return path


def test_our_own_server_passes_and_what_is_not_its_own_is_not_judged(tmp_path: Path) -> None:
    words = ("--only", "reject/both", "--only", "matrix/v2/reset/first-output/both/1-of-1")
    done = check(SERVER, *words, "--only", "policy/check", "--out", str(tmp_path / "o"), "--json")
    assert done.returncode == 0, done.stderr
    found = {result["id"]: result for result in json.loads(done.stdout)["results"]}
    assert {name: result["status"] for name, result in found.items()} == {
        "reject/both": "pass",
        "matrix/v2/reset/first-output/both/1-of-1": "pass",
        "policy/check": "skip",
    }
    assert "one action as a file" in found["policy/check"]["findings"][0]["message"]
    assert "failure-1" in found["reject/both"]["clauses"]
    listed = json.loads(check(SERVER, "--list", *words).stdout)
    assert "failure-1" in {clause for case in listed for clause in case["clauses"]}
    assert "storage-1" not in {clause for case in listed for clause in case["clauses"]}


@pytest.mark.parametrize(
    ("login", "says"),
    [
        ("", "strict: 'alice' cannot log in: Permission denied"),
        ('[login]\nuser = "bob"\n', "strict: 'bob' cannot log in: Permission denied"),
        ('[login]\nkey = "/no/such/key"\n', "strict: 'alice' cannot log in: "),
    ],
)
def test_who_cannot_log_in_is_told_before_anything_is_played(
    login: str, says: str, tmp_path: Path
) -> None:
    done = check(strict(tmp_path, login), "--out", str(tmp_path / "o"))
    assert done.returncode == 3
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("login", ['user = "bob"\npassword = "secret"\n', 'key = "{key}"\n'])
def test_users_log_in_as_the_profile_says(login: str, tmp_path: Path) -> None:
    filled = login.replace("{key}", str(tmp_path / "id"))
    profile = strict(tmp_path, f"[login]\n{filled}")
    done = check(profile, "--only", "reject/exec", "--out", str(tmp_path / "o"), "--json")
    # It lets them in, runs nothing, records nothing and refuses nobody.
    assert done.returncode == 1, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert {"failure-1", "notice-1"} <= {f["clause"] for f in result["findings"]}


def test_a_server_that_does_not_start_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    command = ["/bin/sh", "-c", "echo no {action} >&2; exit 7", "{port}"]
    path.write_text(f'name = "x"\nrole = "ssh-server"\ncommand = {json.dumps(command)}\n')
    done = check(path, "--out", str(tmp_path / "o"))
    assert done.returncode == 3
    assert done.stderr.startswith("recspec check client: x did not start: it ended before it serve")
    assert len(done.stderr.splitlines()) == 1


BAD = {
    "says nothing that is SSH": (
        "import socket, sys\nport = socket.create_server((sys.argv[1], int(sys.argv[2])))\n"
        "while True:\n    user, _ = port.accept()\n    user.sendall(bytes(range(256)) * 64)\n"
        "    user.close()\n"
    ),
    "ends with wild words": (
        "import sys\nsys.stderr.write('\\x1b[31mred' + 'x' * 9999 + '\\n')\nsys.exit(7)\n"
    ),
    "ends and leaves another behind": (
        "import subprocess, sys\nsubprocess.Popen(['sleep', '98731'])\nsys.exit(7)\n"
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_server_that_is_none_is_told_in_one_line_and_leaves_nothing(
    bad: str, tmp_path: Path
) -> None:
    path = tmp_path / "server.toml"
    command = ["{python}", "-c", BAD[bad], "{host}", "{port}", "{action}"]
    path.write_text(f'name = "x"\nrole = "ssh-server"\ncommand = {json.dumps(command)}\n')
    done = check(path, "--out", str(tmp_path / "o"))
    assert done.returncode == 3
    assert done.stderr.startswith("recspec check client: x")
    assert len(done.stderr.splitlines()) == 1
    assert len(done.stderr) < 2200
    assert "\x1b" not in done.stderr
    assert not (tmp_path / "o").exists()
    assert not any(b"98731" in words for words in _commands())


def _commands() -> Iterator[bytes]:
    """Yield how each process was started that there is."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes()


def run_target(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recspec", "run", "--target", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def test_a_target_of_run_is_checked_as_its_role_says(tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "o"), "--json")
    done = run_target(str(SERVER), "reject/both", *out)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert results["target"] == "recspec reference SSH server"
    assert [result["id"] for result in results["results"]] == ["reject/both"]


@pytest.mark.parametrize("words", [("--speed", "10"), ("--mutant", "x"), ("--world", "sim")])
def test_what_is_for_our_own_parts_is_refused_with_a_target(words: tuple[str, ...]) -> None:
    done = run_target(str(SERVER), *words)
    assert done.returncode == 2
    assert done.stderr == f"{words[0]}: not with --target; it is for our own parts only\n"


PROFILE = 'name = "x"\nrole = "{role}"\ncommand = ["x", {words}]\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "x"\nrole = "ssh-server"\nurl = "http://127.0.0.1:1"\n', "started by us"),
        (PROFILE.format(role="ssh-server", words='"{port}"'), "without {action}"),
        (PROFILE.format(role="ssh-server", words='"{action}"'), "without {port}"),
        (
            PROFILE.format(role="ssh-server", words='"{port}{action}{storage}"'),
            "{storage} is not known",
        ),
        (
            PROFILE.format(role="ssh-server", words='"{port}{action}"') + '[login]\nusr = "x"\n',
            "login.usr: no such key; did you mean user?",
        ),
        (
            PROFILE.format(role="recorder", words='"{port}"') + '[login]\nuser = "x"\n',
            "login: means nothing for role 'recorder'",
        ),
        (
            PROFILE.format(role="ssh-server", words='"{port}{action}"')
            + '[storage]\nkind = "filesystem"\npath = "/x"\n',
            "storage: means nothing for role 'ssh-server'",
        ),
    ],
)
def test_mistakes_in_a_profile_are_named(text: str, says: str) -> None:
    with pytest.raises(ProfileError, match=r"^p\.toml: ") as raised:
        parse_profile(text.encode(), "p.toml")
    assert says in str(raised.value)
