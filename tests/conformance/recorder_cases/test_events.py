"""The judges of events: 200 means stored, whole; upstream's own events are taken."""

from __future__ import annotations

import json

import pytest

from conformance.cases import Need
from conformance.history import Disconnected, Kind
from conformance.judgement import Status
from conformance.probed import Asked, BodyCut, ConnectFailed, Kept, Looked, Remarked
from conformance.recorder_cases.events import CONTROLS, ENDS_WITH, TAKEN
from tests.conformance.recorder_cases.told import answer_end, answered, asked, sent, verdicts

PASS, FAIL, WARN, SKIP, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.WARN,
    Status.SKIP,
    Status.ERROR,
)
STORE = (Need.STORE,)
END = "rs-the-end"


def head(name: str, status: int | None, *more: Kind) -> Status:
    answer: list[Kind] = []
    if status is not None:
        answer = [answered(status, stream=0), answer_end(stream=0)]
    request = asked("head", http="1.1", stream=0, method="HEAD")
    return verdicts(name, request, *answer, *more)["event-1"]


def test_support_is_told_by_200_and_404() -> None:
    assert head("events/head", 200) is PASS
    assert head("events/none", 404) is PASS
    for status in (404, 405, 500, 204, None):
        assert head("events/head", status) is FAIL
    for status in (200, 405, 500, None):
        assert head("events/none", status) is FAIL
    refused = ConnectFailed(connection="c0", why="refused")
    assert verdicts("events/head", refused)["event-1"] is FAIL
    assert verdicts("events/large", refused, has=STORE)["event-17"] is FAIL
    assert verdicts("events/head")["event-1"] is ERROR


def test_a_connection_may_end_between_two_requests() -> None:
    gone = Disconnected(recorder="target", connection="c0", by="recorder", how="fin")
    assert head("events/head", None, gone) is FAIL
    again = asked("head", http="1.1", stream=1, method="HEAD")
    assert head("events/head", 200, again, gone) is PASS
    assert head("events/head", 200, again) is FAIL


def posted(
    name: str,
    status: int | None = 200,
    paths: tuple[str, ...] | None = None,
    *,
    id_: str = "",
    whole: bool = True,
    how: str = "",
    data: bytes | None = None,
) -> list[Kind]:
    """An event that is posted over a connection of its own, answered and looked for."""
    connection, marker = f"c-{name}", f"rs-{name}"
    found = paths if paths is not None else (f"n/{name}.event.json",) if status == 200 else ()
    where = {"connection": connection, "stream": 0}
    kinds: list[Kind] = [
        Remarked(what=f"{ENDS_WITH} {marker}", value=END + marker),
        asked(name, http="1.1", marker=marker, **where),  # type: ignore[arg-type]
        sent(b"{}", **where),  # type: ignore[arg-type]
    ]
    if how:
        kinds.append(BodyCut(how=how, **where))  # type: ignore[arg-type]
    if status is not None:
        kinds += [answered(status, **where), answer_end(**where)]  # type: ignore[arg-type]
    if data is None:
        data = json.dumps({"id": id_, "path": marker}).encode()
    others = (END + marker,) if whole else ()
    kinds += [
        Kept(marker=marker, path=path, size=9, agrees=9, whole=False, others=others, data=data)
        for path in found
    ]
    return [*kinds, Looked(marker=marker, found=len(found))]


def taken(*instead: list[Kind]) -> dict[str, Status]:
    """All events of the case are taken, but for those that are told otherwise."""
    names = {name: posted(name) for name in (*TAKEN, *CONTROLS)}
    for kinds in instead:
        names[next(kind.name for kind in kinds if isinstance(kind, Asked))] = kinds
    return verdicts("events/taken", *(k for kinds in names.values() for k in kinds), has=STORE)


def test_events_are_taken_and_stored() -> None:
    found = taken()
    assert found == dict.fromkeys(("event-4", "event-11", "event-12", "event-16", "event-17"), PASS)
    # What upstream does not send need not be taken.
    refused = [posted(name, 400) for name in CONTROLS]
    assert set(taken(*refused).values()) == {PASS}


def test_200_means_stored_whole() -> None:
    assert taken(posted("tagged", 200, ()))["event-4"] is FAIL
    assert taken(posted("tagged", 200, (".incoming/1",)))["event-4"] is FAIL
    assert taken(posted("tagged", 200, whole=False))["event-4"] is FAIL
    assert taken(posted("with-id", 400, ("n/1.event.json",)))["event-4"] is FAIL
    assert taken(posted("with-id", 400, (".incoming/1",)))["event-4"] is PASS
    assert taken(posted("with-id", 400, ("n/1",), whole=False))["event-4"] is PASS


@pytest.mark.parametrize(("name", "clause"), TAKEN.items())
def test_what_upstream_sends_is_taken(name: str, clause: str) -> None:
    found = taken(posted(name, 400), *([posted("no-parts", 400)] if name == "upstream" else []))
    wrong = {c for c, status in found.items() if status is not PASS}
    # Controls are taken where upstream's is not: each says why.
    assert wrong == ({"event-11", "event-12"} if name == "upstream" else {clause})


