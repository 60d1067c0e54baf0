"""The judges of refusals: what was refused is nowhere."""

from __future__ import annotations

from conformance.cases import Need
from conformance.history import Disconnected, Kind
from conformance.judgement import Status
from conformance.probed import Kept, Looked
from tests.conformance.recorder_cases.told import (
    MARKER,
    answered,
    asked,
    body_end,
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
STORE = (Need.STORE,)
LINE = b"line\n"


def kept(*, whole: bool = True) -> list[Kind]:
    found = Kept(marker=MARKER, path="n/2026-11-22T10:00:00Z.cast", size=5, agrees=5, whole=whole)
    return [found, Looked(marker=MARKER, found=1)]


NOWHERE = Looked(marker=MARKER, found=0)
GONE = Disconnected(recorder="target", connection="c0", by="recorder", how="fin")


def refused(*rest: Kind, has: tuple[str, ...] = STORE) -> dict[str, Status]:
    """A recording that is sent where nothing is."""
    upload = (
        asked("wrong-path", http="1.1", stream=0, intent="refused", marker=MARKER),
        sent(LINE, stream=0),
        body_end(stream=0),
    )
    after = upload_v1("after", connection="c1")
    return verdicts("refusals/v1", *upload, *rest, *after, has=has)


def test_what_was_refused_is_nowhere() -> None:
    no = answered(404, stream=0)
    assert refused(no, NOWHERE)["hostile-17"] is PASS
    assert refused(GONE, NOWHERE)["hostile-17"] is PASS
    assert refused(no, *kept())["hostile-17"] is FAIL
    assert refused(no, *kept(whole=False))["hostile-17"] is FAIL
    assert refused(no, has=())["hostile-17"] is SKIP


def test_what_was_taken_all_the_same_was_not_refused() -> None:
    assert refused(answered(200, stream=0), *kept())["hostile-17"] is SKIP
    assert verdicts("refusals/v1", has=STORE)["hostile-17"] is ERROR
