"""A recorder client that lets recorders push."""

from __future__ import annotations

import h2.settings

from simulator.overlay import Mutant
from simulator.upload import Upload
from simulator.upload_v2 import SETTINGS, V2, Wire


class _Pushed(V2):
    def __init__(self, wire: Wire, authority: str) -> None:
        super().__init__(wire, authority)
        values = {**SETTINGS, h2.settings.SettingCodes.ENABLE_PUSH: 1}
        self._http.local_settings = h2.settings.Settings(client=True, initial_values=values)


class _Upload(Upload):
    def v2(self) -> V2:
        return _Pushed(self, self.address)


MUTANT = Mutant(
    name="leaves-push-on",
    part="driver",
    summary="leaves server push on",
    breaks=("v2-9",),
    shown_by=("basic/v2-shell",),
    overlay={Upload: _Upload},
)
