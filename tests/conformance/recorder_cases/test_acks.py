"""The judges of acks: what answers consist of, what they count, when they come."""

from __future__ import annotations

import gzip
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases import PREFIX, cases, judge_case
from conformance.codings import uncoded
from conformance.history import AnswerBody, Answered, AnswerEnded, BodyEnded, Event, Kind, Late
from conformance.judgement import Status
from conformance.probed import Asked, BodySent, CasePlayed, Headers, StreamReset
from conformance.wire import SECOND, V2_RECORD

PASS, WARN, FAIL, ERROR = Status.PASS, Status.WARN, Status.FAIL, Status.ERROR


class Told:
    """An upload over v2, told with times in seconds."""

    def __init__(self, name: str = "main", connection: str = "c0", status: int = 200) -> None:
        self._where = {"connection": connection, "stream": 1}
        self.events: list[tuple[float, Kind]] = []
        asked = Asked(
            **self._where,  # type: ignore[arg-type]
            http="2",
            method="POST",
            path=V2_RECORD,
            name=name,
            intent="whole",
            marker=connection,
        )
        self._note(0.0, asked)
        self._note(0.0, Answered(recorder="target", status=status, **self._where))  # type: ignore[arg-type]

    def _note(self, at: float, what: Kind) -> Told:
        self.events.append((at, what))
        return self

    def late(self, at: float, by: float) -> Told:
        return self._note(at, Late(by=round(by * SECOND)))

    def coded(self, coding: str) -> Told:
        fields = (("content-encoding", coding),)
        return self._note(0.0, Headers(fields=fields, **self._where))  # type: ignore[arg-type]

    def sent(self, at: float, size: int) -> Told:
        return self._note(at, BodySent(size=size, **self._where))  # type: ignore[arg-type]

    def got(self, at: float, data: bytes) -> Told:
        return self._note(at, AnswerBody(recorder="target", data=data, **self._where))  # type: ignore[arg-type]

    def acked(self, *acks: tuple[float, int]) -> Told:
        for at, number in acks:
            self.got(at, b'{"ack":%d}\n' % number)
        return self

    def body_end(self, at: float) -> Told:
        return self._note(at, BodyEnded(recorder="target", **self._where))  # type: ignore[arg-type]

    def end(self, at: float) -> Told:
        return self._note(at, AnswerEnded(recorder="target", **self._where))  # type: ignore[arg-type]

    def reset(self, at: float) -> Told:
        return self._note(at, StreamReset(code=2, **self._where))  # type: ignore[arg-type]

    def ended(self, at: float, total: int) -> Told:
        return self.body_end(at).acked((at, total)).end(at)


def judged(case: str, *uploads: Told) -> dict[str, Status]:
    """Return the worst that is said of each clause that has to do with acks."""
    numbers = count(1)
    played = Event("probe", 0, 0, CasePlayed(case=PREFIX + case, target="told", has=()))
    told = sorted((pair for one in uploads for pair in one.events), key=lambda pair: pair[0])
    events = [Event("probe", next(numbers), round(at * SECOND), what) for at, what in told]
    judgement = judge_case(cases()[PREFIX + case], (played, *events))
    found = dict.fromkeys(judgement.clauses, PASS)
    for finding in judgement.findings:
        found[finding.clause] = finding.status
    return {
        clause: status
        for clause, status in found.items()
        if clause.startswith("acks-") or status is not PASS
    }


def broken(case: str, *uploads: Told) -> set[str]:
    """Return the clauses that are broken."""
    return {clause for clause, status in judged(case, *uploads).items() if status in (FAIL, WARN)}


def idle() -> Told:
    return Told().sent(0.0, 5)


SOUND = [(5.0 * n, 5) for n in range(1, 7)]


def test_acks_at_the_cadence_that_reach_the_total_break_nothing() -> None:
    found = judged("acks/idle", idle().acked(*SOUND).ended(33.0, 5))
    assert set(found.values()) == {PASS}
    assert found.keys() >= {"acks-1", "acks-2", "acks-3", "acks-4", "acks-5", "acks-13", "acks-16"}


@pytest.mark.parametrize(
    ("acks", "clauses"),
    [
        ([(15.0, 5), (30.0, 5)], {"acks-2"}),
        ([], {"acks-1", "acks-2"}),
        ([(5.0, 5), (11.5, 5)], {"acks-2"}),
        ([(5.9, 5), (11.8, 5), (17.0, 5), (22.9, 5), (28.8, 5)], set()),
        ([(5.0 * n, 6) for n in range(1, 7)], {"acks-4"}),
        ([*SOUND[:5], (30.0, 4)], {"acks-4"}),
    ],
)
def test_acks_that_come_late_run_ahead_or_fall(
    acks: list[tuple[float, int]], clauses: set[str]
) -> None:
    ended = idle().acked(*acks)
    assert broken("acks/idle", ended.ended(33.0, 5)) - {"acks-16"} >= clauses
    if not clauses:
        assert broken("acks/idle", ended) == set()


