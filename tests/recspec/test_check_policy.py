"""`recspec check policy`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from recspec.check_policy import policy

POLICIES = Path(__file__).parents[2] / "fixtures" / "policies"
TAILNET = str(POLICIES / "good" / "tailnet.hujson")
NODES = str(POLICIES / "nodes.json")

app = typer.Typer()
app.command()(policy)


def run(*args: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(app, args, input=stdin, env={"TERM": "dumb"} | (env or {}))


def read(*args: str) -> Any:
    result = run(*args, "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_a_good_policy() -> None:
    result = run(TAILNET, "--nodes", NODES)
    assert result.exit_code == 0
    assert result.stdout == f"{TAILNET}: pass: 4 ssh rules, 2 recorded, 0 warnings\n"
    assert read(TAILNET) == {
        "file": TAILNET,
        "status": "pass",
        "rules": 4,
        "recorded": 2,
        "warnings": [],
    }


def test_warnings_are_told_and_are_no_failure() -> None:
    file = str(POLICIES / "odd" / "fail-open.hujson")
    result = run(file)
    assert result.exit_code == 0
    first, last = result.stdout.splitlines()
    assert first.startswith(f"{file}:4:25: warning: rule 1 has recorder but not enforceRecorder")
    assert first.endswith("[fail-open]")
    assert last == f"{file}: warn: 1 ssh rules, 1 recorded, 1 warnings"
    report = read(file)
    assert report["status"] == "warn"
    (warning,) = report["warnings"]
    assert (warning["line"], warning["column"], warning["kind"]) == (4, 25, "fail-open")


@pytest.mark.parametrize("arrow", ["→", "->"])
def test_which_rule_where_to_and_what_on_failure(arrow: str) -> None:
    result = run(TAILNET, "--nodes", NODES, "--explain", f"alice@laptop{arrow}root@prod-1")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[1] == f"matches rule 1 ({TAILNET}:23:5), check"
    assert "held until the user has signed in again" in lines[2]
    assert lines[3] == (
        "recorded by tag:recorder, tried in order: "
        "100.64.0.31:80, 100.64.0.32:8080, [fd7a:115c:a1e0::32]:8080"
    )
    assert lines[4:6] == [
        "no recorder answers: the session is refused",
        "the recording is lost: the session is ended",
    ]


def test_the_answer_for_machines() -> None:
    explained = read(TAILNET, "--nodes", NODES, "--explain", "alice@laptop→ubuntu@prod-1")
    (rule,) = explained["explanation"].pop("rules")
    assert explained["explanation"] == {
        "question": "alice@laptop→ubuntu@prod-1",
        "decided": True,
        "allowed": True,
    }
    assert (rule["rule"], rule["line"], rule["column"], rule["action"]) == (2, 33, 5, "accept")
    assert rule["recorder"] == ["tag:spare", "tag:recorder"]
    assert rule["enforced"] is False
    assert rule["answer"]["recorders"][0] == "100.64.0.32:8080"


def test_failing_open_is_said() -> None:
    result = run(TAILNET, "--nodes", NODES, "--explain", "carol@visitor→ubuntu@prod-1")
    assert "no recorder answers: the session goes on unrecorded" in result.stdout


def test_a_session_that_is_not_recorded() -> None:
    result = run(TAILNET, "--nodes", NODES, "--explain", "ci-1→deploy@prod-1")
    assert result.stdout.splitlines()[2].strip() == "not recorded"
    odd = str(POLICIES / "odd" / "enforce-without-recorder.hujson")
    result = run(odd, "--nodes", NODES, "--explain", "alice@laptop→root@prod-1")
    assert "not recorded, whatever enforceRecorder says" in result.stdout


def test_a_recorder_that_is_not_there() -> None:
    odd = str(POLICIES / "odd" / "recorder-missing.hujson")
    result = run(odd, "--nodes", NODES, "--explain", "alice@laptop→root@prod-1")
    assert "to be recorded by tag:tape, but no node carries it" in result.stdout


def test_a_connection_that_nothing_allows() -> None:
    question = "carol@visitor→root@prod-1"
    result = run(TAILNET, "--nodes", NODES, "--explain", question)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1] == "  refused: no ssh rule matches"
    explained = read(TAILNET, "--nodes", NODES, "--explain", question)["explanation"]
    assert explained == {"question": question, "decided": True, "allowed": False, "rules": []}


def test_without_nodes_the_conditions_are_told() -> None:
    result = run(TAILNET, "--explain", "alice@laptop→root@prod-1")
    assert result.exit_code == 0
    assert "it depends on the nodes (give --nodes FILE)" in result.stdout
    assert f"if prod-1 carries tag:prod: rule 1 ({TAILNET}:23:5), check" in result.stdout
    assert "recorded by tag:recorder\n" in result.stdout
    assert "else refused: no ssh rule matches" in result.stdout
    explained = read(TAILNET, "--explain", "alice@laptop→root@prod-1")["explanation"]
    assert explained["decided"] is False
    assert explained["allowed"] is None
    assert [rule["conditions"] for rule in explained["rules"]] == [
        ["prod-1 carries tag:prod"],
        ["prod-1 belongs to alice@example.com"],
    ]
    explained = read(TAILNET, "--explain", "alice@laptop→root@tag:prod")["explanation"]
    assert (explained["decided"], explained["allowed"]) == (True, True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["missing.hujson"], "missing.hujson: cannot be read: No such file or directory"),
        (["."], ".: cannot be read: Is a directory"),
        ([TAILNET, "--nodes", "missing"], "missing: cannot be read: No such file or directory"),
        ([TAILNET, "--explain", "alice"], "'alice' is not like alice@laptop→root@prod-1"),
        (
            [TAILNET, "--nodes", NODES, "--explain", "alice@laptop→root@prod-2"],
            "no node 'prod-2' in the node list: did you mean prod-1?",
        ),
        (
            [TAILNET, "--nodes", TAILNET],
            f"{TAILNET}:2:1: Expected `array`, got `object`",
        ),
    ],
)
def test_bad_input_is_one_line_and_2(args: list[str], message: str) -> None:
    for more in ([], ["--json"]):
        result = run(*args, *more)
        assert result.exit_code == 2
        assert result.stderr == f"{message}\n"
        assert result.stdout == ""


@pytest.mark.parametrize("path", sorted(POLICIES.glob("hostile/*")), ids=lambda path: path.stem)
def test_hostile_policies_are_one_clean_line_and_2(path: Path) -> None:
    result = run(str(path))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}:")
    assert result.stderr.count("\n") == 1
    assert result.stderr[:-1].isprintable()
    assert result.stdout == ""


def test_standard_input() -> None:
    result = run("-", stdin=b'{"ssh": [1]}\n')
    assert (result.exit_code, result.stderr) == (
        2,
        "-:1:10: an ssh rule must be an object, not a number\n",
    )
    assert run("-", stdin=b"{}\n").stdout == "-: pass: 0 ssh rules, 0 recorded, 0 warnings\n"


def test_no_color_is_honoured(tmp_path: Path) -> None:
    file = tmp_path / "odd\x1b[31m.hujson"
    file.write_text('{"odd": 1}\n')
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    coloured = run(str(file), env=terminal)
    assert "\x1b[" in coloured.stdout
    plain = run(str(file), env=terminal | {"NO_COLOR": "1"})
    assert "\x1b[3" not in plain.stdout
    assert r"\x1b[31m" in plain.stdout


def test_a_name_with_a_nul() -> None:
    result = run("a\0b")
    assert result.exit_code == 2
    assert result.stderr.startswith(r"a\x00b: cannot be read: ")


def test_help_has_an_example() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "Example: recspec check policy" in result.stdout
