"""The reference SSH server, end to end: an asyncssh user, real commands, recorders made by hand."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import h11
import msgspec
import pytest

from conformance import history
from conformance.machine import State, replay
from conformance.wire import SECOND, OnRecordingFailure, SSHAction, Timers
from simulator import client_steps as core
from simulator import ssh_server
from simulator.client import Client
from simulator.overlay import Mutant, Overlay, overlay_named
from simulator.ssh_server import ServerConfig, serve_ssh
from tests.simulator.recorder_peer import DEADLINE, Order, Recorder, recorder

MESSAGE = "recording is required here"
ENFORCED = OnRecordingFailure(
    reject_session_with_message=MESSAGE, terminate_session_with_message=MESSAGE
)
NOWHERE = "127.77.255.254:1"


class Server:
    """A running server, what it noted, and users of it."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.events: list[history.Event] = []
        self.host, self.port = "", 0
        self._stack = stack
        self._changed = asyncio.Event()

    def sink(self, event: history.Event) -> None:
        self.events.append(event)
        self._changed.set()

    def all(self, kind: type[Any]) -> list[Any]:
        return [event.what for event in self.events if isinstance(event.what, kind)]

    async def until(self, kind: type[Any], number: int = 1) -> None:
        async with asyncio.timeout(DEADLINE):
            while len(self.all(kind)) < number:
                self._changed.clear()
                await self._changed.wait()

    async def entered(self, state: State) -> None:
        async with asyncio.timeout(DEADLINE):
            while state not in self.path:
                self._changed.clear()
                await self._changed.wait()

    @property
    def path(self) -> list[State]:
        return [what.state for what in self.all(history.Entered)]

    async def user(self, name: str = "ann") -> asyncssh.SSHClientConnection:
        connection = await asyncssh.connect(
            self.host,
            self.port,
            username=name,
            known_hosts=None,
            client_keys=None,
            agent_path=None,
            config=None,
        )
        return await self._stack.enter_async_context(connection)

    async def run(self, command: str, **more: Any) -> asyncssh.SSHCompletedProcess:
        user = await self.user()
        async with asyncio.timeout(DEADLINE):
            return await user.run(command, **more)


@asynccontextmanager
async def server(
    action: SSHAction | None = None,
    *,
    mutant: str = "",
    overlay: Overlay | None = None,
    **config: Any,
) -> AsyncIterator[Server]:
    config.setdefault("shell", "/bin/sh")
    config.setdefault("timers", Timers().divided(10))
    settings = ServerConfig(name="box", host="127.0.0.1", port=0, action=action, **config)
    overlay = overlay or (overlay_named(mutant) if mutant else Overlay())
    stop = asyncio.Event()
    where: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with AsyncExitStack() as stack:
        made = Server(stack)
        log = history.Log("server/box", time.monotonic_ns, made.sink)
        serving = asyncio.ensure_future(
            serve_ssh(settings, log, overlay=overlay, stop=stop, listening=where.set_result)
        )
        either: set[asyncio.Future[Any]] = {serving, where}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        host, _, port = where.result().rpartition(":")
        made.host, made.port = host, int(port)
        try:
            yield made
        finally:
            stop.set()
            async with asyncio.timeout(DEADLINE):
                await serving


def accept(*recorders: Recorder | str, failure: OnRecordingFailure | None = None) -> SSHAction:
    addresses = tuple(r if isinstance(r, str) else r.address for r in recorders)
    return SSHAction(accept=True, recorders=addresses or None, on_recording_failure=failure)


