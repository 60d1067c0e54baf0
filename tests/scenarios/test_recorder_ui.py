"""The check of web UIs: the reference recorder has none, so two small ones show what it tells."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from conformance.cases import Need, cases
from conformance.judgement import Judgement, Status
from fixtures.rig import Rig
from fixtures.target import Folder, ReferenceLauncher
from scenarios.recorder import all_plays
from scenarios.recorder.suite import play_case

CASE = "recorder/hostile/ui-script"
pytestmark = pytest.mark.live


class Ui:
    """Lists all recordings of a folder and shows what is in them; `written` makes text a page's."""

    def __init__(self, base: Path, written: Callable[[str], str]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = self.page().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def page(self) -> str:
                paths = sorted(base.rglob("*.cast"))
                if self.path == "/":
                    links = (
                        f'<a href="/{n}">{path.parent.name}</a>' for n, path in enumerate(paths)
                    )
                    return f"<!doctype html><title>Recordings</title>{''.join(links)}"
                return f"<!doctype html><pre>{written(paths[int(self.path[1:])].read_text())}</pre>"

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Ui:
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def judged(written: Callable[[str], str]) -> Judgement:
    async def play() -> Judgement:
        async with Rig.started(network=False) as rig:
            folder = rig.make_folder()
            target = await ReferenceLauncher(rig).launch(Folder(folder))
            try:
                with Ui(folder, written) as ui:
                    target.has |= {Need.UI}
                    target.ui = ui.url
                    case = cases()[CASE]
                    return (await play_case(case, all_plays()[CASE], target, rig)).judgement
            finally:
                await target.close()

    return asyncio.run(play())


def test_a_ui_that_shows_recordings_as_text_passes() -> None:
    judgement = judged(html.escape)
    assert judgement.status is Status.PASS, judgement.findings
    assert "ui-4" in judgement.clauses


def test_a_ui_that_runs_what_stands_in_a_recording_fails() -> None:
    judgement = judged(str)
    assert {f.clause for f in judgement.findings if f.status is Status.FAIL} == {"ui-4"}


def test_a_ui_that_does_not_show_the_recording_proves_nothing() -> None:
    judgement = judged(lambda _: "nothing to see")
    assert "ui-4" not in judgement.clauses
    assert judgement.status is not Status.FAIL
