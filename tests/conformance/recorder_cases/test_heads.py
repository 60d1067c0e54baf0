"""The judges of heads: right answers pass, wrong and missing ones do not."""

from __future__ import annotations

import pytest

from conformance.history import Disconnected, Kind, Unreadable
from conformance.judgement import Status
from conformance.probed import (
    ConnectFailed,
    FrameSeen,
    Headers,
    Kept,
    Looked,
    Signalled,
    StreamReset,
    Waited,
)
from tests.conformance.recorder_cases.told import (
    MARKER,
    answer_end,
    answered,
    asked,
    body_end,
    ended_v2,
    got,
    opened_v2,
    sent,
    upload_v1,
    verdicts,
)

PASS, FAIL, WARN, SKIP, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.WARN,
    Status.SKIP,
    Status.ERROR,
)
SETTINGS = FrameSeen(connection="c0", stream=0, frame="SETTINGS")
GONE = Disconnected(recorder="target", connection="c0", by="recorder", how="fin")


def probe(*kinds: Kind) -> dict[str, Status]:
    return verdicts("v2/probe", asked("probe", method="HEAD"), *kinds)


def test_a_probe_is_answered_200_without_content() -> None:
    assert probe(SETTINGS, answered(200), answer_end()) == {"v2-3": PASS, "v2-4": PASS}


@pytest.mark.parametrize(
    "kinds",
    [
        (answered(405), answer_end()),
        (answered(204), answer_end()),
        (answered(200), got(b"ok"), answer_end()),
        (answered(200),),
        (StreamReset(connection="c0", stream=1, code=1),),
        (GONE,),
        (),
    ],
)
def test_any_other_answer_to_the_probe_is_wrong(kinds: tuple[Kind, ...]) -> None:
    assert probe(SETTINGS, *kinds) == {"v2-3": PASS, "v2-4": FAIL}


def probed_twice(*second: Kind) -> dict[str, Status]:
    """Two probes over one connection, of which the first is answered well, and then an upload."""
    return verdicts(
        "v2/probe-twice",
        SETTINGS,
        asked("probe", method="HEAD"),
        answered(200),
        answer_end(),
        asked("second probe", method="HEAD", stream=3),
        *second,
        *opened_v2(stream=5),
        *ended_v2(stream=5),
    )


def test_a_second_probe_is_answered_like_the_first() -> None:
    well = (answered(200, stream=3), answer_end(stream=3))
    assert probed_twice(*well)["v2-4"] is PASS
    assert probed_twice(*well)["v2-2"] is PASS
    assert probed_twice()["v2-4"] is FAIL
    assert probed_twice(answered(404, stream=3), answer_end(stream=3))["v2-4"] is FAIL
    assert probed_twice(answered(200, stream=3), got(b"ok", stream=3))["v2-4"] is FAIL


def test_probes_and_uploads_that_were_not_made_are_not_known() -> None:
    assert verdicts("v2/probe-twice") == {"v2-4": ERROR, "v2-2": ERROR}
    refused = verdicts("v2/probe-twice", ConnectFailed(connection="c0", why="refused"))
    assert (refused["v2-4"], refused["v2-2"]) == (FAIL, FAIL)


def test_no_http2_is_no_answer_over_it() -> None:
    assert probe(GONE) == {"v2-3": FAIL}
    refused = verdicts("v2/probe", ConnectFailed(connection="c0", why="refused"))
    assert refused["v2-3"] is FAIL
    assert verdicts("v2/probe") == {"v2-3": ERROR}


def test_over_http1_only_content_is_wrong() -> None:
    head = asked("probe", http="1.1", stream=0, method="HEAD")
    more = Unreadable(recorder="target", connection="c0", side="recorder", why="more")
    for status in (200, 404, 505):
        kinds = (head, answered(status, stream=0), answer_end(stream=0))
        assert verdicts("v2/probe-http1", *kinds) == {"v2-4": PASS}
        assert verdicts("v2/probe-http1", *kinds, more) == {"v2-4": FAIL}
    assert verdicts("v2/probe-http1", head, GONE) == {"v2-4": SKIP}


def test_without_v2_only_the_200_is_wrong() -> None:
    head = asked("probe", method="HEAD")
    for rest in ((answered(404),), (GONE,), (StreamReset(connection="c0", stream=1, code=2),)):
        assert verdicts("v2/absent", head, *rest) == {"v2-5": PASS}
    assert verdicts("v2/absent", head, SETTINGS, answered(200)) == {"v2-5": FAIL}
    assert verdicts("v2/absent") == {"v2-5": ERROR}