def play(scene: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(3 * DEADLINE):
            await scene

    asyncio.run(bounded())


CHOSEN = [State.CONNECTING, State.CHECK_POLICY, State.FIND_RECORDER, State.TRY_PRIMARY]


# --- recorded sessions ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["v2", "v1"])
def test_a_command_is_recorded(version: str) -> None:
    async def scene() -> None:
        async with (
            recorder(Order(v2=version == "v2")) as rec,
            server(accept(rec, failure=ENFORCED)) as srv,
        ):
            done = await srv.run("echo one; echo two; exit 3")
            assert (done.exit_status, done.stdout, done.stderr) == (3, "one\ntwo\n", "")
            await srv.until(history.Left)
            upload = await rec.upload()
            assert upload.version == version
            assert upload.ended.is_set()
            assert upload.output == "one\ntwo\n"
            assert srv.path == [
                *CHOSEN, State.CONNECTED, State.STREAMING, State.SESSION_COMPLETE,
            ]  # fmt: skip
            assert srv.all(history.Attempted)[0].failure == ""
            assert srv.all(history.CommandExited)[0].status == 3

    play(scene())


def test_the_header_says_who_where_and_what() -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec)) as srv:
            await srv.run("true")
            header = (await rec.upload()).lines[0]
            noted = srv.all(history.ServerSession)[0]
            now = time.time()
            assert header["version"] == 2
            assert (header["width"], header["height"]) == (0, 0)
            assert 0 <= now - header["timestamp"] < 60
            assert header["command"] == "true"
            assert header["env"] == {"TERM": "xterm-256color"}
            assert header["srcNode"] == "127.0.0.1"
            assert header["sshUser"] == "ann"
            assert header["connectionID"] == noted.connection_id
            assert noted.ssh_user == "ann"
            assert noted.peer.startswith("127.0.0.1:")

    play(scene())


def test_a_shell_on_a_pty_with_a_window_that_changes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec), directory=str(tmp_path)) as srv:
            user = await srv.user()
            shell = await user.create_process(term_type="vt100", term_size=(80, 24))
            shell.stdin.write("PS1=; stty -echo; stty size; echo $TERM-$(tty)\n")
            seen = ""
            async with asyncio.timeout(DEADLINE):
                while "vt100-/dev/" not in seen:
                    seen += await shell.stdout.readline()
                shell.change_terminal_size(132, 43)
                shell.stdin.write("trap 'stty size' WINCH; stty size; pwd; exit 4\n")
                done = await shell.wait()
            assert "24 80\r\n" in seen
            assert isinstance(done.stdout, str)
            assert f"43 132\r\n{tmp_path}\r\n" in done.stdout
            assert done.exit_status == 4
            upload = await rec.upload()
            await upload.ended.wait()
            assert (upload.lines[0]["width"], upload.lines[0]["height"]) == (80, 24)
            assert upload.lines[0]["env"] == {"TERM": "vt100"}
            assert "command" not in upload.lines[0]
            assert [line[2] for line in upload.lines[1:] if line[1] == "r"] == ["132x43"]
            assert upload.output == seen + done.stdout
            times = [line[0] for line in upload.lines[1:]]
            assert times == sorted(times)

    play(scene())


def test_standard_error_without_a_pty_is_recorded_and_stays_standard_error() -> None:  # D5
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec)) as srv:
            done = await srv.run("echo out; echo err >&2")
            assert (done.stdout, done.stderr) == ("out\n", "err\n")
            assert sorted((await rec.upload()).output.split()) == ["err", "out"]

    play(scene())


def test_the_environment_that_was_asked_for_arrives() -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec)) as srv:
            done = await srv.run("echo $GREETING $TERM", env={"GREETING": "hello", "TERM": "ansi"})
            assert done.stdout == "hello ansi\n"
            assert (await rec.upload()).lines[0]["env"] == {"TERM": "ansi"}

    play(scene())


def test_a_character_split_over_two_writes_arrives_whole() -> None:  # D7
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec)) as srv:
            user = await srv.user()
            command = r"printf 'a\342\202'; read go; printf '\254b'"
            process = await user.create_process(command, encoding=None)
            assert await process.stdout.readexactly(1) == b"a"
            process.stdin.write(b"\n")
            async with asyncio.timeout(DEADLINE):
                done = await process.wait()
            assert done.stdout == "\u20acb".encode()
            upload = await rec.upload()
            assert [line[2] for line in upload.lines[1:]] == ["a", "\u20acb"]

    play(scene())


