"""`recspec check cast`, as a user calls it."""

import gzip
import json
from pathlib import Path

import pytest
import typer
import zstandard
from typer.testing import CliRunner, Result

from conformance.asciicast import check
from recspec.check_cast import check_cast

GOOD = (
    b'{"version":2,"width":80,"height":24,"timestamp":1,"env":{"TERM":"x"},"srcNode":"a",'
    b'"srcNodeID":"n","srcNodeTags":["tag:x"],"sshUser":"u","localUser":"u","connectionID":"c"}\n'
    b'[0.5,"o","hello \\u001b[1mworld\\u001b[0m\\r\\n"]\n[1.5,"o","bye\\r\\n"]\n'
)
WARNS = GOOD + b"\n"
FAILS = GOOD + b'[1,"o","x"]\n'

app = typer.Typer()
app.command()(check_cast)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, stdin: bytes = b"") -> Result:
    result = CliRunner().invoke(app, list(words), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_good_recording_passes(here: Path) -> None:
    (here / "a.cast").write_bytes(GOOD)
    result = run("a.cast")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "a.cast: pass\n", "")


def test_findings_come_with_their_place_and_the_verdict_last(here: Path) -> None:
    (here / "a.cast").write_bytes(FAILS)
    result = run("a.cast")
    finding, verdict = result.stdout.splitlines()
    assert finding.startswith("a.cast:4:2: MUST events-4 ")
    assert verdict == "a.cast: fail (broken: 1 MUST)"
    assert result.exit_code == 1


def test_warnings_end_with_0(here: Path) -> None:
    (here / "a.cast").write_bytes(WARNS)
    result = run("a.cast")
    assert result.stdout.splitlines()[-1] == "a.cast: warn (broken: 1 SHOULD)"
    assert result.exit_code == 0


def test_json_is_one_array(here: Path) -> None:
    (here / "a.cast").write_bytes(GOOD)
    (here / "b.cast").write_bytes(FAILS)
    result = run("a.cast", "b.cast", "--json")
    good, bad = json.loads(result.stdout)
    assert good == {"file": "a.cast", "status": "pass", "findings": []}
    assert (bad["file"], bad["status"]) == ("b.cast", "fail")
    (finding,) = bad["findings"]
    assert set(finding) == {"line", "column", "clause", "level", "message"}
    assert (finding["line"], finding["column"], finding["level"]) == (4, 2, "MUST")
    assert result.exit_code == 1


def test_folders_patterns_and_compressed_recordings(here: Path) -> None:
    below = here / "one" / "two"
    below.mkdir(parents=True)
    (below / "a.cast").write_bytes(GOOD)
    (below / "b.cast.gz").write_bytes(gzip.compress(GOOD))
    two_frames = zstandard.compress(GOOD[:50]) + zstandard.compress(GOOD[50:])
    (below / "c.cast.zst").write_bytes(two_frames)
    (below / "notes.txt").write_bytes(b"no recording")
    verdicts = [f"one/two/{name}: pass" for name in ("a.cast", "b.cast.gz", "c.cast.zst")]
    assert run("one").stdout.splitlines() == verdicts
    assert run("one/**/*.cast*").stdout.splitlines() == verdicts
    assert run("one", "one/two/a.cast").stdout.splitlines() == verdicts


def test_standard_input() -> None:
    assert run("-", stdin=GOOD).stdout == "-: pass\n"
    assert run("-", stdin=b"").exit_code == 1


def test_plain(here: Path) -> None:
    (here / "a.cast").write_bytes(b'{"version":2,"width":1,"height":1}\n[1,"i","x"]\n')
    assert run("a.cast").exit_code == 1
    assert run("a.cast", "--plain").exit_code == 0


@pytest.mark.parametrize("flag", [[], ["--json"], ["--text"], ["--search", "x"]])
def test_what_is_not_there_ends_with_2(flag: list[str]) -> None:
    result = run("missing.cast", *flag)
    assert result.stderr.splitlines()[0] == "missing.cast: no such recording"
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stdout in ("", "[]\n")


