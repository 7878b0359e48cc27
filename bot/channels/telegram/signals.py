"""Typing and the end of a button's spinner: sent beside the turn, and no loss if they fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.telegram.api import Then, remedy
from bot.channels.telegram.ending import end, happens
from bot.channels.telegram.outbox import Address

logger = logging.getLogger(__name__)

TYPING_AFTER: Final = 0.3
"""Seconds: a reply that is there sooner needs no sign that it is coming."""

TYPING_EVERY: Final = 4.5
"""Telegram shows it for five seconds."""

SPINNER_TRIES: Final = 3
SPINNER_WAIT: Final = 2.0
"""Seconds between two tries: a spinner turns for half a minute or so."""


class BotSignals:
    """Sends the signs by the Bot API, without waiting for them."""

    def __init__(self, bot: Bot, *, after: float = TYPING_AFTER) -> None:
        self._bot = bot
        self._after = after
        self._running: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def typing(self, address: Address) -> AsyncIterator[None]:
        """Shows that the bot is writing, until the block ends."""
        over = asyncio.Event()
        self._begin(self._type(address, over))
        try:
            yield
        finally:
            over.set()

    def pressed(self, callback_id: str) -> None:
        """Ends the spinner of a button."""
        self._begin(self._end_spinner(callback_id))

    async def close(self) -> None:
        """Stops what is being sent."""
        await end(list(self._running))

    def _begin(self, sign: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(sign)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _type(self, address: Address, over: asyncio.Event) -> None:
        wait = self._after
        try:
            while not await happens(over, wait):
                await self._bot.send_chat_action(
                    address.chat_id, ChatAction.TYPING, message_thread_id=address.thread
                )
                wait = TYPING_EVERY
        except TelegramError as error:
            logger.info("typing not shown: %s", type(error).__name__)

    async def _end_spinner(self, callback_id: str) -> None:
        for left in reversed(range(SPINNER_TRIES)):
            try:
                await self._bot.answer_callback_query(callback_id)
            except TelegramError as error:
                found = remedy(error)
                if found.then is not Then.AGAIN or not left:
                    # Too late for Telegram, for instance: it has ended by itself.
                    logger.info("button not answered: %s", type(error).__name__)
                    return
                await asyncio.sleep(found.wait or SPINNER_WAIT)
            else:
                return
