"""The store is closed in its own thread, after what is under way there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from bot.channels.telegram.memory import Memory
from bot.channels.telegram.store import Past, TelegramStore


class Forgetful:
    """Fails as often as it is told to; keeps what it is told."""

    def __init__(self, fails: int) -> None:
        self.fails = fails
        self.finished: list[int] = []

    def _maybe(self) -> None:
        self.fails -= 1
        if self.fails >= 0:
            raise OSError("database is locked")

    def site(self, conversation: str) -> str:
        self._maybe()
        return "south"

    def finish(self, update_ids: list[int]) -> None:
        self._maybe()
        self.finished += update_ids


async def test_a_site_that_could_not_be_asked_for_is_asked_for_again() -> None:
    memory = Memory(lambda: cast(TelegramStore, Forgetful(fails=1)))
    assert await memory.site("telegram:1") is None
    assert await memory.site("telegram:1") == "south"


async def test_a_site_that_another_replica_was_told_of_is_known_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'telegram.db'}"
    one, two = (Memory(lambda: TelegramStore(url, 1)) for _ in range(2))
    await one.set_site("telegram:1", "north")
    assert [await m.site("telegram:1") for m in (one, two)] == ["north", "north"]
    await two.set_site("telegram:1", "south")
    assert [await m.site("telegram:1") for m in (one, two)] == ["south", "south"]
    for memory in (one, two):
        await memory.close()


class Sites:
    """Knows a site, and fails while it is told to."""

    def __init__(self) -> None:
        self.site_kept, self.away = "north", False

    def site(self, conversation: str) -> str:
        self._maybe()
        return self.site_kept

    def set_site(self, conversation: str, site: str) -> None:
        self._maybe()
        self.site_kept = site

    def _maybe(self) -> None:
        if self.away:
            raise OSError("database is locked")


async def test_while_the_store_is_away_the_last_site_holds_and_a_new_one_is_kept_later() -> None:
    store = Sites()
    memory = Memory(lambda: cast(TelegramStore, store))
    assert await memory.site("telegram:1") == "north"
    store.away = True
    assert await memory.site("telegram:1") == "north"
    await memory.set_site("telegram:1", "south")
    assert await memory.site("telegram:1") == "south" and store.site_kept == "north"
    assert await memory.site("telegram:1", soon=True) == "south"
    store.away = False
    assert await memory.site("telegram:1") == "south" and store.site_kept == "south"
    await memory.close()


async def test_what_was_handled_while_the_store_failed_is_kept_as_such_later() -> None:
    store = Forgetful(fails=2)
    memory = Memory(lambda: cast(TelegramStore, store))
    for update_id in (1, 2, 3, 4):
        await memory.finish(update_id)
    assert store.finished == [3, 1, 2, 4]


async def test_what_is_needed_soon_is_what_was_last_known_and_the_store_is_not_taken_for_away(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.memory.PATIENCE", 600.0)  # Longer than this test.
    store = SlowStore()
    memory = Memory(lambda: cast(TelegramStore, store))
    store.go_on.set()
    assert await memory.site("telegram:1") == "north"
    store.go_on.clear()
    assert await memory.site("telegram:1", soon=True) == "north"
    store.go_on.set()
    monkeypatch.setattr("bot.channels.telegram.memory.SOON", 600.0)
    assert await memory.site("telegram:2", soon=True) == "north"
    assert "TELEGRAM_STORE" not in caplog.text
    await memory.close()


async def test_a_button_of_this_process_is_known_without_the_store() -> None:
    memory = Memory(lambda: cast(TelegramStore, Forgetful(fails=0)))  # It knows no buttons.
    await memory.add_payloads({"ref:1": "What is CRS?"})
    assert await memory.payload("ref:1") == "What is CRS?"
    await memory.close()


class FailsOnce(TelegramStore):
    """The real store, on a file that is locked when the first update comes."""

    locked = True

    def begin(self, update_ids: Sequence[int]) -> dict[int, Past]:
        if self.locked:
            self.locked = False
            raise OSError("database is locked")
        return super().begin(update_ids)


async def test_what_came_while_the_store_failed_is_known_as_handled_after_a_restart(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'telegram.db'}"
    memory = Memory(lambda: FailsOnce(url, 1))
    assert await memory.begin([1, 2]) == {}
    for update_id in (1, 2):
        await memory.finish(update_id)
    await memory.close()
    restarted = Memory(lambda: TelegramStore(url, 1))
    assert await restarted.begin([1, 2, 3]) == {1: Past(0, True), 2: Past(0, True)}
    await restarted.close()


class SlowStore:
    """Notes what is done to it, and in which thread; an answer lasts until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.closed = threading.Event()
        self.done: list[tuple[str, int]] = []

    def forget_old(self, retention_days: int) -> None:
        self.begun.set()
        assert self.go_on.wait(30)
        self.done.append(("forget_old", threading.get_ident()))

    def site(self, conversation: str) -> str:
        assert self.go_on.wait(30)
        return "north"

    def close(self) -> None:
        self.done.append(("close", threading.get_ident()))
        self.closed.set()


async def test_closing_waits_its_turn_in_the_stores_thread() -> None:
    store = SlowStore()
    memory = Memory(lambda: cast(TelegramStore, store))
    forgetting = asyncio.ensure_future(memory.forget_old(30))
    await asyncio.to_thread(store.begun.wait, 30)
    closing = asyncio.ensure_future(memory.close())
    await asyncio.sleep(0.05)
    assert store.done == []  # Nothing is touched that is in use.
    store.go_on.set()
    await forgetting
    await closing
    assert store.closed.is_set()
    assert [name for name, _ in store.done] == ["forget_old", "close"]
    assert len({thread for _, thread in store.done}) == 1
    assert threading.get_ident() not in {thread for _, thread in store.done}


async def test_a_store_that_was_never_opened_is_not_opened_to_be_closed() -> None:
    def never() -> TelegramStore:
        raise AssertionError("opened")

    await Memory(never).close()


async def test_a_store_that_does_not_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.telegram.memory.CLOSING", 0.05)
    store = SlowStore()
    memory = Memory(lambda: cast(TelegramStore, store))
    forgetting = asyncio.ensure_future(memory.forget_old(30))
    await asyncio.to_thread(store.begun.wait, 30)
    await memory.close()
    assert not store.closed.is_set()
    store.go_on.set()
    await forgetting
