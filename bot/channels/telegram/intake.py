"""Takes updates in, by whichever way they come, each of them once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

from bot.channels.telegram.ending import end
from bot.channels.telegram.handler import UpdateHandler
from bot.channels.telegram.keeping import Kept, load
from bot.channels.telegram.memory import SOON, Memory
from bot.channels.telegram.store import Past

logger = logging.getLogger(__name__)

MOST: Final = 10_000
"""Updates under way at a time: some 100 MB. More wait at Telegram."""

CROWD: Final = 50
"""Updates under way from which on a webhook is answered at once, so that Telegram posts more."""


class Intake:
    """Begins what is new, joins what is running, and passes over what was handled."""

    def __init__(self, handler: UpdateHandler, memory: Memory) -> None:
        self._handler = handler
        self._memory = memory
        self._running: dict[int, asyncio.Task[None]] = {}
        self._raw: dict[int, Any] = {}
        self._asking: asyncio.Task[dict[int, Past]] | None = None
        """The last question to the store about updates that have come."""

    @property
    def is_crowded(self) -> bool:
        """Tells whether so much is under way that what comes next should not have to wait."""
        return len(self._running) > CROWD

    @property
    def is_full(self) -> bool:
        """Tells whether nothing more can be begun before something has ended."""
        return len(self._running) > MOST

    def take(self, updates: Sequence[Any]) -> dict[int, asyncio.Task[None]]:
        """Returns the task of each update, by its id in rising order.

        It ends at once if the update was handled before. One that was begun before and not
        finished was cut off: it is begun again.
        """
        by_id = {i: raw for raw in updates if (i := identity(raw)) is not None}
        if len(by_id) < len(updates):
            logger.error("%d updates without an id passed over", len(updates) - len(by_id))
        new = [i for i in sorted(by_id) if i not in self._running]
        if new:
            self._asking = asyncio.ensure_future(self._ask(new, self._asking))
            for i in new:
                self._running[i] = asyncio.ensure_future(self._run(i, by_id[i], self._asking))
                self._raw[i] = by_id[i]
        return {i: self._running[i] for i in sorted(by_id)}

    async def _ask(
        self, update_ids: Sequence[int], before: asyncio.Task[dict[int, Past]] | None
    ) -> dict[int, Past]:
        """Asks what is known of updates; what came before them is answered for first."""
        past = await self._memory.begin(update_ids)
        if before is not None:
            await asyncio.wait({before})
        return past

    async def _run(self, update_id: int, raw: Any, asking: asyncio.Task[dict[int, Past]]) -> None:
        try:
            past = await self._past(update_id, raw, asking)
            if not past.done:
                await self._handler.handle(update_id, raw, tries=past.tries)
            await self._memory.finish(update_id)  # Of one that was handled its words go now.
        finally:
            self._running.pop(update_id, None)
            self._raw.pop(update_id, None)

    async def _past(self, update_id: int, raw: Any, asking: asyncio.Task[dict[int, Past]]) -> Past:
        """Waits for what became of an update before; with an urgent one for some tenths only."""
        for _ in range(2):  # A loop that was busy hears of the answer in the second half.
            await asyncio.wait({asking}, timeout=SOON / 2)
        if not asking.done():
            if not self._memory.was_handled(update_id) and self._handler.is_urgent(raw):
                return Past()
            await asyncio.wait({asking})
        return asking.result().get(update_id, Past())

    async def keep(self, update_ids: Iterable[int]) -> bool:
        """Keeps updates that are under way where a kill does not lose them.

        Returns whether they are, so that Telegram may forget them.
        """
        if self.is_full:
            return False
        waiting = {i: self._handler.stored(self._raw[i]) for i in update_ids if i in self._raw}
        return await self._memory.keep(waiting) if waiting else True

    async def resume(self, *, quiet: float) -> bool:
        """Begins what was kept and runs nowhere: its process has been quiet for so many seconds.

        Returns whether the store has answered.
        """
        claimed = await self._memory.claim(self._running, quiet=quiet)
        if claimed:
            logger.warning("%d kept updates begun that ran nowhere", len(claimed))
            self.take([load(i, claimed[i]) for i in sorted(claimed)])
        return claimed is not None

    async def close(self, patience: float) -> None:
        """Waits for what is running, then cuts it off: Telegram sends it again.

        What is cut off by this is not what ends the process, and is not counted as such. That is
        kept first, in case the process is not given the time.
        """
        await self._memory.take_back()
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=patience)
        await end(running)
        await end([self._asking] if self._asking is not None else [])
        await self._memory.take_back()


def identity(raw: Any) -> int | None:
    """Returns an update's id; None if it has none."""
    if isinstance(raw, Kept):
        return raw.update_id
    found = raw.get("update_id") if isinstance(raw, dict) else None
    return found if isinstance(found, int) else None