def test_bytes_that_are_no_text_reach_the_user_as_they_are() -> None:  # D7
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec)) as srv:
            done = await srv.run(r"printf 'a\377b\342\202'", encoding=None)
            assert done.stdout == b"a\xffb\xe2\x82"
            assert (await rec.upload()).output == "a\ufffdb\ufffd"

    play(scene())


@pytest.mark.parametrize("version", ["v2", "v1"])
def test_much_output_arrives_and_is_recorded_whole(version: str) -> None:
    async def scene() -> None:
        async with recorder(Order(v2=version == "v2")) as rec, server(accept(rec)) as srv:
            done = await srv.run("seq 1 200000")
            expected = "".join(f"{n}\n" for n in range(1, 200001))
            assert done.stdout == expected
            assert (await rec.upload()).output == expected

    play(scene())


def test_sessions_of_one_connection_share_its_id_and_are_counted() -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec)) as srv:
            user = await srv.user()
            done = await asyncio.gather(*(user.run(f"echo {n}") for n in range(3)))
            assert [one.stdout for one in done] == ["0\n", "1\n", "2\n"]
            noted = srv.all(history.ServerSession)
            assert sorted(session.channel for session in noted) == [0, 1, 2]
            assert len({session.connection_id for session in noted}) == 1
            assert {u.lines[0]["connectionID"] for u in rec.uploads} == {noted[0].connection_id}
            assert len(rec.uploads) == 3

    play(scene())


def test_what_was_typed_before_the_command_started_is_not_lost() -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec)) as srv:
            done = await srv.run("cat", input="typed ahead\n")
            assert done.stdout == "typed ahead\n"

    play(scene())


def test_a_command_killed_by_a_signal_says_which() -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec)) as srv:
            done = await srv.run("kill -TERM $$")
            assert done.exit_signal is not None
            assert done.exit_signal[0] == "TERM"
            assert srv.all(history.CommandExited)[0].status == -15

    play(scene())


def test_the_users_signals_reach_the_command() -> None:
    async def scene() -> None:
        async with server(accept()) as srv:
            user = await srv.user()
            process = await user.create_process(
                "trap 'echo got it; exit 6' USR1; echo up; while :; do sleep 0.02; done"
            )
            assert await process.stdout.readline() == "up\n"
            process.send_signal("USR1")
            async with asyncio.timeout(DEADLINE):
                done = await process.wait()
            assert (done.stdout, done.exit_status) == ("got it\n", 6)

    play(scene())


def test_a_shell_that_cannot_be_run_is_said_so() -> None:
    async def scene() -> None:
        async with server(accept(), shell="/nowhere/sh") as srv:
            done = await srv.run("true")
            assert done.exit_status in (126, 127)
            assert "/nowhere/sh" in str(done.stderr)

    play(scene())


# --- not recorded ---------------------------------------------------------------------------------


def test_sftp_is_served_and_no_recorder_is_contacted(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "there").write_text("content")
        async with recorder() as rec, server(accept(rec, failure=ENFORCED)) as srv:
            user = await srv.user()
            async with user.start_sftp_client() as sftp:
                await sftp.get(str(tmp_path / "there"), str(tmp_path / "here"))
            assert (tmp_path / "here").read_text() == "content"
            await srv.until(history.Left)
            assert rec.connections == 0
            assert srv.all(history.ServerSession)[0].shell == "sftp"
            assert srv.path == [
                State.CONNECTING, State.CHECK_POLICY, State.NO_RECORDING, State.SESSION_COMPLETE,
            ]  # fmt: skip

    play(scene())


def test_a_local_port_is_forwarded() -> None:
    async def scene() -> None:
        async with recorder(Order(v2=False)) as rec, server(accept()) as srv:
            user = await srv.user()
            host, _, port = rec.address.rpartition(":")
            reader, writer = await user.open_connection(host, int(port))
            writer.write(b"PRI * HTTP/2.0\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 400")
            writer.close()

    play(scene())


# --- choosing and the failure action --------------------------------------------------------------


