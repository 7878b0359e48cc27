"""Says how long to wait before a server that died is started again."""

from __future__ import annotations

FIRST = 1.0
LONGEST = 60.0
STEADY = 60.0
"""Seconds after which a server counts as sound: its next death starts from the first wait."""


class Backoff:
    """Doubles the wait with every death in a row."""

    def __init__(self) -> None:
        self._wait = FIRST

    def after(self, lived: float) -> float:
        """Returns the seconds to wait after a life of `lived` seconds."""
        if lived >= STEADY:
            self._wait = FIRST
        wait = self._wait
        self._wait = min(2 * wait, LONGEST)
        return wait