@pytest.mark.parametrize(("name", "clause"), CONTROLS.items())
def test_a_control_says_what_was_amiss(name: str, clause: str) -> None:
    refused = [posted(one, 422) for one in (*TAKEN, *CONTROLS) if one != name]
    found = taken(*refused)
    assert {c for c, status in found.items() if status is FAIL} == {clause}
    nothing = taken(*refused, posted(name, None))
    assert {c for c, status in nothing.items() if status is FAIL} == {"event-17"}


def test_one_that_is_taken_without_parts_says_what_was_amiss_with_the_others() -> None:
    refused = [posted(one, 422) for one in (*TAKEN, *CONTROLS) if one != "no-parts"]
    found = taken(*refused)
    assert {c for c, status in found.items() if status is FAIL} == {"event-12"}


@pytest.mark.parametrize(
    "data", [b"\x28\xb5\x2f\xfd", b"{", b'["rs-upstream"]', b'{"id":"n/second"}']
)
def test_ids_are_read_only_from_the_json_objects_of_events(data: bytes) -> None:
    unread = verdicts("events/taken", *posted("upstream", data=data), has=STORE)
    assert "event-16" not in unread
    # Beside others in one file it is found by its line.
    line = b'{"id":"n/events","path":"rs-upstream"}'
    read = verdicts("events/taken", *posted("upstream", data=data + b"\n" + line), has=STORE)
    assert read["event-16"] is PASS


def test_events_at_two_places_have_two_ids() -> None:
    first = posted("upstream", id_="n/upstream.event.json")
    assert taken(first, posted("second", id_="n/second.event.json"))["event-16"] is PASS
    assert taken(first, posted("second", id_="n/upstream.event.json"))["event-16"] is WARN
    # One file may hold many events.
    one = [posted(name, 200, ("n/events",), id_="n/events") for name in ("upstream", "second")]
    assert taken(*one)["event-16"] is PASS


def test_without_a_store_nothing_is_known_of_it() -> None:
    found = verdicts("events/taken", *posted("upstream")[:-2])
    assert (found["event-4"], found["event-16"], found["event-17"]) == (SKIP, SKIP, PASS)
    assert verdicts("events/taken")["event-17"] is ERROR


def no_object(status: int | None, *paths: str, what: str = "text") -> dict[str, Status]:
    bad = posted(f"bad: {what}", status, paths)[1:]
    return verdicts("events/no-object", *posted("before"), *bad, *posted("after"), has=STORE)


def test_what_is_no_object_is_refused_and_not_stored() -> None:
    fine = {"event-4": PASS, "event-15": PASS, "event-17": PASS}
    assert no_object(400) == no_object(415) == fine
    assert no_object(500) == no_object(None) == fine | {"event-15": WARN}
    assert no_object(400, "n/1")["event-15"] is WARN
    assert no_object(200, "n/1") == fine | {"event-15": WARN}
    assert no_object(200) == fine | {"event-15": WARN, "event-4": FAIL}
    # A number holds no marker: it may be stored.
    assert no_object(200, what="a number") == fine | {"event-15": WARN}


def test_events_are_taken_afterwards() -> None:
    for name in ("events/no-object", "events/cut", "events/large"):
        stopped = verdicts(name, *posted("before"), *posted("after", None), has=STORE)
        assert stopped["event-17"] is FAIL
        never = verdicts(name, *posted("before", 400), *posted("after", 400), has=STORE)
        assert never["event-17"] is SKIP
        assert verdicts(name, *posted("before"), has=STORE)["event-17"] is ERROR


def test_what_broke_off_is_not_answered_200() -> None:
    def cut(status: int | None, *more: Kind) -> Status:
        lost = posted("in chunks", status, (), how="half")
        around = (*posted("before"), *lost[:-1], *more, *posted("after"))
        return verdicts("events/cut", *around, has=STORE)["event-4"]

    gone = Disconnected(recorder="target", connection="c-in chunks", by="recorder", how="fin")
    assert cut(400) is PASS
    assert cut(None, gone) is PASS
    assert cut(None) is SKIP
    assert cut(200) is FAIL


def test_a_large_event_is_stored_whole_or_refused() -> None:
    def large(*kinds: Kind) -> Status:
        around = (*posted("before"), *kinds, *posted("after"))
        return verdicts("events/large", *around, has=STORE)["event-4"]

    assert large(*posted("large: 9")) is PASS
    assert large(*posted("large: 9", 413)) is PASS
    assert large(*posted("large: 9", 200, whole=False)) is FAIL


def test_what_cannot_be_stored_is_not_answered_200() -> None:
    def lost(*kinds: Kind) -> dict[str, Status]:
        return verdicts("events/storage-gone", *posted("before"), *kinds, has=STORE)

    assert lost(*posted("unstorable", 503)) == {"event-4": PASS}
    assert lost(*posted("unstorable")) == {"event-4": PASS}  # it was stored when all was mended
    assert lost(*posted("unstorable", 200, ())) == {"event-4": FAIL}
    assert lost(*posted("unstorable", None)) == {"event-4": SKIP}
    gone = Disconnected(recorder="target", connection="c-unstorable", by="recorder", how="reset")
    assert lost(*posted("unstorable", None), gone) == {"event-4": PASS}
    assert lost() == {"event-4": ERROR}
    before = verdicts("events/storage-gone", *posted("before", 503), has=STORE)
    assert before == {"event-4": SKIP}
