"""What was said to a message that has an id, for the client that sends it again."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.channels.output import Deliver


class KeptReply:
    """Keeps a reply as it is said; a repeat hears it from the start, and the rest as it comes."""

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._ended = False
        self._news = asyncio.Event()

    def add(self, message: dict[str, Any]) -> None:
        """Keeps one more message."""
        self._messages.append(message)
        self._tell()

    def end(self) -> None:
        """Marks the reply as complete."""
        self._ended = True
        self._tell()

    async def replay(self, deliver: Deliver) -> bool:
        """Delivers the reply to its end; returns whether anything was said."""
        heard = 0
        while True:
            news = self._news
            while heard < len(self._messages):
                await deliver(self._messages[heard])
                heard += 1
            if self._ended:
                return heard > 0
            await news.wait()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
