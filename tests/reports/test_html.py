from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.history import Event, History, Problem, Shown
from conformance.judgement import ClauseCoverage, Finding, Judgement, Run, Status
from conformance.machine import TRANSITIONS
from reports.html import html_page

ANY = st.text(st.characters(exclude_categories=[]), max_size=20) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</script><script>alert(1)</script>",
        "</style><img src=x onerror=alert(1)>",
        "\"><a href='javascript:alert(1)'>x</a>",
        "' onmouseover='alert(1)",
        "--><script>alert(1)</script><!--",
        "]]><svg onload=alert(1)>",
        "{{ 7 * 7 }}{% raw %}",
        "\x00\x1b[2J\ud800\u202e&lt;",
    ]
)
VOID = {"meta", "input", "br", "img", "link"}


class Page(HTMLParser):
    """Every tag with the names of its attributes, and what the page loads or links to."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data


def quoting(run: Run, text: str, data: bytes) -> tuple[Run, dict[str, History]]:
    """Return a run and its history with `text` and `data` everywhere that outsiders write to."""
    findings = tuple(
        Finding(
            clause=f"!{text}", status=status, message=text, evidence=(text,), session="s" + text
        )
        for status in Status
    )
    result = Judgement(
        scenario=f"a{text}",
        title=text,
        status=Status.FAIL,
        duration_s=1.0,
        clauses=(f"!{text}",),
        findings=findings,
        transitions=tuple(TRANSITIONS)[:3],
        artifacts=(f"a:{text.replace('..', '')}",),
    )
    history = (
        Event("user", 0, 1, Shown(session="s" + text, data=b"x" + data)),
        Event(f"server/{text}", 0, 2, Problem(what=f"!{text}")),
    )
    coverage = msgspec.structs.replace(
        run.coverage, clauses=ClauseCoverage(covered=0, total=1, missing=(f"?{text}",))
    )
    changed = msgspec.structs.replace(
        run, results=(result,), coverage=coverage, target=text, tool=text, started=text, world=text
    )
    return changed, {result.scenario: history}


@given(text=ANY, data=st.binary(max_size=20))
@settings(max_examples=60)
def test_what_outsiders_wrote_never_becomes_markup(run: Run, text: str, data: bytes) -> None:
    harmless = Page(html_page(*quoting(run, "x", b"x")))
    page = html_page(*quoting(run, text, data))
    page.encode()
    assert Page(page).tags == harmless.tags
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page)


def test_the_page_needs_nothing_but_itself(run: Run, histories: dict[str, History]) -> None:
    page = Page(html_page(run, histories))
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "base"}
    assert not [entry for entry in page.attributes if entry[1] in {"src", "srcset", "style"}]
    assert not [entry for entry in page.attributes if entry[1].startswith("on")]
    for tag, name, value in page.attributes:
        if name == "href":
            assert tag == "a"
            assert value.startswith("#")
        assert "url(" not in value.replace("url(#", "")
    assert "@import" not in page.text["style"]
    assert "url(" not in page.text["style"]


def test_the_policy_allows_the_script_and_style_of_the_page_and_no_other(run: Run) -> None:
    page = Page(html_page(run))
    (policy,) = (value for _, _, value in page.attributes if value.startswith("default-src"))
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.text[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("path", "href"),
    [
        ("histories/a b.jsonl", "histories/a%20b.jsonl"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("//elsewhere/x", None),
        ("../x", None),
        ("a/../../x", None),
        ("\\\\elsewhere\\x", None),
    ],
)
def test_links_stay_in_the_folder_of_the_run(run: Run, path: str, href: str | None) -> None:
    result = msgspec.structs.replace(run.results[0], artifacts=(path,))
    page = Page(html_page(msgspec.structs.replace(run, results=(result,))))
    links = [value for _, name, value in page.attributes if name == "href"]
    assert [link for link in links if not link.startswith("#")] == ([href] if href else [])


def test_everything_found_is_on_the_page(run: Run, histories: dict[str, History]) -> None:
    page = html_page(run, histories)
    for result in run.results:
        assert result.scenario in page
        for finding in result.findings:
            assert finding.clause in page
    assert page.count('class="timeline"') == len(histories)
    assert page.count('class="arrow ') == 22
    assert "Not conformant" in page


def test_what_decided_comes_before_what_was_skipped(run: Run) -> None:
    found = tuple(
        Finding(clause=clause, status=status, message="said")
        for clause, status in (("v1-1", Status.SKIP), ("v1-4", Status.WARN), ("v1-5", Status.FAIL))
    )
    result = msgspec.structs.replace(run.results[0], findings=found)
    page = html_page(msgspec.structs.replace(run, results=(result,)))
    order = re.findall(r'<code class="clause">(v1-[145])</code> said', page)
    assert order == ["v1-5", "v1-4", "v1-1"]


def test_a_run_of_nothing_has_a_page_too(run: Run) -> None:
    page = html_page(msgspec.structs.replace(run, results=()))
    assert "Inconclusive" in page
    assert "Nothing was played" in page


def test_names_on_the_page_are_unique_and_labels_point_somewhere(
    run: Run, histories: dict[str, History]
) -> None:
    page = Page(html_page(run, histories))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len({*ids})
    for _, name, value in page.attributes:
        if name == "aria-labelledby":
            assert value in ids
        if name == "href" and value.startswith("#"):
            assert value[1:] in ids