@pytest.mark.parametrize("last", [(), (4,)])
def test_the_last_ack_counts_everything(last: tuple[int, ...]) -> None:
    told = idle().body_end(1.0).acked(*((1.0, number) for number in last)).end(1.0)
    assert broken("acks/total", told) == {"acks-3"}


@pytest.mark.parametrize(
    "between", [b"\n", b"", b" \r\n\t ", b"\n\n"], ids=["newline", "nothing", "blanks", "two"]
)
def test_white_space_between_frames_is_free(between: bytes) -> None:
    told = idle()
    for at, number in SOUND:
        told.got(at, b'{"ack":%d}' % number + between)
    assert broken("acks/idle", told.ended(33.0, 5)) == set()


@pytest.mark.parametrize(
    ("data", "clauses"),
    [
        (b'{"ack":5},{"ack":5}', {"acks-5", "acks-13"}),
        (b'\x1e{"ack":5}\n\x1e{"ack":5}', {"acks-5", "acks-13"}),
        (b'data: {"ack":5}\n\n', {"acks-5", "acks-13"}),
        (b'{"ack":5}\ndone\n', {"acks-5"}),
        (b'{"ack":5}{"ack', {"acks-5"}),
        (b'{"ack":5}; {done}', {"acks-5"}),
        (b'[5]{"ack":5}', {"acks-5"}),
        (b'{"ack":"5"}{"ack":5}', {"acks-5"}),
        (b'{"ack":5.0}{"ack":5}', {"acks-5"}),
        (b'{"ack":5,"more":{"a":1}}', set()),
        (b'{"ack":5,"error":""}', set()),
        (b'{"ack":5,"error":null}', set()),
        (b'{"error":"late"}{"ack":5}', {"acks-5"}),
        (b'{"error":""}', {"acks-17", "acks-3"}),
    ],
)
def test_an_answer_consists_of_ack_frames(data: bytes, clauses: set[str]) -> None:
    told = idle().body_end(1.0).got(1.0, data).end(1.0)
    found = {clause for clause in broken("acks/total", told) if clause.startswith("acks-")}
    assert found == clauses


@pytest.mark.parametrize(
    ("error", "right"),
    [(b'"disk full"', True), (b'{"code":5}', False), (b"true", False), (b"0", False)],
)
def test_an_error_is_a_string(error: bytes, right: bool) -> None:
    told = idle().got(1.0, b'{"error":%b}' % error).end(1.0)
    found = judged("acks/total", told)
    assert (found["acks-5"], found["acks-17"]) == (PASS, PASS if right else FAIL)


def test_what_a_reset_cuts_off_is_not_the_frames_fault() -> None:
    assert "acks-5" not in broken("acks/total", idle().got(1.0, b'{"ack":5}{"a').reset(1.0))


def test_an_ack_that_says_all_its_keys_is_no_error_frame() -> None:
    told = Told().got(0.1, b'{"error":""}').sent(0.2, 5).ended(1.0, 5)
    assert broken("acks/total", told) == set()


def test_an_ack_of_nothing_may_go_without_a_number_and_no_other() -> None:
    begun = Told().got(5.0, b"{}\n")
    assert judged("acks/idle", begun)["acks-7"] is PASS
    told = begun.sent(6.0, 5).acked((10.0, 5)).got(15.0, b"{}\n").ended(16.0, 5)
    assert broken("acks/idle", told) == {"acks-7", "acks-4"}


# --- held back ------------------------------------------------------------------------------------


def test_acks_that_come_together_after_a_silence_were_held_back() -> None:
    told = idle().acked((12.0, 5), (12.0, 5), (17.0, 5)).ended(18.0, 5)
    assert broken("acks/idle", told) == {"acks-16", "acks-2"}
    told = idle().acked(*((33.0, 5) for _ in range(6))).ended(33.0, 5)
    assert broken("acks/idle", told) == {"acks-16", "acks-2", "acks-1"}


def test_the_last_of_the_cadence_and_the_total_may_come_together() -> None:
    told = idle().acked((5.0, 5)).sent(10.9, 3).acked((10.9, 5)).ended(10.9, 8)
    assert broken("acks/idle", told) == set()


