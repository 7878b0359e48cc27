"""More is waiting than Telegram shows at a time: what is behind it is seen, and nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram.api import make_bot
from tests.channels.telegram.bot_api import BotApi, too_many
from tests.channels.telegram.world import Echo, talking

pytestmark = pytest.mark.usefixtures("patient")

URGENT = "he cannot breathe"
ESCALATED = "⚠️ Call 911 now"
FULL = 100
"""Updates that Telegram shows at a time."""


def kept(folder: Path) -> dict[int, str]:
    return dict(rows(folder, "select update_id, content from telegram_waiting"))


def rows(folder: Path, query: str) -> list[tuple[int, Any]]:
    with closing(sqlite3.connect(folder / "telegram.db")) as database:
        return database.execute(query).fetchall()


def crowd(api: BotApi, first: int, last: int) -> None:
    """People whom Telegram lets wait for ten minutes, each."""
    for chat in range(first, last):
        api.fail("sendMessage", too_many(600), chat=chat)
        api.say(f"zebrafish {chat}", chat=chat)


async def test_an_emergency_behind_a_full_batch_that_waits_is_answered_before_it(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    crowd(api, 1, FULL + 21)
    urgent = api.say(URGENT, chat=999)
    handled = f"select update_id, day from telegram_handled where done and update_id = {urgent}"
    async with talking(api, tmp_path, echo, limits={"escalation_deadline": 0.3}):
        await api.until(lambda: api.texts(999))
        assert api.texts(999)[0].startswith(ESCALATED)
        assert not any(api.texts(chat) for chat in range(1, FULL + 21))
        # Telegram has been allowed to forget the first batch: it is here now, and no name with it.
        await api.until(lambda: len(api.pending) <= 21 and len(kept(tmp_path)) >= FULL)
        assert all("zebrafish" in content for content in list(kept(tmp_path).values())[:FULL])
        assert not any("Giraffe" in c or "Ann" in c for c in kept(tmp_path).values())
        await api.until(lambda: rows(tmp_path, handled))
    # The process ended with all of it under way: it is answered after the next start, once.
    api.faults.clear()
    async with talking(api, tmp_path, echo):
        await api.until(lambda: all(api.texts(chat) for chat in range(1, FULL + 21)))
        await api.until(lambda: not kept(tmp_path) and not api.pending)
    for chat in range(1, FULL + 21):
        assert api.texts(chat) == [f"echo zebrafish {chat}"]
    assert api.texts(999)[1:] == [f"echo {URGENT}"]
    for name in ("telegram.db", "telegram.db-wal"):  # Once answered no word of it is left.
        path = tmp_path / name
        assert not path.exists() or b"zebrafish" not in path.read_bytes()


async def test_without_a_store_an_emergency_behind_a_full_batch_is_answered_too(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    monkeypatch.setattr("bot.channels.telegram.polling.BLIND", 0.2)
    (tmp_path / "telegram.db").write_bytes(b"this is no database" * 100)
    crowd(api, 1, FULL + 1)
    api.say(URGENT, chat=999)
    async with talking(api, tmp_path, echo):
        await api.until(lambda: api.texts(999))
        assert api.texts(999)[0].startswith(ESCALATED)


async def test_turns_that_hang_in_a_full_batch_hold_up_no_emergency(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    limits = {"escalation_deadline": 0.3, "turn_timeout": 60.0}
    async with talking(api, tmp_path, echo, limits=limits):
        for chat in range(1, FULL + 1):
            api.say("hang", chat=chat)
        api.say(URGENT, chat=999)
        await api.until(lambda: api.texts(999))
        assert api.texts(999)[0].startswith(ESCALATED)
        echo.go.set()
        await api.until(lambda: not api.pending and not kept(tmp_path))
        assert all(api.texts(chat) == ["echo hang"] for chat in range(1, FULL + 1))


@pytest.mark.parametrize("chat", [999, 1], ids=["somebody else's", "the same person's"])
async def test_sends_that_hang_hold_up_no_emergency(
    chat: int, api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As long as any connection is used by a message that hangs, none but others can help.
    patient = partial(make_bot, timeout=600.0)
    monkeypatch.setattr("bot.channels.telegram.session.make_bot", patient)
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    monkeypatch.setattr("bot.channels.telegram.api.CONNECTIONS", 8)
    for hanging in range(1, 21):
        api.slow("sendMessage", 600.0, chat=hanging)
    async with talking(api, tmp_path, echo, limits={"escalation_deadline": 0.3}):
        for hanging in range(1, 21):
            api.say("hello", chat=hanging)
        await api.until(lambda: api.calls.count("sendMessage") == 8)
        await api.until(lambda: len(echo.heard) == 20)
        api.say(URGENT, chat=chat)
        await api.until(lambda: api.texts(chat), patience=30.0)
        assert api.texts(chat)[0].startswith(ESCALATED)


async def test_below_a_full_batch_no_words_are_kept(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    async with talking(api, tmp_path, echo):
        crowd(api, 1, 51)
        await api.until(lambda: len(echo.heard) == 50)
        assert len(api.pending) == 50 and not kept(tmp_path)


async def test_a_minute_of_429_loses_nothing_and_says_nothing_twice(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.fail("sendMessage", too_many(1), times=30)  # Each of the ten is told to wait three times.
    async with talking(api, tmp_path, echo):
        for chat in range(1, 11):
            api.say(URGENT if chat == 10 else "hello", chat=chat)
        await api.until(lambda: not api.pending)
    assert all(api.texts(chat) == ["echo hello"] for chat in range(1, 10))
    assert api.texts(10)[0].startswith(ESCALATED) and len(api.texts(10)) == 2


async def test_a_lock_that_cannot_be_made_keeps_nobody_from_polling(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(lock: object) -> bool:
        raise OSError("No space left on device")

    monkeypatch.setattr("bot.channels.telegram.lock.PollLock.take", full_disk)
    async with talking(api, tmp_path, echo) as session:
        api.say("hello")
        await api.until(lambda: api.texts())
        assert api.texts() == ["echo hello"] and session.status.word == "polling"


async def test_a_job_that_breaks_says_so(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(poller: object) -> None:
        raise RuntimeError("zebrafish")

    monkeypatch.setattr("bot.channels.telegram.polling.Poller.run", broken)
    async with talking(api, tmp_path, echo) as session:
        await api.until(lambda: session.status.word == "broken")
    await asyncio.sleep(0)
    assert session.status.word == "off"
