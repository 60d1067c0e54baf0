"""The tailnet of one scenario in virtual time: its nodes, their addresses, and how they meet.

It is the live one's in all that a checker can see: the same names and IDs, a recorder's address in
front of the recorder, S3 and the control plane each behind a way that faults can disturb.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from conformance.history import Addressed, DialHung, Log
from conformance.nodes import Node
from conformance.scenario import Action, RecorderNode, Scenario
from conformance.wire import OnRecordingFailure, SSHAction, Timers
from simulator.control import ControlConfig
from simulator.overlay import Overlay
from simulator.upload import Stage
from simulator.virtual.clock import Clock, Dice
from simulator.virtual.control import VirtualControl, served
from simulator.virtual.faults import Target
from simulator.virtual.link import Link, ServerEnd, Tap
from simulator.virtual.network import Quality, Route
from simulator.virtual.recorder import VirtualRecorder
from simulator.virtual.script_talk import Role
from simulator.virtual.scripted import ScriptedRecorder
from simulator.virtual.server import VirtualServer
from simulator.virtual.storage import Bucket, Disk, Store
from simulator.virtual.upload import REFUSED, VirtualUpload

SERVER = "prod-1"
NOTIFY_URL = "https://unused/ssh/notify/recording"
DOMAIN = "example.ts.net"
OWNER = "alice@example.com"
LAPTOP_ADDRESS = "100.64.0.1"
SERVER_ADDRESS = "100.64.0.2"
PORT = 80
_FIRST_PORT = 50_001


class _Recorder:
    """One recorder's address, and who serves there."""

    def __init__(self, node: RecorderNode, number: int, route: Route) -> None:
        self.node = node
        self.host = f"100.64.1.{number}"
        self.number = 200 + number
        self.route = route
        self.numbers = itertools.count()
        self.end: ServerEnd | None = None
        self.store: Store | None = None

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"{self.host}:{PORT}"


