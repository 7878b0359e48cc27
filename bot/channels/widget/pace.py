"""How many conversations one network address may begin in a minute."""

from __future__ import annotations

import time
from collections import OrderedDict, deque

MINUTE = 60.0
REMEMBERED = 5000
"""Addresses kept; the one that was quiet for longest is forgotten first."""


class Pace:
    """Counts beginnings by address. Not messages: a hospital's visitors share one address."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def seconds_to_wait(self, address: str, now: float | None = None) -> float:
        """Counts a beginning and returns 0; or, past the limit, the seconds until the next one."""
        now = time.monotonic() if now is None else now
        times = self._times.setdefault(address, deque())
        self._times.move_to_end(address)
        while len(self._times) > REMEMBERED:
            self._times.popitem(last=False)
        while times and now - times[0] >= MINUTE:
            times.popleft()
        if len(times) >= self._per_minute:
            return MINUTE - (now - times[0])
        times.append(now)
        return 0.0
