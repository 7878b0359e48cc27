"""The channel while the server runs: knows the bot, then takes updates in until it is closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from telegram import Bot
from telegram.error import TelegramError

from bot.channels.guard import Turn, TurnGuard
from bot.channels.telegram.api import make_bot, remedy, send
from bot.channels.telegram.ending import end
from bot.channels.telegram.handler import UpdateHandler
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.lock import HELD, PollLock
from bot.channels.telegram.memory import Memory
from bot.channels.telegram.outbox import PACE, Address, Outbox
from bot.channels.telegram.polling import FIRST_WAIT, LONGEST_WAIT, PROBE, Poller
from bot.channels.telegram.reading import Me
from bot.channels.telegram.rendering import Part
from bot.channels.telegram.signals import BotSignals
from bot.channels.telegram.status import Status
from bot.channels.telegram.store import TelegramStore
from bot.channels.telegram.webhook import address_of
from bot.channels.telegram.words import TelegramWords
from bot.clinic import Clinic
from bot.settings import Settings, TelegramSettings

logger = logging.getLogger(__name__)

DAY: Final = 86_400.0
PATIENCE: Final = 8.0
"""Seconds that running turns are given at the end; `make run` ends a server by force after 10."""

LOCK_AGAIN: Final = 5.0

NO_LOCK: Final = (
    "%s cannot be locked (%s), so nobody sees here that two guides run with one token. Remove the "
    "file or make its folder writable, then start again."
)

BROKEN: Final = "The Telegram channel has ended ({error}). Start again; the rest of the bot is up."

ALIVE_EVERY: Final = 20.0
WATCH_EVERY: Final = 20.0
"""Seconds between two looks at the webhook."""

QUIET: Final = 90.0
"""Seconds after which a replica that does not say that it is alive is taken to have ended."""


class Session:
    """Everything that lives as long as the server does."""

    def __init__(
        self,
        settings: Settings,
        telegram: TelegramSettings,
        clinic: Clinic | None,
        guard: TurnGuard,
        turn: Turn,
        lock: PollLock | None = None,
        *,
        first_wait: float = FIRST_WAIT,
        pace: float = PACE,
        probe: float = PROBE,
    ) -> None:
        self._settings = settings
        self._telegram = telegram
        self._guard = guard
        self._turn = turn
        self._words = TelegramWords(clinic, settings.retention_days)
        self._bot: Bot = make_bot(telegram)
        # Connections of their own: a slow Telegram may keep all of the others busy.
        self._urgent_bot: Bot = make_bot(telegram)
        self._poll_bot: Bot = make_bot(telegram)
        self._lock = lock or PollLock(telegram.token)
        self._first_wait = first_wait
        self._probe = probe
        self._outbox = Outbox(self._send, first_wait=first_wait / 2, pace=pace)
        self._signals = BotSignals(self._bot)
        number = int(telegram.token.split(":")[0])
        self._memory = Memory(lambda: TelegramStore(telegram.store_url, number))
        self._tasks: list[asyncio.Task[None]] = []
        self.intake: Intake | None = None
        """None until Telegram has said who the bot is."""
        self.status = Status("webhook" if telegram.webhook else "polling")

    def start(self) -> None:
        """Begins, beside the server; Telegram need not be there yet."""
        for job in (self._run(), self._forget()):
            self._begin(job)

    async def close(self) -> None:
        """Ends: no more updates, then what is running, then the connections."""
        await end(self._tasks)
        if self.intake is not None:
            await self.intake.close(PATIENCE)
        await self._outbox.close()
        await self._signals.close()
        await self._memory.close()
        self._lock.release()
        with suppress(Exception):
            await self._bot.shutdown()
        for bot in (self._urgent_bot, self._poll_bot):
            with suppress(Exception):
                await bot.request.shutdown()
        self.status.word = "off"

    def _begin(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(job)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Says so if a job ends by an error that nobody thought of."""
        if not task.cancelled() and task.exception() is not None:
            self.status.stopped("broken", BROKEN.format(error=type(task.exception()).__name__))

    async def _run(self) -> None:
        me = await self._who_am_i()
        handler = UpdateHandler(
            me=me,
            guard=self._guard,
            turn=self._turn,
            outbox=self._outbox,
            memory=self._memory,
            words=self._words,
            signals=self._signals,
        )
        intake = Intake(handler, self._memory)
        alone = await self._alone_here()
        self.intake = intake
        # In a store that only this process has nobody else keeps anything: it is ours at once.
        ours = alone and self._telegram.store_url.startswith("sqlite")
        settled = await intake.resume(quiet=0.0 if ours else QUIET) or not ours
        self._begin(self._keep_watch(intake, settled=settled))
        if self._telegram.webhook:
            await self._watch_webhook()
            return
        await Poller(
            self._poll_bot,
            self.intake,
            self.status,
            first_wait=self._first_wait,
            probe=self._probe,
        ).run()

    async def _alone_here(self) -> bool:
        """Takes this machine's lock; returns whether it is held. To poll, it is waited for."""
        while True:
            try:
                if self._lock.take():
                    return True
            except OSError as error:  # A full disk, a read-only folder: Telegram's 409 is left.
                logger.warning(NO_LOCK, error.filename, type(error).__name__)
                return not self._telegram.webhook
            if self._telegram.webhook:
                return False
            self.status.stopped("conflict", HELD.format(pid=self._lock.holder()))
            await asyncio.sleep(LOCK_AGAIN)

    async def _watch_webhook(self) -> None:
        """Asks Telegram, again and again, whether it posts to this webhook and is answered."""
        ours = address_of(self._telegram)
        while True:
            try:
                self.status.webhook(await self._bot.get_webhook_info(), ours)
            except TelegramError as error:
                self.status.failed(error)
            await asyncio.sleep(WATCH_EVERY)

    async def _keep_watch(self, intake: Intake, *, settled: bool) -> None:
        """Says that this process is alive, and takes over what others have left."""
        while True:
            settled |= await intake.resume(quiet=QUIET if settled else 0.0)
            await asyncio.sleep(ALIVE_EVERY)

    async def _who_am_i(self) -> Me:
        wait = self._first_wait
        while True:
            try:
                await self._bot.initialize()
            except TelegramError as error:
                self.status.failed(error)
                await asyncio.sleep(max(wait, remedy(error).wait or 0.0))
                wait = min(2 * wait, LONGEST_WAIT)
            else:
                return Me(self._bot.id, self._bot.username)

    async def _forget(self) -> None:
        while True:
            await self._memory.forget_old(self._settings.retention_days)
            await asyncio.sleep(DAY)

    async def _send(self, address: Address, part: Part) -> None:
        bot = self._urgent_bot if part.urgent else self._bot
        await send(bot, address.chat_id, part, thread=address.thread, to=address.to)
