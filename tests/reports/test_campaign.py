"""A campaign as JSON, Markdown, lines, Parquet and pictures."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree

import msgspec
import pytest
from rich.console import Console

from conformance.figures import Distribution, Figure, Figures, Varied
from reports.campaign import Campaign, figures_json, figures_markdown, number, print_campaign
from reports.campaign_parquet import Row, tallies_parquet
from reports.campaign_plots import plots

SVG = "{http://www.w3.org/2000/svg}"
PNG = b"\x89PNG\r\n\x1a\n"


def variant(value: str, rejected: float | None, low: float | None, high: float | None) -> Varied:
    return Varied(
        key="timers.ack_window",
        value=value,
        seeds=20,
        found=Figures(
            figures=(
                Figure(name="rejected", unit="%", value=rejected, low=low, high=high),
                Figure(name="never", unit="%", value=0.0, note="never seen in 20 seeds"),
                Figure(name="load", unit="per h", value=12345.678, of="recorder 1"),
                Figure(name="load", unit="per h", value=0.5, low=0.25, high=1.0, of="recorder 2"),
            ),
            distributions=(
                Distribution(name="time to fail over", unit="s", edges=(1, 2, 40), counts=(3, 1)),
            ),
        ),
    )


CAMPAIGN = Campaign(
    version="1",
    plan={"name": "a|b"},
    seeds=(1, 20),
    variants=(variant("10 s", 1.25, 1.0, 1.5), variant("30 s", None, None, None)),
)


def test_json_is_read_back() -> None:
    assert msgspec.json.decode(figures_json(CAMPAIGN), type=Campaign) == CAMPAIGN
    assert json.loads(figures_json(CAMPAIGN))["schema"] == "1"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "none"),
        (0.0, "0"),
        (0.000123456, "0.0001235"),
        (99.999, "100"),
        (999.96, "1000"),
        (12345.678, "12,346"),
        (-2000.4, "-2,000"),
    ],
)
def test_a_number_has_four_digits(value: float | None, written: str) -> None:
    assert number(value) == written


def test_markdown_has_a_column_for_each_variant() -> None:
    lines = figures_markdown(CAMPAIGN).splitlines()
    assert lines[0] == "# a\\|b"
    assert "| figure | timers.ack\\_window = 10 s | timers.ack\\_window = 30 s |" in lines
    assert "| rejected \\[%\\] | 1.25 (1 to 1.5) | none |" in lines
    zero = "0 (never seen in 20 seeds)"
    assert f"| never \\[%\\] | {zero} | {zero} |" in lines
    assert "| load, recorder 1 \\[per h\\] | 12,346 | 12,346 |" in lines


def test_where_there_is_no_terminal_each_figure_is_a_line() -> None:
    out = io.StringIO()
    print_campaign(CAMPAIGN, Console(file=out, width=40))
    lines = out.getvalue().splitlines()
    assert lines[0] == "timers.ack_window = 10 s: rejected [%]: 1.25 (1 to 1.5)"
    assert lines[1] == "timers.ack_window = 30 s: rejected [%]: none"
    assert lines[2] == "timers.ack_window = 10 s: load, recorder 1 [per h]: 12,346"
    assert lines[6] == "never seen: never [%]"
    assert len(lines) == 7


def test_on_a_terminal_there_is_a_table() -> None:
    out = io.StringIO()
    print_campaign(CAMPAIGN, Console(file=out, width=120, force_terminal=True, no_color=True))
    assert "1.25 (1 to 1.5)" in out.getvalue()
    assert "figure" in out.getvalue()


def test_each_picture_is_there_as_svg_and_png_and_the_same_every_time() -> None:
    files = plots(CAMPAIGN)
    names = {
        f"plots/{name}-by-timers-ack-window.{kind}"
        for name in ("figures", "load", "time-to-fail-over")
        for kind in ("svg", "png")
    }
    assert set(files) == names
    assert plots(CAMPAIGN) == files
    for path, data in files.items():
        if path.endswith(".png"):
            assert data.startswith(PNG)
        else:
            assert ElementTree.fromstring(data).tag == f"{SVG}svg"


def test_what_never_happened_in_any_variant_has_no_panel() -> None:
    svg = plots(CAMPAIGN)["plots/figures-by-timers-ack-window.svg"].decode()
    assert "<!-- rejected -->" in svg
    assert "<!-- never -->" not in svg


def test_text_from_a_plan_is_not_taken_for_mathematics() -> None:
    odd = msgspec.structs.replace(CAMPAIGN.variants[0], value="$\\frac{$")
    assert plots(msgspec.structs.replace(CAMPAIGN, variants=(odd,)))


def test_a_campaign_without_anything_still_draws() -> None:
    empty = Varied(key="", value="", seeds=1, found=Figures(figures=()))
    bare = msgspec.structs.replace(CAMPAIGN, variants=(empty,))
    assert plots(bare) == {}
    assert "figure" in figures_markdown(bare)


class Inner(msgspec.Struct):
    times: dict[int, int]
    least: int | None = None


class Counted(msgspec.Struct):
    sessions: int
    inner: Inner
    loads: list[Inner]
    causes: dict[str, int]


def test_parquet_keeps_every_number() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    two = Inner({2: 1, 1: 5}, 1)
    rows = [
        Row("k", "1", 7, Counted(3, two, [two, Inner({})], {"crash": 2})),
        Row("k", "2", 8, Counted(2**62, Inner({}), [], {})),
    ]
    data = tallies_parquet(rows, Counted)
    assert tallies_parquet(rows, Counted) == data
    table = parquet.read_table(io.BytesIO(data))
    assert table.to_pylist() == [
        {
            "key": "k",
            "value": "1",
            "seed": 7,
            "sessions": 3,
            "inner": {"times": [(1, 5), (2, 1)], "least": 1},
            "loads": [
                {"times": [(1, 5), (2, 1)], "least": 1},
                {"times": [], "least": None},
            ],
            "causes": [("crash", 2)],
        },
        {
            "key": "k",
            "value": "2",
            "seed": 8,
            "sessions": 2**62,
            "inner": {"times": [], "least": None},
            "loads": [],
            "causes": [],
        },
    ]