def test_a_refusal_with_a_body_holds_no_acks_back() -> None:
    """Its body may look like a frame."""
    refused = Told(status=503).got(0.1, b'{"error":"full"}').end(0.1)
    assert "acks-16" not in judged("acks/idle", refused)
    assert broken("acks/idle", refused) == {"storage-5"}


def test_a_silence_of_ours_is_nobodys() -> None:
    late = idle().late(20.0, 15.0).acked((20.0, 5), (25.0, 5)).ended(26.0, 5)
    found = judged("acks/idle", late)
    assert (found["acks-2"], found["acks-1"]) == (ERROR, PASS)
    later = idle().late(5.0, 1.0).acked((5.0, 5), (25.0, 5)).ended(26.0, 5)
    assert judged("acks/idle", later)["acks-2"] is WARN


def both(main: Told) -> tuple[Told, Told]:
    plain = Told("plain", "c1").sent(0.0, 5).acked((5.0, 5), (10.0, 5)).ended(17.0, 5)
    return main, plain


def test_acks_that_only_a_coding_keeps_away_are_held_back() -> None:
    assert "acks-16" in broken("acks/gzip", *both(idle().ended(17.0, 5)))
    told = idle().acked((5.1, 5), (10.1, 5), (15.1, 5)).ended(17.0, 5)
    assert judged("acks/gzip", *both(told))["acks-16"] is PASS


def test_of_a_recorder_that_acks_neither_nothing_is_said_of_the_coding() -> None:
    plain = Told("plain", "c1").sent(0.0, 5).body_end(17.0)
    assert "acks-16" not in broken("acks/gzip", idle().body_end(17.0), plain)


def test_compressed_acks_count_like_others() -> None:
    packed = gzip.compress(b'{"ack":5}\n{"ack":5}\n')
    told = idle().coded("gzip").body_end(1.0).got(1.0, packed[:9]).got(1.0, packed[9:]).end(1.0)
    assert broken("acks/total", told) == set()


def test_acks_that_are_said_to_be_compressed_and_are_not_count_too() -> None:
    told = idle().coded("gzip").body_end(1.0).got(1.0, b'{"ack"').got(1.0, b":5}\n").end(1.0)
    assert broken("acks/total", told) == set()


@given(st.binary(max_size=200), st.lists(st.integers(0, 230)))
def test_gzip_is_undone_wherever_it_is_cut(data: bytes, cuts: list[int]) -> None:
    packed = gzip.compress(data)
    bounds = [0, *sorted(min(cut, len(packed)) for cut in cuts), len(packed)]
    pieces = [packed[a:b] for a, b in pairwise(bounds)]
    assert b"".join(uncoded("gzip", pieces)) == data
    assert list(uncoded("", pieces)) == pieces


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6))
def test_what_is_no_gzip_stays_as_it_is_from_there_on(more: list[bytes]) -> None:
    assert list(uncoded("gzip", [b'{"ack"', *more])) == [b'{"ack"', *more]


# --- counting -------------------------------------------------------------------------------------


def counted(first: int, second: int) -> Told:
    """Return an upload of which 7 bytes and then 3 more were sent, and what was acked of them."""
    told = Told().acked((5.0, 0)).sent(5.1, 7).acked((10.0, first))
    return told.sent(10.1, 3).acked((15.0, second)).ended(15.1, 10)


@pytest.mark.parametrize(
    ("first", "second", "status"), [(7, 10, PASS), (0, 10, FAIL), (7, 7, FAIL), (5, 9, FAIL)]
)
def test_an_ack_counts_all_that_came(first: int, second: int, status: Status) -> None:
    assert judged("acks/counting", counted(first, second))["acks-6"] is status


def test_an_ack_right_behind_the_bytes_need_not_count_them_yet() -> None:
    told = Told().sent(4.9, 7).acked((5.0, 0), (10.0, 7)).ended(10.1, 7)
    assert judged("acks/counting", told)["acks-6"] is PASS
    told = Told().sent(4.9, 7).acked((5.0, 0)).ended(5.1, 7)
    assert "acks-6" not in judged("acks/counting", told)


@pytest.mark.parametrize("told", [(), (idle().ended(17.0, 5),), (Told("plain"),)])
def test_without_both_uploads_nothing_is_said_of_the_coding(told: tuple[Told, ...]) -> None:
    assert "acks-16" not in judged("acks/gzip", *told)


@pytest.mark.parametrize("told", [(), (idle().body_end(9.0),)], ids=["no upload", "no ack"])
def test_without_an_ack_nothing_is_said_of_what_acks_count(told: tuple[Told, ...]) -> None:
    assert "acks-6" not in judged("acks/counting", *told)