def test_the_first_recorder_that_answers_takes_the_recording() -> None:
    async def scene() -> None:
        async with (
            recorder(Order(post_status=503)) as second,
            recorder(Order(v2=False)) as third,
            server(accept(NOWHERE, second, third)) as srv,
        ):
            done = await srv.run("echo recorded")
            assert done.stdout == "recorded\n"
            assert (await third.upload()).output == "recorded\n"
            tried = srv.all(history.Attempted)
            assert [one.recorder for one in tried] == [NOWHERE, second.address, third.address]
            assert [bool(one.failure) for one in tried] == [True, True, False]
            assert srv.path[3:6] == [State.TRY_PRIMARY, State.TRY_FAILOVER, State.CONNECTED]

    play(scene())


def test_a_silent_recorder_is_left_for_the_next() -> None:  # D2
    async def scene() -> None:
        async with (
            recorder(Order(post_status=None)) as silent,
            recorder() as other,
            server(accept(silent, other), timers=Timers().divided(50)) as srv,
        ):
            assert (await srv.run("echo x")).stdout == "x\n"
            assert (await other.upload()).output == "x\n"

    play(scene())


def test_an_enforced_session_that_cannot_be_recorded_is_rejected(tmp_path: Path) -> None:
    async def scene() -> None:
        async with control() as plane:
            failure = msgspec.structs.replace(ENFORCED, notify_url="https://elsewhere/notice/1")
            action = accept(NOWHERE, failure=failure)
            async with server(action, control=plane.url, node_key="nodekey:1") as srv:
                done = await srv.run(f"touch {tmp_path}/ran")
                assert (done.exit_status, done.stdout, done.stderr) == (254, MESSAGE + "\r\n", "")
                assert not (tmp_path / "ran").exists()
                assert srv.path[-2:] == [State.RECORDING_FAILED, State.SESSION_REJECTED]
                assert srv.all(history.CommandStarted) == []
                notice = await plane.posted("/notice/1")
                assert notice["EventType"] == 1
                assert notice["NodeKey"] == "nodekey:1"
                assert notice["SSHUser"] == "ann"
                assert notice["ConnectionID"] == srv.all(history.ServerSession)[0].connection_id
                (attempt,) = notice["RecordingAttempts"]
                assert attempt["Recorder"] == NOWHERE
                assert "refused" in attempt["FailureMessage"]

    play(scene())


def test_without_a_reject_message_the_session_runs_unrecorded() -> None:
    async def scene() -> None:
        failure = OnRecordingFailure(terminate_session_with_message=MESSAGE)
        async with server(accept(NOWHERE, failure=failure)) as srv:
            done = await srv.run("echo free; exit 2")
            assert (done.exit_status, done.stdout) == (2, "free\n")
            assert srv.path[-2:] == [State.SESSION_ALLOWED, State.SESSION_COMPLETE]
            assert srv.all(history.CommandStarted)[0].recorded is False

    play(scene())


ESCAPED = """
sleep 600 &                                     echo $!
(setsid sh -c 'echo $$; exec sleep 600' &)
setsid nohup sleep 600 >/dev/null 2>&1 &        echo $!
trap '' HUP TERM
echo $$
echo ready
while :; do echo tick; sleep 0.02; done
"""


@pytest.mark.parametrize("pty", [True, False])
@pytest.mark.parametrize("how", ["error frame", "reset", "connection"])
def test_an_enforced_session_whose_recording_is_lost_is_ended(pty: bool, how: str) -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec, failure=ENFORCED)) as srv:
            user = await srv.user()
            term: dict[str, Any] = {"term_type": "xterm"} if pty else {}
            process = await user.create_process(ESCAPED, **term)
            seen = ""
            async with asyncio.timeout(DEADLINE):
                while "tick" not in seen or sum(word.isdigit() for word in seen.split()) < 4:
                    seen += await process.stdout.readline()
                pids = [int(word) for word in seen.split() if word.isdigit()]
                assert all(map(alive, pids))
                upload = await rec.upload()
                if how == "error frame":
                    upload.h2.answer(upload, b'{"error": "disk full"}', end=True)
                elif how == "reset":
                    upload.h2.reset(upload)
                else:
                    rec.transports[0].abort()
                done = await process.wait()
            assert done.stderr == f"\r\n\r\n{MESSAGE}\r\n\r\n"
            assert done.exit_status == 255
            await srv.until(history.Left)
            assert not any(map(alive, pids))
            assert srv.path[-2:] == [State.CONNECTION_LOST, State.SESSION_TERMINATED]

    play(scene())


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_no_output_reaches_the_user_after_the_termination_message() -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec, failure=ENFORCED)) as srv:
            user = await srv.user()
            order: list[str] = []

            class Watcher(asyncssh.SSHClientSession[bytes]):
                def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
                    order.append("err" if datatype else "out")

            chan, _ = await user.create_session(Watcher, "yes", encoding=None)
            upload = await rec.upload()
            await upload.until(lambda got: len(got.body) > 500_000)
            upload.h2.reset(upload)
            async with asyncio.timeout(DEADLINE):
                await chan.wait_closed()
            assert order.count("err") == 1
            assert order[-1] == "err"

    play(scene())


