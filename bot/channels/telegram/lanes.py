"""Puts turns in order within a conversation, and lets only so many conversations run at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

AT_ONCE: Final = 4
"""Turns begun at a time. Rasa's graph runs on the event loop, so more would not be done sooner,
but each would use up the time that the guard gives a turn."""

BUSY: Final = 3.0
"""Seconds after which a turn gives up its place at the processor: it waits for something else then,
such as an action server that does not answer, and four of them would hold up everybody."""


class Place:
    """One turn's place in its conversation."""

    def __init__(self, before: asyncio.Future[None] | None) -> None:
        self._before = before
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def reached(self) -> None:
        """Waits until the turns before it have ended."""
        if self._before is not None:
            await asyncio.wait({self._before})

    def leave(self) -> None:
        """Ends the turn; for the next one it has ended once those before it have, too."""
        if self._before is None or self._before.done():
            self.done.set_result(None)
        else:
            self._before.add_done_callback(lambda before: self.done.set_result(None))


class Lanes:
    """Conversations side by side, each in the order in which its messages came."""

    def __init__(self, at_once: int = AT_ONCE, *, busy: float = BUSY) -> None:
        self._busy = busy
        self._last: dict[str, asyncio.Future[None]] = {}
        self._waiting: dict[str, int] = {}
        self._turns = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def place(self, conversation: str) -> AsyncIterator[Place]:
        """Takes the next place; it is taken at once, and given up when the block ends."""
        place = Place(self._last.get(conversation))
        self._last[conversation] = place.done
        self._waiting[conversation] = self._waiting.get(conversation, 0) + 1
        try:
            yield place
        finally:
            place.leave()
            self._waiting[conversation] -= 1
            if not self._waiting[conversation]:
                del self._waiting[conversation], self._last[conversation]

    @asynccontextmanager
    async def turn(self, place: Place) -> AsyncIterator[None]:
        """Waits for the turns before, and for one of the few places at the processor."""
        await place.reached()
        await self._turns.acquire()
        held = True

        def leave() -> None:
            nonlocal held
            if held:
                held = False
                self._turns.release()

        timer = asyncio.get_running_loop().call_later(self._busy, leave)
        try:
            yield
        finally:
            timer.cancel()
            leave()
