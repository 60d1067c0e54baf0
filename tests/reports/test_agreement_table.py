"""The table of differences: on a terminal, in a log, and as JSON."""

from __future__ import annotations

import io
import json

from rich.console import Console

from conformance.agreement import Agreement, Difference
from reports.agreement import agreement_json, print_agreement

DIFFERENCE = Difference(
    scenario="loss/cut", session="s1", aspect="outcome", live="exit status 1", simulated=""
)
WHOLE = Difference(
    scenario="loss/cut", session="", aspect="verdict", live="pass", simulated="fail: acks-\x1b14"
)
DIFFERS = Agreement(compared=("basic/exec", "loss/cut"), differences=(DIFFERENCE, WHOLE))
AGREES = Agreement(compared=("basic/exec",), differences=())


def printed(agreement: Agreement, *, terminal: bool) -> str:
    out = io.StringIO()
    print_agreement(agreement, Console(file=out, force_terminal=terminal, width=120))
    return out.getvalue()


def test_in_a_log_every_difference_is_one_line() -> None:
    lines = printed(DIFFERS, terminal=False).splitlines()
    assert lines[0] == "differs loss/cut s1: outcome: live: exit status 1; simulated: nothing"
    assert lines[1].startswith("differs loss/cut: verdict: live: pass; simulated: fail")
    assert lines[2] == "both worlds: 2 scenarios compared, 1 differ"


def test_on_a_terminal_it_is_a_table() -> None:
    text = printed(DIFFERS, terminal=True)
    for told in ("scenario", "live", "simulated", "outcome of s1", "exit status 1", "verdict"):
        assert told in text
    assert "\x1b14" not in text


def test_agreement_is_said_in_one_line() -> None:
    assert printed(AGREES, terminal=False) == "both worlds: 1 scenarios compared, 0 differ\n"
    assert "live" not in printed(AGREES, terminal=True)


def test_it_is_data_too() -> None:
    found = json.loads(agreement_json(DIFFERS))
    assert found["compared"] == ["basic/exec", "loss/cut"]
    assert found["differences"][0] == {
        "scenario": "loss/cut",
        "session": "s1",
        "aspect": "outcome",
        "live": "exit status 1",
        "simulated": "",
    }
