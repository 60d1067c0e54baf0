"""A run as it could have been, to look at pages and to test what is written of it.

Two scenarios come with a history; one finding quotes hostile output.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from conformance.clauses import CATALOGUE
from conformance.history import (
    AnswerBody,
    Answered,
    Attempted,
    BodyEnded,
    BodyStarted,
    CommandExited,
    CommandStarted,
    Dialled,
    Disconnected,
    End,
    Entered,
    Event,
    ExitSeen,
    FaultApplied,
    FaultCleared,
    Handed,
    History,
    Kind,
    Left,
    Log,
    NoticeReceived,
    Played,
    PolicyApplied,
    Requested,
    ServerSession,
    SessionClosed,
    SessionOpened,
    Shown,
    Stored,
    Typed,
    UploadStarted,
    UploadStored,
    UserConnected,
)
from conformance.judgement import (
    ClauseCoverage,
    Coverage,
    Finding,
    Judgement,
    Run,
    Status,
    TransitionCoverage,
)
from conformance.machine import TRANSITIONS, Arrow, State, arrows, covered
from conformance.wire import SECOND, OnRecordingFailure, SSHAction

S = State
HOSTILE = "\x1b]0;owned\x07</code><script>alert(1)</script>\x00 \u202egnp.exe"

_START = (S.CONNECTING, S.CHECK_POLICY)
_TRIED = (*_START, S.FIND_RECORDER, S.TRY_PRIMARY)
RECORDED = arrows((*_TRIED, S.CONNECTED, S.STREAMING, S.SESSION_COMPLETE))
FAILED_OVER = arrows((*_TRIED, S.TRY_FAILOVER, S.CONNECTED, S.STREAMING, S.SESSION_COMPLETE))
REJECTED = arrows((*_TRIED, S.TRY_FAILOVER, S.RECORDING_FAILED, S.SESSION_REJECTED))
UNRECORDED = arrows(
    (
        *_TRIED,
        S.CONNECTED,
        S.STREAMING,
        S.CONNECTION_LOST,
        S.CONTINUE_UNRECORDED,
        S.SESSION_COMPLETE,
    )
)
PLAIN = arrows((*_START, S.NO_RECORDING, S.SESSION_COMPLETE))


def run() -> Run:
    """Return a run with every status in it, and some arrows and clauses never seen."""
    results = _results()
    taken = [arrow for result in results for arrow in result.transitions]
    done, missing = covered(taken)
    checked = {clause for result in results for clause in result.clauses}
    return Run(
        tool="recspec",
        version="0.1.0",
        target="reference",
        world="live",
        seed=20260822,
        speed=1,
        started="2026-08-22T09:30:00Z",
        duration_s=63.4,
        results=results,
        coverage=Coverage(
            transitions=TransitionCoverage(
                covered=len(done), total=len(TRANSITIONS), missing=missing
            ),
            clauses=ClauseCoverage(
                covered=len(checked),
                total=len(CATALOGUE),
                missing=tuple(clause for clause in CATALOGUE if clause not in checked),
            ),
        ),
    )


def histories() -> dict[str, History]:
    """Return the histories of two of the run's scenarios."""
    return {
        "lost/v2-black-hole-continues": lost_history(),
        "record/v2-filesystem": lost_history()[:12],
    }


def _judged(
    scenario: str,
    title: str,
    status: Status,
    duration: float,
    transitions: tuple[Arrow, ...],
    *findings: Finding,
    clauses: tuple[str, ...] = ("machine-1", "machine-2", "machine-3"),
) -> Judgement:
    return Judgement(
        scenario=scenario,
        title=title,
        status=status,
        duration_s=duration,
        clauses=clauses,
        findings=findings,
        transitions=transitions,
    )


