"""What one HTTP/2 connection may cost: limits that neither h2 nor Hypercorn has.

1. h2 keeps every setting that it is sent, and walks through all of them at each further SETTINGS
   frame: one client that names them all holds up the whole process. Here those that nobody knows
   are ignored (RFC 9113, section 6.5.2).
2. h2 takes any frame for the first of a connection. Here it must be SETTINGS (section 3.4).
3. Streams that are opened and reset at once cost their sender nothing, and no limit on open streams
   counts them. Here they are counted (section 10.5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import h2.connection
import h2.errors
import h2.exceptions
import h2.settings
from hyperframe.frame import Frame, SettingsFrame

RESETS = 1_000
"""Streams that a client may reset in a row, with every other use of the connection behind them."""
RESETS_PER_S = 50
"""Resets in a second that are forgotten again."""

_KNOWN = frozenset(int(code) for code in h2.settings.SettingCodes)


class TooManyResets(h2.exceptions.ProtocolError):
    """More streams were opened and reset than any client has a use for."""

    error_code = h2.errors.ErrorCodes.ENHANCE_YOUR_CALM


class Bounded(h2.connection.H2Connection):
    """The state of a connection that takes no more than it needs."""

    _greeted = False

    def _receive_frame(self, frame: Frame) -> Any:
        if not self._greeted:
            if not isinstance(frame, SettingsFrame) or "ACK" in frame.flags:
                raise h2.exceptions.ProtocolError("the first frame of a client is SETTINGS")
            self._greeted = True
        return super()._receive_frame(frame)

    def _receive_settings_frame(self, frame: SettingsFrame) -> Any:
        frame.settings = {key: value for key, value in frame.settings.items() if key in _KNOWN}
        return super()._receive_settings_frame(frame)


class Resets:
    """Counts the streams that one client reset, and forgets them as time passes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._count = 0.0
        self._counted_at = clock()

    def add(self) -> None:
        """Count one more; raises TooManyResets."""
        now = self._clock()
        forgotten = (now - self._counted_at) * RESETS_PER_S
        self._count, self._counted_at = max(0.0, self._count - forgotten) + 1, now
        if self._count > RESETS:
            raise TooManyResets(f"more than {RESETS} streams were reset")
