"""Node lists, in HuJSON and YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.hujson import HuJsonError
from conformance.nodes import MAX_YAML, Node, find_node, read_nodes, wrong_nodes

POLICIES = Path(__file__).parents[2] / "fixtures" / "policies"


def plain(**keys: Any) -> dict[str, Any]:
    fine = {
        "name": "a.ts.net",
        "id": "nACNTRL",
        "numeric_id": 1,
        "addresses": ["100.64.0.1"],
        "user": "alice@example.com",
    }
    return fine | keys


def test_both_formats_say_the_same() -> None:
    nodes = read_nodes((POLICIES / "nodes.json").read_bytes())
    assert nodes == read_nodes((POLICIES / "nodes.yaml").read_bytes(), as_yaml=True)
    by_name = {node.short_name: node for node in nodes}
    assert by_name["prod-1"].ssh_port == 2222
    assert by_name["laptop"].recorder_port == 80
    assert by_name["laptop"].login == "alice@example.com"
    assert by_name["prod-1"].login == ""
    assert by_name["recorder-2"].recorders() == ("100.64.0.32:8080", "[fd7a:115c:a1e0::32]:8080")


def test_a_tagged_node_has_no_user() -> None:
    node = Node(name="x", id="x", numeric_id=1, addresses=(), tags=("tag:a",), user="a@b")
    assert node.login == ""


def test_nodes_are_found_by_name_id_and_first_label() -> None:
    nodes = read_nodes((POLICIES / "nodes.json").read_bytes())
    prod = find_node(nodes, "prod-1")
    assert prod is not None
    assert find_node(nodes, "prod-1.tail1.ts.net") is prod
    assert find_node(nodes, "prod-1.tail1.ts.net.") is prod
    assert find_node(nodes, "nProd1CNTRL") is prod
    assert find_node(nodes, "prod") is None


def test_a_first_label_that_two_nodes_have_finds_neither() -> None:
    nodes = tuple(
        Node(name=name, id=name, numeric_id=number, addresses=("::1",), user="a@b")
        for number, name in enumerate(["x.one.ts.net", "x.two.ts.net"])
    )
    assert find_node(nodes, "x") is None
    assert find_node(nodes, "x.two.ts.net") is nodes[1]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"name": ""}, "the name must be a FQDN without a trailing dot"),
        ({"name": "a.ts.net."}, "the name must be a FQDN without a trailing dot"),
        ({"id": ""}, "the id is empty"),
        ({"addresses": []}, "no address"),
        ({"addresses": ["100.64.0"]}, "'100.64.0' is not an IP address"),
        ({"tags": ["prod"]}, "'prod' is not a tag, 'tag:' and a name that starts with a letter"),
        ({"user": ""}, "neither tags nor user"),
        ({"role": "king"}, "unknown role 'king'"),
        ({"recorder_port": 0}, "0 is not a port"),
        ({"ssh_port": 65536}, "65536 is not a port"),
    ],
)
def test_nodes_that_are_none(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(HuJsonError) as caught:
        read_nodes(json.dumps([plain(), plain(name="b", id="b", numeric_id=2) | keys]).encode())
    assert message in caught.value.message
    assert message in next(wrong_nodes([Node(**plain(**keys))]))[1]


@pytest.mark.parametrize("same", ["name", "id", "numeric_id"])
def test_names_and_ids_are_taken_once(same: str) -> None:
    other = plain(name="b.ts.net", id="nBCNTRL", numeric_id=2) | {same: plain()[same]}
    with pytest.raises(HuJsonError, match=rf"the {same} is taken by node a\.ts\.net") as caught:
        read_nodes(f"[{json.dumps(plain())},\n  {json.dumps(other)}]".encode())
    assert (caught.value.line, caught.value.column) == (2, 3)


HUJSON = b"""[
  {"name": "a.ts.net", "id": "nA", "numeric_id": 1, // the first
   "addresses": ["100.64.0.1", 7], "user": "a@b"},
]
"""
YAML = b"""
- name: a.ts.net
  id: nA
  numeric_id: 1
  addresses: [100.64.0.1, 7]
  user: a@b
"""


@pytest.mark.parametrize(
    ("text", "as_yaml", "line", "column", "message"),
    [
        (HUJSON, False, 3, 32, "Expected `str`, got `int`"),
        (YAML, True, 5, 27, "Expected `str`, got `int`"),
        (
            YAML.replace(b", 7]", b"]").replace(b"user", b"usr"),
            True,
            2,
            3,
            "Object contains unknown field `usr`",
        ),
        (HUJSON.replace(b'"id"', b'"di"'), False, 2, 3, "Object contains unknown field `di`"),
        (HUJSON.replace(b'"nA"', b"{}"), False, 2, 30, "Expected `str`, got `object`"),
        (b"- {}", True, 1, 3, "Object missing required field"),
        (YAML.replace(b"nA", b"{}"), True, 3, 7, "Expected `str`, got `object`"),
        (YAML.replace(b"[100.64.0.1, 7]", b"!!set {7}"), True, 5, 14, "Expected `str`, got `int`"),
        (
            YAML.replace(b"addresses: [100.64.0.1, 7]", b"<<: {addresses: [7]}"),
            True,
            2,
            3,
            "Expected `str`, got `int`",
        ),
        (b"{}", False, 1, 1, "Expected `array`, got `object`"),
        (b"[1", False, 1, 3, "end of text where ',' or ']' should be"),
        (b"", True, 1, 1, "Expected `array`, got `null`"),
        (b"a: [1\nb: 2", True, 2, 2, "not YAML: expected ',' or ']', but got ':'"),
        (b"a: !!python/object:os.system {}", True, 1, 4, "not YAML: could not determine"),
        (b"\xff\xfe\xff", True, 1, 1, "not YAML: "),
        (b"[" * 5000, True, 1, 1, "not YAML: maximum recursion depth"),
        (b"- 2000-13-45", True, 1, 1, "not YAML: month must be in 1..12"),
        (b"#" * (MAX_YAML + 1), True, 1, 1, "longer than"),
    ],
)
def test_mistakes_are_named_where_they_are(
    text: bytes, as_yaml: bool, line: int, column: int, message: str
) -> None:
    with pytest.raises(HuJsonError) as caught:
        read_nodes(text, as_yaml=as_yaml)
    assert caught.value.message.startswith(message)
    assert (caught.value.line, caught.value.column) == (line, column)