def test_without_a_terminate_message_the_session_goes_on_unrecorded() -> None:
    async def scene() -> None:
        async with control() as plane:
            failure = OnRecordingFailure(
                reject_session_with_message=MESSAGE, notify_url="http://plane/n"
            )
            async with (
                recorder() as rec,
                server(accept(rec, failure=failure), control=plane.url) as srv,
            ):
                user = await srv.user()
                process = await user.create_process("echo before; read go; echo after; exit 9")
                assert await process.stdout.readline() == "before\n"
                upload = await rec.upload()
                await upload.until(lambda got: "before" in got.output)
                upload.h2.answer(upload, b"", end=True)
                await srv.entered(State.CONTINUE_UNRECORDED)
                process.stdin.write("\n")
                async with asyncio.timeout(DEADLINE):
                    done = await process.wait()
                assert (done.stdout, done.exit_status) == ("after\n", 9)
                assert upload.output == "before\n"
                assert (await plane.posted("/n"))["EventType"] == 3

    play(scene())


def test_no_byte_is_shown_that_was_not_handed_over_first() -> None:
    async def scene() -> None:
        order = Order(window=1000, credit=False, finish=False)
        async with recorder(order) as rec, server(accept(rec, failure=ENFORCED)) as srv:
            user = await srv.user()
            process = await user.create_process("head -c 3000 /dev/zero | tr '\\0' x; cat")
            upload = await rec.upload()
            await upload.until(lambda got: len(got.body) == 1000)
            upload.h2.reset(upload)
            async with asyncio.timeout(DEADLINE):
                done = await process.wait()
            assert done.stdout == ""
            assert MESSAGE in str(done.stderr)

    play(scene())