def test_the_preface_meets_an_error_or_the_end() -> None:
    head = asked("preface", http="1.1", stream=0, method="PRI")
    waited = Waited(what="an error", seconds=10.0, connection="c0")
    assert verdicts("v1/preface", head, answered(505, stream=0)) == {"v1-14": PASS}
    assert verdicts("v1/preface", head, GONE) == {"v1-14": PASS}
    assert verdicts("v1/preface", head, waited) == {"v1-14": FAIL}
    assert verdicts("v1/preface", head, waited, SETTINGS) == {"v1-14": SKIP}
    after = verdicts(
        "v1/preface",
        head,
        GONE,
        asked("after", http="1.1", connection="c1", stream=0, intent="whole", marker=MARKER),
    )
    assert after["v1-14"] is FAIL, "it serves nobody any more"


def test_the_200_of_v1_comes_after_the_body() -> None:
    assert verdicts("v1/final", *upload_v1())["v1-3"] is PASS
    ask, opened, data, end, status, answer = upload_v1()
    assert verdicts("v1/final", ask, opened, data, status, end, answer)["v1-3"] is FAIL
    assert verdicts("v1/final", ask, opened, data, status, answer)["v1-3"] is FAIL
    assert verdicts("v1/final", ask, opened, data, end)["v1-3"] is FAIL


def test_what_got_200_outlives_a_kill() -> None:
    kill = (Signalled(what="kill"), Signalled(what="restart"))
    marker = f"{MARKER}c0"

    def kept(size: int, *, whole: bool = True) -> tuple[Kind, ...]:
        found = Kept(marker=marker, path="n/t.cast", size=size, agrees=size, whole=whole)
        return (*upload_v1(), *kill, found, Looked(marker=marker, found=1))

    assert verdicts("v1/final-killed", *kept(5))["v1-3"] is PASS
    assert verdicts("v1/final-killed", *kept(4))["v1-3"] is FAIL
    assert verdicts("v1/final-killed", *kept(5, whole=False))["v1-3"] is FAIL
    nothing = Looked(marker=marker, found=0)
    assert verdicts("v1/final-killed", *upload_v1(), *kill, nothing)["v1-3"] is FAIL
    assert verdicts("v1/final-killed", *upload_v1(), *kill)["v1-3"] is ERROR
    refused = (upload_v1()[0], answered(503, stream=0), answer_end(stream=0))
    assert verdicts("v1/final-killed", *refused, *kill) == {"storage-5": FAIL}


def test_a_refusal_comes_in_place_of_the_100() -> None:
    ask = asked("refused", http="1.1", stream=0, intent="refused", marker=MARKER)
    late, final = answered(100, stream=0), answered(404, stream=0)
    ok = answered(200, stream=0)
    assert verdicts("v1/refused", ask, final)["v1-7"] is PASS
    assert verdicts("v1/refused", ask, late, final)["v1-7"] is FAIL
    assert verdicts("v1/refused", ask, ok)["v1-7"] is FAIL
    assert verdicts("v1/refused", ask, GONE)["v1-7"] is FAIL
    assert verdicts("v1/refused", ask)["v1-7"] is FAIL
    taken = (late, sent(b"x", stream=0), body_end(stream=0), ok, answer_end(stream=0))
    assert verdicts("v1/refused", ask, *taken)["v1-7"] is SKIP


@pytest.mark.parametrize(
    ("status", "allow", "expected"),
    [
        (405, "POST", PASS),
        (405, "head,  post", PASS),
        (405, "", WARN),
        (405, "GET", WARN),
        (404, "POST", WARN),
        (200, "POST", WARN),
    ],
)
def test_a_wrong_method_is_answered_405_with_allow(
    status: int, allow: str, expected: Status
) -> None:
    head = asked("method", method="DELETE")
    fields = Headers(connection="c0", stream=1, fields=(("allow", allow),))
    assert verdicts("v2/methods", head, answered(status), fields) == {"v1-16": expected}
    assert verdicts("v2/methods", head) == {"v1-16": WARN}


def test_an_unknown_path_is_answered_404() -> None:
    head = asked("path", method="HEAD")
    assert verdicts("v2/paths", head, answered(404)) == {"v1-17": PASS}
    assert verdicts("v2/paths", head, answered(200)) == {"v1-17": WARN}
    assert verdicts("v2/paths", head) == {"v1-17": WARN}


def test_malformed_uploads_start_nothing() -> None:
    ask = asked("malformed", intent="refused", marker=MARKER, head=":method: POST | te: gzip")
    for refusal in (answered(400), StreamReset(connection="c0", stream=1, code=1), GONE):
        assert verdicts("v2/connection-fields", ask, refusal)["v2-18"] is PASS
    assert verdicts("v2/connection-fields", ask, answered(200))["v2-18"] is FAIL
    assert verdicts("v2/connection-fields", ask, answered(200), GONE)["v2-18"] is FAIL
    assert verdicts("v2/connection-fields", ask)["v2-18"] is FAIL
