"""Takes updates in, by whichever way they come, each of them once."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

from bot.channels.telegram.ending import end
from bot.channels.telegram.handler import UpdateHandler
from bot.channels.telegram.memory import Memory
from bot.channels.telegram.store import Past
from bot.channels.telegram.trimming import trim

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

    @property
    def is_crowded(self) -> bool:
        """Tells whether so much is under way that what comes next should not have to wait."""
        return len(self._running) > CROWD

    @property
    def is_full(self) -> bool:
        """Tells whether nothing more can be begun before something has ended."""
        return len(self._running) > MOST

    async def take(self, updates: Sequence[Any]) -> dict[int, asyncio.Task[None] | None]:
        """Returns the task of each update, by its id in rising order; None: handled before.

        An update that was begun before and not finished was cut off: it is begun again.
        """
        by_id = {i: raw for raw in updates if (i := identity(raw)) is not None}
        if len(by_id) < len(updates):
            logger.error("%d updates without an id passed over", len(updates) - len(by_id))
        new = [i for i in sorted(by_id) if i not in self._running]
        past = await self._memory.begin(new) if new else {}
        for i in new:
            known = past.get(i, Past())
            # Asked again: the same update may have come by two requests at once.
            if not known.done and i not in self._running:
                task = asyncio.ensure_future(self._run(i, by_id[i], known.tries))
                self._running[i], self._raw[i] = task, by_id[i]
        return {i: self._running.get(i) for i in sorted(by_id)}

    async def _run(self, update_id: int, raw: Any, tries: int) -> None:
        try:
            await self._handler.handle(raw, tries=tries)
            await self._memory.finish(update_id)
        finally:
            self._running.pop(update_id, None)
            self._raw.pop(update_id, None)

    async def keep(self, update_ids: Iterable[int]) -> bool:
        """Keeps updates that are under way where a kill does not lose them.

        Returns whether they are, so that Telegram may forget them.
        """
        if self.is_full:
            return False
        waiting = {i: json.dumps(trim(self._raw[i])) for i in update_ids if i in self._raw}
        return await self._memory.keep(waiting) if waiting else True

    async def resume(self, *, quiet: float) -> bool:
        """Begins what was kept and runs nowhere: its process has been quiet for so many seconds.

        Returns whether the store has answered.
        """
        claimed = await self._memory.claim(self._running, quiet=quiet)
        if claimed:
            logger.warning("%d kept updates begun that ran nowhere", len(claimed))
            taken = await self.take([json.loads(claimed[i]) for i in sorted(claimed)])
            for update_id in (i for i, task in taken.items() if task is None):
                await self._memory.finish(update_id)  # It was handled: its words go now.
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
        await self._memory.take_back()


def identity(raw: Any) -> int | None:
    """Returns an update's id; None if it has none."""
    found = raw.get("update_id") if isinstance(raw, dict) else None
    return found if isinstance(found, int) else None
