"""The driver protocol as types: the schema in docs/, and lines that are no messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from conformance import driver

SCHEMA = Path(__file__).parents[2] / "docs" / "driver-protocol.schema.json"
PROSE = SCHEMA.with_name("driver-protocol.md")

EXAMPLES: tuple[driver.ToDriver | driver.FromDriver, ...] = (
    driver.Hello(),
    driver.Start(
        recorders=("127.77.1.4:80",),
        header='{"version": 2}\n',
        on_failure=driver.OnFailure(terminate="No recording, no session."),
    ),
    driver.Start(recorders=(), header="{}\n"),
    driver.Write(data='[0.1, "o", "\u00e9"]\n'),
    driver.Close(),
    driver.Finish(),
    driver.Ready(name="a client", can=tuple(driver.Can)),
    driver.Attempted(address="127.77.1.4:80", failure="refused"),
    driver.Connected(address="127.77.1.4:80", version="v1"),
    driver.Failed(why="none"),
    driver.Written(count=3),
    driver.Lost(why="reset"),
    driver.Ended(),
    driver.Decided(does="terminate", message="No recording, no session."),
    driver.Refused(why="cannot"),
)


def test_the_schema_in_docs_is_made_from_the_types() -> None:
    # Make it anew: print(json.dumps(conformance.driver.schema(), indent=2)) into that file.
    assert json.loads(SCHEMA.read_text()) == json.loads(json.dumps(driver.schema()))


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_every_message_fits_the_schema_and_comes_back(
    message: driver.ToDriver | driver.FromDriver,
) -> None:
    line = driver.to_line(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    jsonschema.validate(json.loads(line), json.loads(SCHEMA.read_text()))
    read = (
        driver.read_to_driver
        if isinstance(message, get_args(driver.ToDriver))
        else driver.read_from_driver
    )
    assert read(line) == message


def test_there_is_an_example_of_every_message() -> None:
    messages = {*get_args(driver.ToDriver), *get_args(driver.FromDriver)}
    assert {type(example) for example in EXAMPLES} == messages


def test_the_prose_names_every_message_and_ability() -> None:
    prose = PROSE.read_text()
    for message in (*get_args(driver.ToDriver), *get_args(driver.FromDriver)):
        assert f"| `{message.__struct_config__.tag}` |" in prose
        for field in message.__struct_fields__:
            assert f"`{field}`" in prose
    for ability in driver.Can:
        assert f"`{ability}`" in prose


def test_keys_that_nobody_knows_are_passed_over() -> None:
    assert driver.read_from_driver(b'{"type": "ended", "mood": "good"}') == driver.Ended()


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"",
            b"hello",
            b"{}",
            b'{"type": "shout"}',
            b'{"type": "written"}',
            b"\xff",
            b"[" * 10_000,
        ),
        b'{"type": "written", "count": -1}',
        b'{"type": "ended", "mood": "\xff"}',
        b'{"type": "ended", "mood": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
)
def test_what_is_no_message_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(driver.NotTheProtocolError) as caught:
        driver.read_from_driver(line)
    assert "\n" not in str(caught.value)


def test_the_directions_are_not_taken_for_each_other() -> None:
    with pytest.raises(driver.NotTheProtocolError):
        driver.read_from_driver(driver.to_line(driver.Close()))