def test_what_is_not_there_does_not_hide_a_fail(here: Path) -> None:
    (here / "a.cast").write_bytes(FAILS)
    assert run("missing.cast", "a.cast").exit_code == 1
    (here / "a.cast").write_bytes(GOOD)
    assert run("missing.cast", "a.cast").exit_code == 2


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.cast.gz", gzip.compress(GOOD, mtime=0)[:-9], "the gzip data is cut off"),
        ("a.cast.gz", b"nonsense", "the gzip data is damaged"),
        ("a.cast.gz", gzip.compress(GOOD, mtime=0)[:20] + b"\xff" * 20, "the gzip data is damaged"),
        ("a.cast.zst", zstandard.compress(GOOD)[:-3], "the zstd data is cut off"),
        ("a.cast.zst", b"nonsense", "the zstd data is damaged"),
    ],
)
def test_damaged_compression_is_one_clear_line(
    here: Path, name: str, data: bytes, says: str
) -> None:
    (here / name).write_bytes(data)
    result = run(name)
    assert result.stderr.startswith(f"{name}: {says}")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stdout.splitlines()[-1].startswith(f"{name}: error")
    answer = json.loads(run(name, "--json").stdout)
    assert answer[0]["status"] == "error"
    for flag in (["--convert", "v3"], ["--text"], ["--search", "x"]):
        assert run(name, *flag).exit_code == 2


def test_an_empty_zstd_file_is_an_empty_recording(here: Path) -> None:
    (here / "a.cast.zst").write_bytes(b"")
    assert run("a.cast.zst").exit_code == 1


def test_a_link_to_nowhere_is_unreadable(here: Path) -> None:
    (here / "a.cast").symlink_to(here / "nowhere")
    result = run("a.cast")
    assert result.exit_code == 2
    assert result.stderr == "a.cast: No such file or directory\n"


def test_a_name_that_is_not_text(here: Path) -> None:
    folder = here / "names"
    folder.mkdir()
    (folder / "caf\udce9.cast").write_bytes(FAILS)
    assert run("names").stdout.splitlines()[-1].startswith("names/caf\\udce9.cast: fail")
    assert json.loads(run("names", "--json").stdout)[0]["file"] == "names/caf\\udce9.cast"


def test_convert(here: Path) -> None:
    (here / "a.cast").write_bytes(GOOD)
    result = run("a.cast", "--convert", "v3")
    header, first, second = result.stdout.splitlines()
    assert json.loads(header)["term"] == {"cols": 80, "rows": 24, "type": "x"}
    assert (first[:5], second[:5]) == ("[0.5,", '[1,"o')
    assert check(result.stdout_bytes) == []
    (here / "b.cast").write_bytes(GOOD + b"nonsense\n")
    broken = run("b.cast", "--convert", "v3")
    assert broken.exit_code == 1
    assert broken.stderr.startswith("b.cast: line 4 cannot be converted: ")


def test_text(here: Path) -> None:
    (here / "a.cast").write_bytes(GOOD)
    assert run("a.cast", "--text").stdout == "hello world\nbye\n"
    (here / "b.cast").write_bytes(GOOD)
    assert run("a.cast", "b.cast", "--text").stdout == (
        "==> a.cast <==\nhello world\nbye\n==> b.cast <==\nhello world\nbye\n"
    )


def test_a_line_longer_than_a_piece(here: Path) -> None:
    (here / "a.cast").write_bytes(GOOD + b'[2,"o","' + b"x" * 100_000 + b'y"]\n')
    assert run("a.cast").exit_code == 0
    assert run("a.cast", "--search", "xy$").stdout.startswith("a.cast:4: 2.000s xx")


def test_search(here: Path) -> None:
    (here / "a.cast").write_bytes(GOOD)
    (here / "b.cast").write_bytes(GOOD.replace(b"bye", b"hello"))
    result = run("a.cast", "b.cast", "--search", "^hel+o")
    assert result.stdout.splitlines() == [
        "a.cast:2: 0.500s hello world",
        "b.cast:2: 0.500s hello world",
        "b.cast:3: 1.500s hello",
    ]
    assert result.exit_code == 0
    assert json.loads(run("a.cast", "--search", "bye", "--json").stdout) == [
        {"file": "a.cast", "line": 3, "time": 1.5, "text": "bye"}
    ]
    nothing = run("a.cast", "--search", "nowhere", "--json")
    assert (nothing.exit_code, nothing.stdout) == (1, "[]\n")


@pytest.mark.parametrize(
    "words",
    [
        ["--text", "--search", "x"],
        ["--convert", "v2", "--text"],
        ["--text", "--json"],
        ["--convert", "v2", "--json"],
        ["--search", "("],
        ["b.cast", "--convert", "v2"],
    ],
)
def test_wrong_usage_is_one_clear_line(here: Path, words: list[str]) -> None:
    (here / "a.cast").write_bytes(GOOD)
    (here / "b.cast").write_bytes(GOOD)
    result = run("a.cast", *words)
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, "")


def test_a_line_beyond_the_limit_is_not_played_back(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recspec.cast_files.LINE_LIMIT", 100)
    (here / "a.cast").write_bytes(GOOD[:-1] + b"x" * 200)
    result = run("a.cast", "--text")
    assert (result.exit_code, result.stderr) == (2, "a.cast: a line is longer than 100 bytes\n")