def _results() -> tuple[Judgement, ...]:
    recording = ("machine-1", "machine-2", "streaming-1", "storage-1", "storage-2", "v2-1")
    return (
        _judged(
            "record/v2-filesystem",
            "A session over v2 is recorded whole on the filesystem",
            Status.PASS,
            1.21,
            RECORDED,
            clauses=(*recording, "acks-1", "acks-2", "acks-3"),
        ),
        _judged(
            "record/v1-s3",
            "A session over v1 is recorded whole in S3",
            Status.PASS,
            2.87,
            RECORDED,
            clauses=(*recording, "v1-1", "v1-2", "v1-3"),
        ),
        _judged(
            "failover/second-recorder-wins",
            "The first recorder refuses, the second records",
            Status.PASS,
            1.6,
            FAILED_OVER,
            clauses=("choose-1", "choose-2", "choose-3", *recording),
        ),
        _judged(
            "plain/no-recorder-in-the-rule",
            "A rule without a recorder contacts none",
            Status.PASS,
            0.4,
            PLAIN,
            clauses=("choose-5", "machine-1"),
        ),
        _judged(
            "lost/v2-black-hole-continues",
            "The recorder falls silent while streaming; the session goes on unrecorded",
            Status.FAIL,
            33.48,
            UNRECORDED,
            Finding(
                clause="failure-6",
                status=Status.FAIL,
                session="laptop",
                message="3 lines of output never reached the user after the recording was lost",
                evidence=(
                    "user #9 shown: 'tick 31\\r\\n'",
                    "user #10 exit-seen: status 0",
                    f"missing: {HOSTILE!s}",
                ),
            ),
            Finding(
                clause="notice-1",
                status=Status.FAIL,
                session="laptop",
                message="the failure was noticed twice",
                evidence=("control #0 notice-received", "control #1 notice-received"),
            ),
            clauses=("machine-1", "machine-2", "failure-6", "notice-1", "notice-2", "acks-1"),
        ),
        _judged(
            "idle/acks-while-idle",
            "Acks keep coming while nobody types",
            Status.WARN,
            21.02,
            RECORDED,
            Finding(
                clause="acks-2",
                status=Status.WARN,
                session="laptop",
                message="8.2 s passed between two acks; 5 s are asked for",
                evidence=("network #14 answer-body at +6.103 s", "network #15 at +14.311 s"),
            ),
            clauses=("acks-1", "acks-2", "machine-1"),
        ),
        _judged(
            "reject/all-recorders-down",
            "No recorder can be reached and the session is rejected",
            Status.ERROR,
            4.11,
            REJECTED[:6],
            Finding(
                clause="rig",
                status=Status.ERROR,
                message="Toxiproxy ended while the scenario was being played: exit status -9",
            ),
            clauses=(),
        ),
        _judged(
            "timing/choose-budget",
            "Choosing takes at most 30 s",
            Status.SKIP,
            0.0,
            (),
            Finding(
                clause="choose-3",
                status=Status.SKIP,
                message="timing clauses say nothing at --speed 10",
            ),
            clauses=(),
        ),
    )


