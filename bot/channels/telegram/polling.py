"""Long polling: asks Telegram for updates, and lets it forget what is answered, or kept here."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from telegram import Bot
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.channels.telegram.api import BATCH, POLL_SECONDS, fetch, remedy
from bot.channels.telegram.ending import happens
from bot.channels.telegram.intake import Intake, identity
from bot.channels.telegram.status import Status
from bot.channels.telegram.window import Window

logger = logging.getLogger(__name__)

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
BUSY_WAITS: Final = (0.2, 1.0)
"""Seconds between two polls while an update is being handled: Telegram holds no poll open then."""

BLIND: Final = 10.0
"""Seconds after which, with a full batch of updates under way and no store to keep them in, they
are confirmed all the same: a kill would lose them, but an emergency may wait behind them."""

NEWCOMER: Final = 30.0
"""Seconds without a conflict after which this process counts as the one that polls."""

PROBE: Final = 3.0
"""Seconds for which a newcomer only looks on. Another poller comes back within a second or so of
being interrupted, or confirms what waits: two that take in the same message answer it twice."""

CONFLICTS: Final = 3
"""Conflicts in a row after which a newcomer gives way. One or two are what a process that was
killed leaves behind: its poll is still open."""

TWICE = (
    "Somebody else polls Telegram with this token, on another machine. Two would answer by turns, "
    "so this one waits until the other has stopped. For several replicas set TELEGRAM_WEBHOOK."
)
WEBHOOK_SET = (
    "A webhook is set for this bot, so it cannot be polled. Remove it with "
    "`make telegram-webhook REMOVE=1`, or set TELEGRAM_WEBHOOK to use it."
)


class Poller:
    """Fetches, hands over, confirms; comes back after every fault."""

    def __init__(
        self,
        bot: Bot,
        intake: Intake,
        status: Status,
        *,
        hold: int = POLL_SECONDS,
        first_wait: float = FIRST_WAIT,
        standby: float = 60.0,
        probe: float = PROBE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bot = bot
        self._intake = intake
        self._status = status
        self._hold = hold
        self._first_wait = first_wait
        self._standby = standby
        self._probe = probe
        self._alone = False
        """Nobody else has been seen to poll, so updates are taken in."""
        self._clock = clock
        self._window = Window()
        self._progress = asyncio.Event()
        self._full_since: float | None = None
        self._quiet_since: float | None = None
        self._conflicts = 0

    async def run(self) -> None:
        """Polls until it is cancelled."""
        wait, busy_wait = self._first_wait, BUSY_WAITS[0]
        while True:
            try:
                if not self._alone:
                    await self._look_on()
                news = await self._round()
            except Conflict as error:
                await self._conflict(str(error))
                continue
            except TelegramError as error:
                self._status.failed(error)
                await asyncio.sleep(max(wait, remedy(error).wait or 0.0))
                wait = min(2 * wait, 300.0 if isinstance(error, InvalidToken) else LONGEST_WAIT)
                continue
            except Exception as error:
                logger.error("updates not taken in: %s", type(error).__name__)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
                continue
            wait = self._first_wait
            busy_wait = BUSY_WAITS[0] if news else min(2 * busy_wait, BUSY_WAITS[1])
            if self._window.busy:
                await self._until_progress(busy_wait)

    async def _look_on(self) -> None:
        """Polls and takes nothing in, until it is known that nobody else does.

        Raises:
            TelegramError: a `Conflict` if somebody else polls, too.
        """
        began = self._clock()
        before: set[int] = set()
        while (left := self._probe - (self._clock() - began)) > 0:
            updates = await fetch(self._bot, offset=None, hold=math.ceil(left))
            now = {i for raw in updates if (i := identity(raw)) is not None}
            if before - now:
                raise Conflict("Conflict: somebody else has confirmed updates")
            before = now
            if updates:  # Telegram holds no poll open then.
                await asyncio.sleep(min(left, self._probe / 4))
        self._alone = True

    async def _round(self) -> bool:
        """Polls once; returns whether there was anything new."""
        offset = self._window.offset()
        # The first poll is short, so that it is known soon whether Telegram answers.
        hold = self._hold if self._status.is_well and not self._window.busy else 0
        updates = await fetch(self._bot, offset=offset, hold=hold)
        self._polled()
        if offset is not None:
            self._window.confirmed(offset)
        new = [u for u in updates if not self._is_known(u)]
        taken = self._intake.take(new)
        if updates and not taken and not self._window.busy:
            await asyncio.sleep(self._first_wait)  # What has no id cannot be confirmed.
        for update_id, task in taken.items():
            self._window.begin(update_id)
            task.add_done_callback(partial(self._ended, update_id))
        await self._look_behind(full=len(updates) >= BATCH)
        return bool(taken)

    async def _look_behind(self, *, full: bool) -> None:
        """Lets Telegram forget a full batch before it is answered: it shows none behind it."""
        if not full or not self._window.busy:
            self._full_since = None
            return
        waiting = self._window.unfinished()
        if await self._intake.keep(waiting):
            self._full_since = None
        else:
            now = self._clock()
            self._full_since = now if self._full_since is None else self._full_since
            if self._intake.is_full or now - self._full_since < BLIND:
                return
            logger.error("%d updates confirmed that are under way and not kept", len(waiting))
        for update_id in waiting:
            self._finished(update_id)

    def _is_known(self, raw: Any) -> bool:
        update_id = identity(raw)
        return update_id is not None and update_id in self._window

    def _ended(self, update_id: int, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        if task.exception() is not None:  # It must not be in the way for ever.
            logger.error("update %s", type(task.exception()).__name__)
        self._finished(update_id)

    def _finished(self, update_id: int) -> None:
        if update_id in self._window:  # Not if it was kept, and forgotten by Telegram since.
            self._window.finish(update_id)
        self._progress.set()

    async def _until_progress(self, wait: float) -> None:
        self._progress.clear()
        if self._window.busy:
            await happens(self._progress, wait)

    def _polled(self) -> None:
        now = self._clock()
        self._quiet_since = now if self._quiet_since is None else self._quiet_since
        if now - self._quiet_since > NEWCOMER:
            self._conflicts = 0
        self._status.well()

    async def _conflict(self, words: str) -> None:
        """Gives way to whoever polled before; stays if it was this process."""
        if "webhook" in words.lower():
            self._status.stopped("webhook is set", WEBHOOK_SET)
            await asyncio.sleep(self._standby)
            return
        settled = self._quiet_since is not None and (
            self._clock() - self._quiet_since > NEWCOMER and self._conflicts == 0
        )
        if settled:
            self._status.stopped("conflict", "Another process tries to poll with this token.")
            await asyncio.sleep(self._first_wait)
            return
        self._quiet_since = None
        self._alone = False
        self._conflicts += 1
        if self._conflicts < CONFLICTS:
            await asyncio.sleep(2 * self._first_wait)
            return
        self._status.stopped("conflict", TWICE)
        await asyncio.sleep(self._standby)
