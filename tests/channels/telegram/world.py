"""The real channel on the test's own event loop, with the fake Telegram and a turn of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import UserMessage

from bot.channels.guard import TurnGuard
from bot.channels.tally import EscalationTally
from bot.channels.telegram.lock import PollLock
from bot.channels.telegram.session import Session
from bot.settings import TelegramSettings, load_settings, load_telegram_settings
from tests.channels.telegram.bot_api import TOKEN, BotApi
from tests.channels.test_guard import CLINIC, escalation

Turn = Callable[[UserMessage], Awaitable[Any]]

PICTURE = "https://clinic.example/way-in.png"


def telegram_settings(api: BotApi, folder: Path, **fields: Any) -> TelegramSettings:
    environ = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API": api.url, "GUIDE_DATA_DIR": str(folder)}
    return replace(load_telegram_settings(environ), **fields)


class Echo:
    """Says the words back; escalates on a fever; hangs, breaks, offers buttons, shows a picture when asked."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.metadata: list[Any] = []
        self.go = asyncio.Event()

    async def __call__(self, message: UserMessage) -> None:
        self.heard.append((message.sender_id, message.text))
        self.metadata.append((message.message_id, message.metadata, message.input_channel))
        say = message.output_channel.send_response
        if "fever" in message.text:
            await say(message.sender_id, escalation())
        if "break" in message.text:
            raise RuntimeError(message.text)
        if "hang" in message.text:
            await self.go.wait()
        answer: dict[str, Any] = {"text": f"echo {message.text}", "custom": {"kind": "answer"}}
        if "buttons" in message.text:
            titles = ["What is CRS?", "Yes", "No", "é" * 60]
            answer["buttons"] = [{"title": t, "payload": t} for t in titles]
        if "picture" in message.text:
            answer["image"] = PICTURE
        if "long" in message.text:
            answer["text"] = "Sentence of words. " * 400
        await say(message.sender_id, answer)

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.heard]


@asynccontextmanager
async def talking(
    api: BotApi,
    folder: Path,
    turn: Turn,
    *,
    limits: dict[str, Any] | None = None,
    probe: float = 0.0,
    **fields: Any,
) -> AsyncIterator[Session]:
    """Runs the channel as the server would, until the block ends."""
    quick = {"escalation_deadline": 10.0, "turn_timeout": 20.0, **(limits or {})}
    settings = replace(load_settings({}), **quick)
    session = Session(
        settings,
        telegram_settings(api, folder, **fields),
        CLINIC,
        TurnGuard(settings, CLINIC, EscalationTally()),
        turn,
        PollLock(TOKEN, folder),
        first_wait=0.1,
        pace=0.0,
        probe=probe,
    )
    session.start()
    try:
        yield session
    finally:
        await session.close()
