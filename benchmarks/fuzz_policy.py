"""What the fuzzer asks of the reader of policies.

It raises HuJsonError and nothing else, with a place inside the text; and what it takes can be
warned of, and decided by.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conformance.hujson import HuJsonError, parse
from conformance.nodes import read_nodes
from conformance.policy import read_policy
from conformance.policy_check import warnings
from conformance.policy_match import decide

FIXTURES = Path(__file__).parents[1] / "fixtures" / "policies"
NODES = read_nodes((FIXTURES / "nodes.json").read_bytes())

WORDS = (
    '"ssh":[', '"groups":{', '"hosts":{', '"tagOwners":{', '"action":"accept"', '"action":"check"',
    '"src":["autogroup:member"]', '"dst":["autogroup:self"]', '"users":["root"]', '"tag:a"',
    '"group:a"', '"recorder":["tag:a"]', '"recorders"', '"enforceRecorder":true',
    '"checkPeriod":"12h"', '"always"', '"acceptEnv"', '"srcPosture"', '"localpart:*@a.b"',
    '"user:*@a.b"', '"a@a.b"', "autogroup:", "//", "\n", "/*", "*/", ",}", ",]", "null", "1e5",
    "\\ud83d\\udc3b", "\ufeff", "100.64.0.0/10", "::1",
)  # fmt: skip
"""What the fuzzer puts together."""


def seeds() -> Iterator[bytes]:
    """Yield what the fuzzer starts from: the policies among the fixtures."""
    for path in sorted(FIXTURES.glob("*/*.hujson")):
        yield path.read_bytes()


def fuzz(data: bytes) -> None:
    """Read one input as HuJSON and as a policy; of a policy, warn and decide."""
    try:
        parse(data).plain()
    except HuJsonError as error:
        _inside(error, data)
    try:
        policy = read_policy(data)
    except HuJsonError as error:
        _inside(error, data)
        return
    lines = data.count(b"\n") + 1
    for warning in warnings(policy, NODES):
        assert 1 <= warning.line <= lines, warning
        assert warning.column >= 1, warning
    warnings(policy)
    for source in NODES:
        for destination in NODES:
            decide(policy, NODES, source, destination, "root")


def _inside(error: HuJsonError, data: bytes) -> None:
    assert 1 <= error.line <= data.count(b"\n") + 1, error
    assert error.column >= 1, error
    assert "\n" not in str(error), error