class _Script:
    """Notes events of several observers at the times that the script says, in milliseconds."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._logs: dict[str, Log] = {}

    def at(self, ms: int, observer: str, *kinds: Kind) -> None:
        log = self._logs.get(observer) or Log(observer, lambda: 0, self.events.append)
        self._logs[observer] = log
        for kind in kinds:
            log.note(kind, at=5_000 * SECOND + ms * 1_000_000)


def lost_history() -> History:
    """Return a session whose recorder falls silent after a second, and which goes on."""
    script = _Script()
    action = SSHAction(
        accept=True,
        recorders=("127.77.1.1:80", "127.77.1.2:80"),
        on_recording_failure=OnRecordingFailure(notify_url="http://control/notify"),
    )
    on, two = "127.77.1.1:80", "c2"
    note = script.at
    _open(note, action, on, two)
    for tick, ack in zip(range(1, 6), count(180, 14), strict=False):
        line = f"tick {tick}\r\n".encode()
        note(400 + 200 * tick, "user", Handed(recorder="r1", connection=two, stream=3, data=line))
        note(401 + 200 * tick, "user", Shown(session="laptop", data=line))
        if tick < 4:
            body = b'{"ack": %d}\n' % ack
            note(
                404 + 200 * tick,
                "network",
                AnswerBody(recorder="r1", connection=two, stream=3, data=body),
            )
    note(1100, "faults", FaultApplied(fault="black-hole", node="r1"))
    _lose(note, two)
    return tuple(script.events)


Note = Callable[..., None]


def _open(note: Note, action: SSHAction, recorder: str, connection: str) -> None:
    note(0, "world", Played(scenario="lost/v2-black-hole-continues", world="live", seed=1, speed=1))
    note(11, "user", UserConnected(connection="c1", peer="127.77.9.1:40112"))
    note(
        31,
        "user",
        SessionOpened(
            session="laptop",
            connection="c1",
            channel=0,
            shell="shell",
            pty=True,
            width=80,
            height=24,
            term="xterm-256color",
        ),
    )
    note(
        34,
        "server/web",
        ServerSession(
            session="s1",
            peer="127.77.9.1:40112",
            channel=0,
            connection_id="conn-7",
            ssh_user="alice",
            local_user="alice",
            shell="shell",
        ),
        Entered(session="s1", state=S.CONNECTING),
        Entered(session="s1", state=S.CHECK_POLICY),
        PolicyApplied(session="s1", action=action),
        Entered(session="s1", state=S.FIND_RECORDER),
        Entered(session="s1", state=S.TRY_PRIMARY),
    )
    note(41, "network", Dialled(recorder="r1", connection=connection, peer="127.77.8.1:51000"))
    for at, stream, method, status in ((43, 1, "HEAD", 200), (52, 3, "POST", 200)):
        note(
            at,
            "network",
            Requested(
                recorder="r1",
                connection=connection,
                stream=stream,
                method=method,
                path="/v2/record",
                http="2",
            ),
            Answered(recorder="r1", connection=connection, stream=stream, status=status),
        )
    note(55, "recorder/r1", UploadStarted(upload="u1", version="v2"))
    note(
        57,
        "server/web",
        Attempted(session="s1", recorder=recorder),
        Entered(session="s1", state=S.CONNECTED),
        Entered(session="s1", state=S.STREAMING),
        CommandStarted(session="s1", recorded=True),
    )
    note(58, "network", BodyStarted(recorder="r1", connection=connection, stream=3))
    note(320, "user", Typed(session="laptop", digest="b94d27b9", length=12))


def _lose(note: Note, connection: str) -> None:
    note(
        31_009,
        "server/web",
        Attempted(session="s1", recorder="127.77.1.1:80", failure="no ack for 30 s"),
        Entered(session="s1", state=S.CONNECTION_LOST, why="no ack for 30 s"),
        Entered(session="s1", state=S.CONTINUE_UNRECORDED),
    )
    note(
        31_010,
        "network",
        Disconnected(recorder="r1", connection=connection, by="client", how="fin"),
    )
    body = b'{"EventType":3,"ConnectionID":"conn-7"}'
    for at in (31_030, 31_044):
        note(at, "control", NoticeReceived(path="/notify", body=body, status=201))
    note(31_100, "user", Shown(session="laptop", data=b"\x1b[31mtick 31\x1b[0m\r\n\xff\xfe"))
    note(33_000, "faults", FaultCleared(fault="black-hole", node="r1"), End())
    note(33_200, "server/web", CommandExited(session="s1", status=0))
    note(33_210, "server/web", Entered(session="s1", state=S.SESSION_COMPLETE), Left(session="s1"))
    note(33_215, "user", ExitSeen(session="laptop", status=0), SessionClosed(session="laptop"))
    note(33_300, "network", BodyEnded(recorder="r1", connection=connection, stream=3))
    note(
        33_320,
        "recorder/r1",
        UploadStored(upload="u1", path="n1/2026-08-22T09:30:01Z.cast", size=222, complete=False),
    )
    note(33_400, "storage", Stored(store="r1", path="n1/2026.cast", data=b'{"version":2}\n' * 30))
    for observer in ("user", "server/web", "network", "recorder/r1", "storage", "control", "world"):
        note(33_480, observer, End())
