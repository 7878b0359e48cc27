"""A Telegram of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.safety.quick import quick_verdict
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.world import Echo


@pytest.fixture(scope="session", autouse=True)
def patterns() -> None:
    """Loads the patterns before any clock runs."""
    quick_verdict("")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for the store however busy the machine is: what it says decides these tests."""
    for name in ("intake.SOON", "memory.SOON", "memory.PATIENCE", "memory.IMPATIENCE"):
        monkeypatch.setattr(f"bot.channels.telegram.{name}", 30.0)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    server = BotApi()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def echo() -> Echo:
    return Echo()
