"""The judges of hostile names: refused or kept apart is right, outside or shared is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance import hostile_names as bad
from conformance.cases import PREFIX, cases, judge_case
from conformance.history import AnswerBody, BodyEnded, Disconnected, Event, Kind
from conformance.judgement import Judgement, Status
from conformance.probed import (
    Asked,
    CasePlayed,
    ConnectFailed,
    Headers,
    Kept,
    Looked,
    Remarked,
    Strayed,
)
from conformance.recorder_cases import hostile_names as case
from tests.conformance.recorder_cases.hostile import beside, gone
from tests.conformance.recorder_cases.told import (
    answer_end,
    answered,
    asked,
    ended_v2,
    got,
    opened_v2,
    sent,
    verdicts,
)

PASS, FAIL, WARN, ERROR, SKIP = Status.PASS, Status.FAIL, Status.WARN, Status.ERROR, Status.SKIP
LOOKED = Remarked(what=case.LOOKED)
TRAVERSALS = tuple(what for what, _ in bad.TRAVERSALS)
NODES = tuple(what for what, _ in bad.NODES)


def stored(marker: str, path: str, agrees: int = 5) -> tuple[Kind, ...]:
    return (Kept(marker=marker, path=path, size=5, agrees=agrees), Looked(marker=marker, found=1))


def taken(name: str, number: int, path: str = "") -> tuple[Kind, ...]:
    """Return an upload that was answered with success, and kept at `path` if that is given."""
    connection = f"c{number}"
    marker = f"rs-0{connection}-1"
    kept = stored(marker, path) if path else (Looked(marker=marker, found=0),)
    return (
        *opened_v2(name, connection=connection, intent="free"),
        *ended_v2(connection=connection),
        *kept,
    )


def refused(name: str, number: int) -> tuple[Kind, ...]:
    """Return an upload that got an error frame."""
    connection = f"c{number}"
    return (
        *opened_v2(name, connection=connection, intent="free"),
        got(b'{"error":"no such name"}\n', connection=connection),
        answer_end(connection=connection),
    )


def all_of(names: Sequence[str], *first: Kind) -> tuple[Kind, ...]:
    """Return uploads of all names: the first as it is told, the others refused."""
    rest = (kind for number, name in enumerate(names) if number for kind in refused(name, number))
    return (*first, *rest)


# --- outside --------------------------------------------------------------------------------------


TABLES = {
    "hostile/names-traversal": TRAVERSALS,
    "hostile/names-fields": case.fields_of(),
    "hostile/names-times": tuple(what for what, _ in bad.TIMES),
    "hostile/names-lines": tuple(line.what for line in bad.LINES),
}
"""What the names of each case are that may lead out."""


@pytest.mark.parametrize("name", TABLES)
def test_refused_or_kept_below_is_right(name: str) -> None:
    names = TABLES[name]
    for first in (refused(names[0], 0), taken(names[0], 0, "%2E./2026-01-01T00:00:00Z.cast")):
        found = verdicts(name, *beside(*all_of(names, *first), LOOKED))
        assert found["hostile-1"] is found["hostile-3"] is PASS
        assert FAIL not in found.values()


@pytest.mark.parametrize("looked", [(LOOKED,), ()], ids=["looked", "told in passing"])
@pytest.mark.parametrize("name", TABLES)
def test_what_strays_breaks_the_clause_and_no_other(name: str, looked: tuple[Kind, ...]) -> None:
    names = TABLES[name]
    stray = Strayed(path="/outside/rs-0c0-1", marker="rs-0c0-1")
    found = verdicts(name, *beside(*all_of(names, *taken(names[0], 0)), *looked, stray))
    assert found.pop("hostile-1") is FAIL
    assert FAIL not in found.values()


@pytest.mark.parametrize("name", [*TABLES, "hostile/names-events"])
def test_a_case_that_could_not_be_played_shows_nothing(name: str) -> None:
    unplayed = verdicts(name, *beside())
    assert unplayed["hostile-1"] is unplayed["hostile-3"] is ERROR
    nobody = verdicts(name, ConnectFailed(connection="c0", why="refused"))
    assert nobody["hostile-1"] is nobody["hostile-3"] is FAIL


def test_success_for_what_is_nowhere_is_a_loss() -> None:
    first = taken(TRAVERSALS[0], 0)
    found = verdicts("hostile/names-traversal", *beside(*all_of(TRAVERSALS, *first), LOOKED))
    assert found["storage-2"] is FAIL
    assert found["hostile-1"] is PASS


def test_other_bytes_than_were_sent_are_a_change() -> None:
    marker = "rs-0c0-1"
    first = (
        *opened_v2(TRAVERSALS[0], connection="c0", intent="free"),
        *ended_v2(connection="c0"),
        *stored(marker, "n/2026-01-01T00:00:00Z.cast", agrees=3),
    )
    found = verdicts("hostile/names-traversal", *beside(*all_of(TRAVERSALS, *first), LOOKED))
    assert found["storage-1"] is FAIL


def test_an_upload_that_hangs_breaks_the_clause() -> None:
    first = opened_v2(TRAVERSALS[0], connection="c0", intent="free")
    found = verdicts("hostile/names-traversal", *beside(*all_of(TRAVERSALS, *first), LOOKED))
    assert found["hostile-3"] is FAIL


def test_who_falls_is_told_by_those_beside() -> None:
    first = refused(TRAVERSALS[0], 0)
    down = Disconnected(recorder="target", connection="n", by="recorder", how="reset")
    found = verdicts(
        "hostile/names-traversal",
        *opened_v2("neighbour", connection="n"),
        *all_of(TRAVERSALS, *first),
        down,
        LOOKED,
    )
    assert found["hostile-3"] is FAIL


@pytest.mark.parametrize(
    ("told", "status"), [((), ERROR), ((Remarked(what=case.BLIND, value="denied"),), SKIP)]
)
def test_without_a_look_outside_nothing_is_known(told: tuple[Kind, ...], status: Status) -> None:
    uploads = all_of(TRAVERSALS, *refused(TRAVERSALS[0], 0))
    assert verdicts("hostile/names-traversal", *beside(*uploads, *told))["hostile-1"] is status


def test_events_are_answered_and_lead_nowhere() -> None:
    def events(*first: Kind) -> dict[str, Status]:
        kinds: list[Kind] = []
        for number, name in enumerate(case.EVENT_NAMES):
            where = {"connection": f"c{number}", "stream": 0}
            kinds.append(asked(name, http="1.1", **where))  # type: ignore[arg-type]
            kinds += (answered(400, **where),) if number else first  # type: ignore[arg-type]
        return verdicts("hostile/names-events", *beside(*kinds, LOOKED))

    assert events(answered(200, stream=0)) == events(answered(422, stream=0))
    assert events(answered(200, stream=0))["hostile-1"] is PASS
    assert events()["hostile-3"] is FAIL
    assert events(answered(200, stream=0), Strayed(path="/a"))["hostile-1"] is FAIL


# --- apart ----------------------------------------------------------------------------------------


def judged(*kinds: Kind, node_id: str = "source", layout: bool = True) -> Judgement:
    played = CasePlayed(
        case=PREFIX + "hostile/names-nodes",
        target="told",
        has=(),
        node_id=node_id,
        layout=layout,
    )
    history = [Event("probe", n, n * 10_000_000, kind) for n, kind in enumerate((played, *kinds))]
    return judge_case(cases()[PREFIX + "hostile/names-nodes"], tuple(history))


def said(judgement: Judgement) -> Status:
    found = [f.status for f in judgement.findings if f.clause == "hostile-2"]
    return found[0] if found else PASS if "hostile-2" in judgement.clauses else ERROR


def nodes(first: str, second: str, *, plain: tuple[str, str] = ("n1", "n2")) -> tuple[Kind, ...]:
    """Return uploads of all nodes: two kept in these folders, the others refused."""
    uploads = (
        *taken(NODES[0], 0, f"{first}/2026-01-01T00:00:00Z.cast"),
        *taken(NODES[1], 1, f"{second}/2026-01-01T00:00:00Z.cast"),
        *(kind for n, name in enumerate(NODES) if n > 1 for kind in refused(name, n)),
    )
    beside_them = (
        *stored("rs-0n-1", f"{plain[0]}/2026-01-01T00:00:00Z.cast"),
        *stored("rs-0a-1", f"{plain[1]}/2026-01-01T00:00:00Z.cast"),
    )
    return (*beside(*uploads), *beside_them)


def test_folders_of_their_own_are_right() -> None:
    assert said(judged(*nodes("a", "b"))) is PASS
    assert said(judged(*nodes("a", "b"), node_id="any")) is PASS


def test_a_shared_folder_is_not() -> None:
    assert said(judged(*nodes("a", "a"))) is WARN
    assert said(judged(*nodes("a", "a"), node_id="any")) is WARN


def test_folders_that_name_no_source_say_nothing() -> None:
    assert said(judged(*nodes("a", "a", plain=("a", "a")), node_id="any")) is SKIP
    assert said(judged(*nodes("a", "a"), node_id="server")) is SKIP
    assert said(judged(*nodes("a", "a"), layout=False)) is SKIP


def test_refusing_them_all_is_right() -> None:
    uploads = (kind for n, name in enumerate(NODES) for kind in refused(name, n))
    assert said(judged(*beside(*uploads))) is PASS


def test_names_that_were_never_sent_are_not_known() -> None:
    assert said(judged(*beside())) is ERROR


# --- the table ------------------------------------------------------------------------------------


def test_all_nodes_are_different_and_so_are_all_names() -> None:
    assert len({node for _, node in bad.NODES}) == len(bad.NODES)
    for table in (bad.NODES, bad.TRAVERSALS, bad.TIMES):
        assert len({what for what, _ in table}) == len(table)
    assert len({line.what for line in bad.LINES}) == len(bad.LINES)
    assert len(set(case.fields_of())) == len(case.fields_of())


# --- the UI ---------------------------------------------------------------------------------------

MARKER = "rs-0123456789abcdef"
SCRIPT = case.SCRIPT % MARKER


def page(
    body: str,
    kind: str = "text/html; charset=utf-8",
    *,
    status: int = 200,
    end: Kind | None = None,
    nosniff: bool = False,
) -> dict[str, Status]:
    """Judge a page of the UI; `end` is that of the upload with the script, if it is no success."""
    fields = (
        *((("content-type", kind),) if kind else ()),
        *((("x-content-type-options", "nosniff"),) if nosniff else ()),
    )
    upload = (
        Asked(
            connection="u",
            stream=1,
            http="2",
            method="POST",
            path="/v2/record",
            name="script",
            intent="free",
            marker=MARKER,
        ),
        answered(200, connection="u"),
        sent(b"x", connection="u"),
        BodyEnded(recorder="target", connection="u", stream=1),
        end or answer_end(connection="u"),
    )
    where = {"connection": "p", "stream": 0}
    return verdicts(
        "hostile/ui-script",
        *upload,
        asked(case.PAGE, http="1.1", method="GET", **where),  # type: ignore[arg-type]
        answered(status, **where),  # type: ignore[arg-type]
        Headers(fields=fields, **where),  # type: ignore[arg-type]
        AnswerBody(recorder="target", data=body.encode(), **where),  # type: ignore[arg-type]
        answer_end(**where),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (f"<p>{SCRIPT}</p>", FAIL),
        (f'<p title="{SCRIPT}">a</p>', FAIL),
        (f"<script>let title = `{SCRIPT}`</script>", FAIL),
        (f"<textarea>{SCRIPT}</textarea>", FAIL),
        (f"<p>{SCRIPT.replace('<', '&lt;')}</p>", PASS),
        ("<script>let title = '" + SCRIPT.replace("<", "\\u003c") + "'</script>", PASS),
        ("<p>nothing of it</p>", SKIP),
    ],
)
def test_script_comes_back_as_text(body: str, status: Status) -> None:
    assert page(body)["ui-4"] is status


def test_what_no_browser_renders_may_hold_it() -> None:
    assert page(SCRIPT, "application/x-asciicast")["ui-4"] is PASS
    assert page(SCRIPT, "text/plain")["ui-4"] is PASS
    assert page(SCRIPT, "")["ui-4"] is FAIL
    assert page(SCRIPT, "", nosniff=True)["ui-4"] is PASS


def test_without_the_recording_or_a_page_nothing_is_shown() -> None:
    body = f"<p>{SCRIPT}</p>"
    assert page(body, end=gone("u"))["ui-4"] is SKIP
    assert page(body, status=500)["ui-4"] is ERROR