def test_missing_acks_are_a_loss() -> None:
    async def scene() -> None:
        timers = msgspec.structs.replace(Timers(), ack_window=SECOND // 10)
        async with recorder() as rec, server(accept(rec, failure=ENFORCED), timers=timers) as srv:
            done = await srv.run("cat", stdin=asyncssh.PIPE)
            assert done.exit_status == 255
            lost = [e for e in srv.all(history.Entered) if e.state is State.CONNECTION_LOST]
            assert "ack" in lost[0].why

    play(scene())


@pytest.mark.parametrize("order", [
    Order(v2=False, final_status=500),
    Order(finish=False),
])  # fmt: skip
def test_a_loss_after_the_exit_leaves_its_status(order: Order) -> None:  # D12, D13
    async def scene() -> None:
        timers = msgspec.structs.replace(Timers(), final=SECOND // 10)
        async with (
            recorder(order) as rec,
            server(accept(rec, failure=ENFORCED), timers=timers) as srv,
        ):
            done = await srv.run("echo x; exit 5")
            assert (done.exit_status, done.stdout, done.stderr) == (5, "x\n", "")
            await srv.until(history.Left)
            assert srv.path[-2:] == [State.CONNECTION_LOST, State.SESSION_TERMINATED]

    play(scene())


def test_the_user_is_let_go_before_the_recorders_last_word() -> None:
    async def scene() -> None:
        async with recorder(Order(finish=False)) as rec, server(accept(rec)) as srv:
            assert (await srv.run("true")).exit_status == 0
            upload = await rec.upload()
            await upload.ended.wait()
            assert srv.all(history.Left) == []
            upload.h2.answer(upload, b"", end=True)
            await srv.until(history.Left)
            assert srv.path[-1] is State.SESSION_COMPLETE

    play(scene())


# --- users who leave ------------------------------------------------------------------------------


def test_a_user_who_hangs_up_takes_the_command_along() -> None:
    async def scene() -> None:
        async with recorder() as rec, server(accept(rec, failure=ENFORCED)) as srv:
            user = await srv.user()
            process = await user.create_process(
                "trap 'echo bye; exit 1' HUP; echo $$; while :; do sleep 0.02; done"
            )
            pid = int(await process.stdout.readline())
            user.abort()
            await srv.until(history.Left)
            assert not alive(pid)
            upload = await rec.upload()
            assert upload.ended.is_set()
            assert upload.output.endswith("bye\n")
            assert srv.path[-1] is State.SESSION_COMPLETE

    play(scene())


def test_a_command_that_ignores_the_hang_up_is_killed() -> None:
    async def scene() -> None:
        async with server(accept()) as srv:
            user = await srv.user()
            process = await user.create_process("trap '' HUP; echo $$; while :; do sleep 1; done")
            pid = int(await process.stdout.readline())
            process.close()
            await srv.until(history.Left)
            assert not alive(pid)
            assert srv.all(history.CommandExited)[0].status == -9

    play(scene())


def test_a_user_who_leaves_while_a_recorder_is_chosen_leaves_nothing() -> None:  # D16
    async def scene() -> None:
        async with recorder(Order(probe_status=None)) as rec, server(accept(rec)) as srv:
            user = await srv.user()
            await user.create_process("true")
            await rec.request("HEAD")
            user.abort()
            await srv.until(history.Left)
            assert len(srv.all(history.Aborted)) == 1
            assert srv.all(history.CommandStarted) == []
            assert srv.path == CHOSEN

    play(scene())


def test_what_a_command_left_running_does_not_outlive_the_session() -> None:
    async def scene() -> None:
        async with server(accept()) as srv:
            done = await srv.run("setsid sh -c 'echo $$; exec sleep 600' </dev/null & sleep 0.2")
            pid = int(str(done.stdout))
            await srv.until(history.Left)
            assert not alive(pid)

    play(scene())


def test_stopping_the_server_leaves_nothing() -> None:
    async def scene() -> None:
        async with recorder() as rec:
            async with server(accept(rec)) as srv:
                user = await srv.user()
                process = await user.create_process("echo $$; cat", term_type="xterm")
                pid = int(await process.stdout.readline())
            assert not alive(pid)
            assert isinstance(srv.events[-1].what, history.Left)
            assert replay(srv.path) is None

    play(scene())


def test_stopping_does_not_wait_for_a_recorder_that_stays_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ssh_server, "STOP_GRACE", 0.1)

    async def scene() -> None:
        async with recorder(Order(finish=False)) as rec:
            async with server(accept(rec), timers=Timers()) as srv:
                await srv.run("true")
            assert srv.path[-1] is State.STREAMING
            assert len((await rec.upload()).lines) == 1

    play(scene())


# --- the control plane ----------------------------------------------------------------------------


class Plane:
    """A control plane by hand: answers by path, and what was posted."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, Any] = {}
        self.gets: list[str] = []
        self.posts: list[tuple[str, Any]] = []
        self._changed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER)
        body = b""
        method, target = "", ""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                method, target = event.method.decode(), event.target.decode()
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                break
        status, answer = 201, b""
        if method == "POST":
            self.posts.append((target, msgspec.json.decode(body)))
            self._changed.set()
        else:
            self.gets.append(target)
            known = self.answers.get(target.partition("?")[0])
            status, answer = (404, b"") if known is None else (200, msgspec.json.encode(known))
        head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(answer))
        writer.write(head + answer)
        await writer.drain()
        writer.close()

    async def posted(self, path: str) -> Any:
        async with asyncio.timeout(DEADLINE):
            while path not in dict(self.posts):
                self._changed.clear()
                await self._changed.wait()
        assert len(self.posts) == 1
        return dict(self.posts)[path]


@asynccontextmanager
async def control() -> AsyncIterator[Plane]:
    plane = Plane()
    serving = await asyncio.start_server(plane.serve, "127.0.0.1", 0)
    plane.url = "http://{}:{}".format(*serving.sockets[0].getsockname())
    try:
        yield plane
    finally:
        serving.close()
        await serving.wait_closed()


SOURCE = {
    "name": "laptop.example.ts.net.",
    "id": "nLAPTOP",
    "numeric_id": 77,
    "tags": None,
    "user_id": 5,
    "user": "ann@example.com",
}


def test_the_control_plane_is_asked_once_per_connection() -> None:
    async def scene() -> None:
        async with recorder() as rec, control() as plane:
            plane.answers["/ssh/action"] = {
                "action": accept(rec), "source": SOURCE, "local_user": "root",
            }  # fmt: skip
            async with server(control=plane.url) as srv:
                user = await srv.user("ann smith")
                await user.run("true")
                await user.run("true")
            assert plane.gets == [
                "/ssh/action?peer=127.0.0.1&destination=box&ssh_user=ann+smith"
            ]  # fmt: skip
            header = rec.uploads[0].lines[0]
            assert header["srcNode"] == "laptop.example.ts.net"
            assert header["srcNodeID"] == "nLAPTOP"
            assert header["srcNodeUserID"] == 5
            assert header["srcNodeUser"] == "ann@example.com"
            assert "srcNodeTags" not in header
            assert header["localUser"] == "root"

    play(scene())


def test_a_tagged_source_has_tags_and_no_user() -> None:
    async def scene() -> None:
        async with recorder() as rec, control() as plane:
            plane.answers["/ssh/action"] = {
                "action": accept(rec), "source": {**SOURCE, "tags": ["tag:ci"]},
            }  # fmt: skip
            async with server(control=plane.url) as srv:
                await srv.run("true")
            header = rec.uploads[0].lines[0]
            assert header["srcNodeTags"] == ["tag:ci"]
            assert "srcNodeUser" not in header
            assert "srcNodeUserID" not in header

    play(scene())


def test_of_several_held_actions_the_first_and_the_last_count() -> None:
    async def scene() -> None:
        async with recorder() as rec, control() as plane:
            first = SSHAction(
                hold_and_delegate="https://plane.invalid/hold/1?x=1", recorders=(rec.address,)
            )
            plane.answers["/ssh/action"] = {"action": first, "source": SOURCE}
            plane.answers["/hold/1"] = {
                "action": SSHAction(hold_and_delegate="https://p/hold/2", recorders=(NOWHERE,))
            }
            plane.answers["/hold/2"] = {"action": SSHAction(accept=True)}
            async with server(control=plane.url) as srv:
                assert (await srv.run("echo x")).stdout == "x\n"
            assert plane.gets[1:] == ["/hold/1?x=1", "/hold/2"]
            assert (await rec.upload()).output == "x\n"

    play(scene())


@pytest.mark.parametrize("answer", [
    None,
    {"action": {"reject": True, "message": "not you"}},
    {"action": {}},
    {"action": {"holdAndDelegate": "http://p/gone"}},
    {"nonsense": 1},
])  # fmt: skip
def test_without_an_action_that_accepts_there_is_no_session(answer: Any) -> None:
    async def scene() -> None:
        async with control() as plane:
            if answer:
                plane.answers["/ssh/action"] = answer
            async with server(control=plane.url) as srv:
                done = await srv.run("echo ran")
                assert (done.exit_status, done.stdout) == (254, "")
                assert len(str(done.stderr).splitlines()) == 1
                if answer and answer.get("action", {}).get("message"):
                    assert done.stderr == "not you\r\n"

    play(scene())


def test_an_unreachable_control_plane_refuses_unless_there_is_an_action() -> None:
    async def scene() -> None:
        async with server(control=f"http://{NOWHERE}") as srv:
            assert (await srv.run("echo ran")).exit_status == 254
        async with server(accept(), control=f"http://{NOWHERE}") as srv:
            assert (await srv.run("echo ran")).stdout == "ran\n"

    play(scene())


def test_a_control_plane_that_never_answers_a_notice_delays_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ssh_server, "STOP_GRACE", 0.1)

    async def scene() -> None:
        async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        listening = await asyncio.start_server(wait, "127.0.0.1", 0)
        silent = "{}:{}".format(*listening.sockets[0].getsockname())
        failure = msgspec.structs.replace(ENFORCED, notify_url=f"http://{silent}/n")
        async with server(accept(NOWHERE, failure=failure)) as srv:
            assert (await srv.run("true")).exit_status == 254
        listening.close()
        await listening.wait_closed()

    play(scene())


# --- mutants --------------------------------------------------------------------------------------


def test_the_mutant_that_fails_open_lets_an_enforced_session_begin_and_go_on() -> None:
    async def scene() -> None:
        name = "fails-open-when-enforced"
        async with server(accept(NOWHERE, failure=ENFORCED), mutant=name) as srv:
            assert (await srv.run("echo ran")).stdout == "ran\n"
        async with (
            recorder() as rec,
            server(accept(rec, failure=ENFORCED), mutant=name) as srv,
        ):
            process = await (await srv.user()).create_process("read go; echo after")
            upload = await rec.upload()
            upload.h2.reset(upload)
            await srv.entered(State.CONTINUE_UNRECORDED)
            process.stdin.write("\n")
            async with asyncio.timeout(DEADLINE):
                assert (await process.wait()).stdout == "after\n"

    play(scene())


def test_the_mutant_that_shows_first_shows_what_was_never_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ssh_server, "STOP_GRACE", 0.1)

    async def scene() -> None:
        order = Order(window=1000, credit=False, finish=False)
        async with (
            recorder(order) as rec,
            server(accept(rec, failure=ENFORCED), mutant="shows-before-recording") as srv,
        ):
            command = "head -c 3000 /dev/zero | tr '\\0' x; cat"
            process = await (await srv.user()).create_process(command)
            async with asyncio.timeout(DEADLINE):
                assert await process.stdout.readexactly(3000) == "x" * 3000
            process.close()

    play(scene())


def test_the_mutant_that_shows_first_still_records_everything() -> None:
    async def scene() -> None:
        async with (
            recorder() as rec,
            server(accept(rec, failure=ENFORCED), mutant="shows-before-recording") as srv,
        ):
            done = await srv.run("seq 1 3000; exit 1")
            assert done.exit_status == 1
            assert (await rec.upload()).output == done.stdout

    play(scene())


def test_nothing_of_the_server_is_in_the_commands_hands() -> None:
    async def scene() -> None:
        async with server(accept()) as srv:
            marker = f"RECSPEC_TEST_{os.getpid()}"
            os.environ[marker] = "1"
            try:
                done = await srv.run("env; ls -l /proc/self/fd | wc -l")
            finally:
                del os.environ[marker]
            assert marker not in str(done.stdout)
            # A total, the three standard streams, and the folder that is being listed.
            assert str(done.stdout).split()[-1] == "5"

    play(scene())


# --- our own fault --------------------------------------------------------------------------------


class _Breaks(Client):
    """A core with a fault in it, at the first output."""

    def output(self, event: core.Output, now: int) -> core.Effects:
        raise ZeroDivisionError(f"{event.data} at {now}")


def test_a_session_that_breaks_in_itself_says_so_and_ends() -> None:
    async def scene() -> None:
        broken = Mutant(
            name="breaks",
            part="client",
            summary="",
            breaks=(),
            shown_by=(),
            overlay={Client: _Breaks},
        )
        async with recorder() as rec, server(accept(rec), overlay=Overlay(broken)) as srv:
            # The command would run for much longer than anybody here waits.
            done = await srv.run("echo one; sleep 600")
            assert done.exit_status == 255
            await srv.until(history.Problem)
            (problem,) = srv.all(history.Problem)
            assert "ZeroDivisionError" in problem.what

    play(scene())
