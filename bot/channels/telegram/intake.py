"""Takes updates in, by whichever way they come, each of them once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

from bot.channels.telegram.ending import end
from bot.channels.telegram.handler import UpdateHandler
from bot.channels.telegram.memory import Memory
from bot.channels.telegram.store import Past

logger = logging.getLogger(__name__)

TRIES: Final = 3
"""Times that an update is begun before it is taken for what ends the process each time."""


class Intake:
    """Begins what is new, joins what is running, and passes over what was handled."""

    def __init__(self, handler: UpdateHandler, memory: Memory) -> None:
        self._handler = handler
        self._memory = memory
        self._running: dict[int, asyncio.Task[None]] = {}

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
                task = asyncio.ensure_future(self._run(i, by_id[i], known.tries >= TRIES))
                self._running[i] = task
        return {i: self._running.get(i) for i in sorted(by_id)}

    async def _run(self, update_id: int, raw: Any, poison: bool) -> None:
        try:
            await self._handler.handle(raw, poison=poison)
            await self._memory.finish(update_id)
        finally:
            self._running.pop(update_id, None)

    async def close(self, patience: float) -> None:
        """Waits for what is running, then cuts it off: Telegram sends it again."""
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=patience)
        await end(running)


def identity(raw: Any) -> int | None:
    """Returns an update's id; None if it has none."""
    found = raw.get("update_id") if isinstance(raw, dict) else None
    return found if isinstance(found, int) else None