class Tailnet:
    """The nodes of one scenario. Use `start` once."""

    def __init__(
        self,
        clock: Clock,
        dice: Dice,
        scenario: Scenario,
        *,
        timers: Timers,
        speed: int,
        overlay: Overlay,
        quality: Quality,
        logs: Mapping[str, Log],
    ) -> None:
        self.processes: list[VirtualRecorder] = []
        self.targets: dict[str, Target] = {}
        self.control: VirtualControl | None = None
        self._clock = clock
        self._dice = dice
        self._scenario = scenario
        self._timers = timers
        self._speed = speed
        self._overlay = overlay
        self._quality = quality
        self._logs = logs
        self._recorders: dict[str, _Recorder] = {}
        self._by_address: dict[str, _Recorder] = {}
        self._port = _FIRST_PORT

    def start(self) -> VirtualServer:
        """Start all parts; returns the SSH server."""
        bucket_route = self._route()
        self.targets["s3"] = Target("s3", bucket_route)
        for number, node in enumerate(self._scenario.recorders, 1):
            self._start_recorder(node, number, bucket_route)
        way = self._route()
        self.targets["control"] = Target("control", way)
        action = self._scenario.action
        config = ControlConfig(
            policy=self._scenario.policy,
            nodes=tuple(self._nodes()),
            actions=served(self._wire(action) if action is not None else None),
            then=tuple(map(self._wire, self._scenario.then)),
            notice_status=self._scenario.notice_status,
        )
        control = self.control = VirtualControl(self._clock, way, config, self._logs["control"])
        for known in list(self._nodes())[:2]:
            self._logs["world"].note(
                Addressed(
                    node=known.name,
                    address=known.addresses[0],
                    node_id=known.id,
                    numeric_id=known.numeric_id,
                    tags=known.tags,
                    login=known.login,
                )
            )
        return VirtualServer(
            self._clock,
            self._dice,
            self._logs["server"],
            name=SERVER,
            overlay=self._overlay,
            timers=self._timers,
            control=control,
            dialler=self,
        )

    def _route(self) -> Route:
        return Route(self._clock, self._dice, self._quality)

    def _start_recorder(self, node: RecorderNode, number: int, bucket_route: Route) -> None:
        recorder = _Recorder(node, number, self._route())
        self._recorders[node.name] = recorder
        self._by_address[recorder.address] = recorder
        process = None
        v2 = node.speaks == "v2"
        if node.script is not None:
            role = Role(self._clock, node.script, self._timers, self._speed)
            recorder.end = ScriptedRecorder(self._dice, role, v2=v2)
        else:
            recorder.store = (
                Bucket(self._clock, self._dice, bucket_route, self._timers)
                if node.storage == "s3"
                else Disk(self._clock, self._dice)
            )
            recorder.end = process = VirtualRecorder(
                self._clock,
                self._dice,
                self._logs[f"recorder/{node.name}"],
                recorder.store,
                address=recorder.address,
                v2=v2,
                timers=self._timers,
            )
            process.start()
            self.processes.append(process)
        self._logs["world"].note(Addressed(node=node.name, address=recorder.address))
        self.targets[node.name] = Target(node.name, recorder.route, process)

    def _nodes(self) -> Iterator[Node]:
        """Describe the tailnet: alice's laptop, the server, and the recorders in their order."""
        yield Node(
            name=f"laptop.{DOMAIN}",
            id="nLAPTOP1CNTRL",
            numeric_id=101,
            addresses=(LAPTOP_ADDRESS,),
            user=OWNER,
            user_id=7,
        )
        yield Node(
            name=f"{SERVER}.{DOMAIN}",
            id="nPROD1CNTRL",
            numeric_id=102,
            addresses=(SERVER_ADDRESS,),
            tags=("tag:prod",),
        )
        for recorder in self._recorders.values():
            yield Node(
                name=f"{recorder.node.name}.{DOMAIN}",
                id=f"nREC{recorder.number}CNTRL",
                numeric_id=recorder.number,
                addresses=(recorder.host,),
                tags=recorder.node.tags,
                recorder_port=PORT,
            )

    def _wire(self, plain: Action) -> SSHAction:
        """Return an action as it goes over the wire: addresses in place of names."""
        recorders = (
            None
            if plain.record is None
            else tuple(self._recorders[name].address for name in plain.record)
        )
        failure = plain.on_failure
        return SSHAction(
            accept=True,
            recorders=recorders,
            on_recording_failure=None
            if failure is None
            else OnRecordingFailure(
                reject_session_with_message=failure.reject,
                terminate_session_with_message=failure.terminate,
                notify_url=NOTIFY_URL if failure.notify else "",
            ),
        )

    # --- while it is played ---------------------------------------------------------------------

    def dial(self, address: str, upload: VirtualUpload) -> None:
        """Dial a recorder: taken, refused, or never answered."""
        recorder = self._by_address.get(address)
        if recorder is None:
            upload.failed("no route to host")
            return
        self._clock.later(2 * recorder.route.trip(), lambda: self._arrive(recorder, upload))

    def _arrive(self, recorder: _Recorder, upload: VirtualUpload) -> None:
        route = recorder.route
        if route.refusing:
            upload.failed(REFUSED)
        elif route.room is None:
            link = self._link(recorder, upload)
            link.accept(self._peer())
            upload.connected(link)
        elif route.room > 0:
            route.room -= 1
            link = self._link(recorder, upload)
            route.wait_accepted(lambda: link.accept(self._peer()))
            upload.connected(link)
        else:
            self._hang(recorder, upload)

    def _hang(self, recorder: _Recorder, upload: VirtualUpload) -> None:
        """Let a dial wait until the node accepts, or whoever dials gives up."""
        began, peer = self._clock.now(), self._peer()

        def tell(*, given_up: bool) -> None:
            name, lasted = recorder.node.name, self._clock.now() - began
            self._logs["network"].note(
                DialHung(recorder=name, peer=peer, lasted=lasted, given_up=given_up)
            )

        def accepted() -> None:
            if upload.stage is Stage.DIALLING:
                tell(given_up=False)
                upload.gave_up = lambda: None
            self._arrive(recorder, upload)

        upload.gave_up = lambda: tell(given_up=True)
        recorder.route.wait_accepted(accepted)

    def _link(self, recorder: _Recorder, upload: VirtualUpload) -> Link:
        assert recorder.end is not None
        name = f"{recorder.node.name}#{next(recorder.numbers)}"
        tap = Tap(recorder.node.name, self._logs["user"], self._logs["network"])
        return Link(recorder.route, tap, name, upload, recorder.end)

    def _peer(self) -> str:
        self._port += 1
        return f"{SERVER_ADDRESS}:{self._port - 1}"

    def held_by(self, node: RecorderNode) -> dict[str, bytes]:
        """Return the recordings in a recorder's storage, by path below its base path."""
        store = self._recorders[node.name].store
        assert store is not None
        return {path: bytes(data) for path, data in store.held.items()}
