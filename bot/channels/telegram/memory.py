"""The store beside the event loop: no database delays a turn for long, and none stops it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from bot.channels.telegram.store import Past, TelegramStore

logger = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE: Final = 1.0
"""Seconds that a turn waits for the store: an escalation must leave within two."""

CLOSING: Final = 5.0
"""Seconds that the server's end waits for it: a database that does not answer is left behind."""

REMEMBERED: Final = 10_000


class Memory:
    """Asks the store in a thread of its own; goes on without it if it fails.

    Without it a restart may answer again what was answered; nothing else is lost.
    """

    def __init__(self, open_store: Callable[[], TelegramStore]) -> None:
        self._open = open_store
        self._store: TelegramStore | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="telegram-store")
        self._done: dict[int, None] = {}
        self._sites: dict[str, str | None] = {}
        self._well = True

    async def begin(self, update_ids: Sequence[int]) -> dict[int, Past]:
        """Returns what is known of updates that are about to be handled."""
        nothing: dict[int, Past] = {}
        known = await self._ask(nothing, "begin", list(update_ids))
        return {**known, **{i: Past(1, True) for i in update_ids if i in self._done}}

    async def finish(self, update_id: int) -> None:
        """Keeps that an update was handled."""
        _remember(self._done, update_id, None)
        await self._ask(None, "finish", update_id, patience=30.0)

    async def site(self, conversation: str) -> str | None:
        """Returns the site that a person has chosen."""
        if conversation not in self._sites:
            _remember(self._sites, conversation, await self._ask(None, "site", conversation))
        return self._sites[conversation]

    async def set_site(self, conversation: str, site: str | None) -> None:
        """Keeps the site that a person has chosen."""
        _remember(self._sites, conversation, site)
        await self._ask(None, "set_site", conversation, site)

    async def add_payloads(self, payloads: Mapping[str, str]) -> None:
        """Keeps what long buttons say."""
        await self._ask(None, "add_payloads", dict(payloads))

    async def payload(self, reference: str) -> str | None:
        """Returns what a long button says."""
        return await self._ask(None, "payload", reference)

    async def forget_old(self, retention_days: int) -> None:
        """Deletes what is no longer needed."""
        self._sites.clear()  # So that a person who still writes counts as such tomorrow too.
        await self._ask(None, "forget_old", retention_days, patience=30.0)

    async def close(self) -> None:
        """Closes the store after what is under way, and waits for it some seconds at most.

        In the store's own thread: a SQLite connection that is closed while another thread uses it
        takes the process down.
        """
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        closing.add_done_callback(lambda late: late.cancelled() or late.exception())
        self._thread.shutdown(wait=False)
        await asyncio.wait({closing}, timeout=CLOSING)

    async def _ask(self, otherwise: T, name: str, *args: Any, patience: float = PATIENCE) -> T:
        loop = asyncio.get_running_loop()
        call = loop.run_in_executor(self._thread, partial(self._call, name, *args))
        call.add_done_callback(lambda late: late.cancelled() or late.exception())
        try:
            await asyncio.wait({call}, timeout=patience)
            if not call.done():
                raise TimeoutError
            answer: T = call.result()
        except Exception as error:
            if self._well:
                logger.error(
                    "TELEGRAM_STORE cannot be used (%s): going on without it; after a restart "
                    "some messages may be answered twice.",
                    type(error).__name__,
                )
            self._well = False
            return otherwise
        self._well = True
        return answer

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()

    def _call(self, name: str, *args: Any) -> Any:
        if self._store is None:
            self._store = self._open()
        return getattr(self._store, name)(*args)


def _remember(kept: dict[Any, Any], key: Any, value: Any) -> None:
    """Keeps the newest only: the store has the rest."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.pop(next(iter(kept)))
