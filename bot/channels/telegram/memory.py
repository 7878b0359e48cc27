"""The store beside the event loop: no database delays a turn for long, and none stops it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from bot.channels.telegram.store import Past, TelegramStore

logger = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE: Final = 1.0
"""Seconds that a turn waits for the store."""

SOON: Final = 0.2
"""The same for an urgent one, whose escalation must leave within two seconds of its own. It waits
twice at most, for what became of the update before and for the person's site."""

IMPATIENCE: Final = 0.3
"""The same while the store has failed: it is asked, and hardly waited for."""

CLOSING: Final = 5.0
"""Seconds that the server's end waits for it: a database that does not answer is left behind."""

REMEMBERED: Final = 10_000
LATE: Final = 200
"""Updates that a store which answers again is told of at a time."""

UNKNOWN: Final = "?"


class Memory:
    """Asks the store in a thread of its own; goes on without it if it fails.

    Without it a restart may answer again what was answered; nothing else is lost.
    """

    def __init__(self, open_store: Callable[[], TelegramStore]) -> None:
        self._open = open_store
        self._store: TelegramStore | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="telegram-store")
        self._done: dict[int, None] = {}
        self._late: dict[int, None] = {}
        """Handled, and not yet kept as such: the store did not answer then."""
        self._started: set[int] = set()
        """Counted as begun, and not handled yet."""
        self._sites: dict[str, str | None] = {}
        """For when the store does not answer: another replica may have been told of another."""
        self._unsaved: dict[str, str | None] = {}
        """Sites that were chosen while the store did not answer."""
        self._payloads: dict[str, str] = {}
        self._owner = uuid.uuid4().hex
        self._well = True

    async def begin(self, update_ids: Sequence[int]) -> dict[int, Past]:
        """Returns what is known of updates that have come."""
        nothing: dict[int, Past] = {}
        known = await self._ask(nothing, "begin", list(update_ids))
        return {**known, **{i: Past(0, True) for i in update_ids if i in self._done}}

    async def start(self, update_id: int) -> None:
        """Keeps that an update's turn begins: it may end the process."""
        self._started.add(update_id)
        await self._ask(None, "start", update_id)

    async def take_back(self) -> None:
        """Takes back what is under way: the process was told to end, and ends on none of it."""
        started, self._started = self._started, set()
        if started:
            await self._ask(None, "take_back", list(started))

    async def finish(self, update_id: int) -> None:
        """Keeps that an update was handled."""
        self._started.discard(update_id)
        _remember(self._done, update_id, None)
        handled = [update_id, *list(self._late)[:LATE]]
        if await self._ask(False, "finish", handled, patience=30.0) is None:
            for late in handled:
                self._late.pop(late, None)
        else:
            _remember(self._late, update_id, None)

    async def keep(self, waiting: Mapping[int, str]) -> bool:
        """Keeps updates that are under way; returns whether Telegram may now forget them."""
        return await self._ask(False, "keep", dict(waiting), self._owner, patience=2.0) is None

    async def claim(self, running: Collection[int], *, quiet: float) -> dict[int, str] | None:
        """Returns kept updates that no process runs; None if the store does not say."""
        found = partial(self._call, "claim", self._owner, list(running), quiet=quiet)
        answer: dict[int, str] | None = await self._wait(None, found, patience=5.0)
        return answer

    def was_handled(self, update_id: int) -> bool:
        """Tells, without the store, whether this process has handled an update."""
        return update_id in self._done

    async def site(self, conversation: str, *, soon: bool = False) -> str | None:
        """Returns the site that a person has chosen; if it is needed soon, the last one known."""
        if conversation in self._unsaved:
            site = self._unsaved[conversation]
            if not soon:
                await self.set_site(conversation, site)
            return site
        site = await self._ask(UNKNOWN, "site", conversation, patience=SOON if soon else None)
        if site == UNKNOWN:
            return self._sites.get(conversation)
        _remember(self._sites, conversation, site)
        return site

    async def set_site(self, conversation: str, site: str | None) -> None:
        """Keeps the site that a person has chosen."""
        _remember(self._sites, conversation, site)
        if await self._ask(UNKNOWN, "set_site", conversation, site) is None:
            self._unsaved.pop(conversation, None)
        else:
            _remember(self._unsaved, conversation, site)

    async def add_payloads(self, payloads: Mapping[str, str]) -> None:
        """Keeps what long buttons say."""
        for reference, payload in payloads.items():
            _remember(self._payloads, reference, payload)
        await self._ask(None, "add_payloads", dict(payloads))

    async def payload(self, reference: str) -> str | None:
        """Returns what a long button says; the store is asked about older ones only."""
        known = self._payloads.get(reference)
        return known or await self._ask(None, "payload", reference)

    async def forget_old(self, retention_days: int) -> None:
        """Deletes what is no longer needed."""
        self._sites.clear()
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

    async def _ask(self, otherwise: T, name: str, *args: Any, patience: float | None = None) -> T:
        patience = PATIENCE if patience is None else patience
        return await self._wait(otherwise, partial(self._call, name, *args), patience=patience)

    async def _wait(self, otherwise: T, call_store: Callable[[], Any], *, patience: float) -> T:
        call = asyncio.get_running_loop().run_in_executor(self._thread, call_store)
        call.add_done_callback(lambda late: late.cancelled() or late.exception())
        try:
            await asyncio.wait(
                {call}, timeout=patience if self._well else min(patience, IMPATIENCE)
            )
            if not call.done():
                raise TimeoutError
            answer: T = call.result()
        except Exception as error:
            if patience < PATIENCE and not call.done():
                return otherwise  # It was hardly waited for: that says nothing of it.
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

    def _call(self, name: str, *args: Any, **options: Any) -> Any:
        if self._store is None:
            self._store = self._open()
        return getattr(self._store, name)(*args, **options)


def _remember(kept: dict[Any, Any], key: Any, value: Any) -> None:
    """Keeps the newest only: the store has the rest."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.pop(next(iter(kept)))
