"""What is kept, by whom it may be taken over, and that it goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.channels.telegram.store import Past, TelegramStore

TODAY = date(2026, 11, 29)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TelegramStore]:
    made = TelegramStore(f"sqlite:///{tmp_path / 'telegram.db'}", 1)
    yield made
    made.close()


def test_what_was_begun_and_what_was_finished_is_known(store: TelegramStore) -> None:
    assert store.begin([5, 6]) == {}
    store.finish([6])
    assert store.begin([5, 6, 7]) == {5: Past(0, False), 6: Past(0, True)}
    store.finish([8, 8, 6])  # That 8 has come could not be kept.
    assert store.begin([8, 6]) == {8: Past(0, True), 6: Past(0, True)}


def test_turns_are_counted_when_they_begin_and_taken_back(store: TelegramStore) -> None:
    store.begin([5, 6, 7])
    for update_id in (5, 5, 6):
        store.start(update_id)
    store.take_back([5, 7])  # Of the last nothing was counted: there is nothing to take back.
    assert store.begin([5, 6, 7]) == {5: Past(1), 6: Past(1), 7: Past(0)}


def test_what_is_kept_goes_when_it_is_finished(store: TelegramStore, tmp_path: Path) -> None:
    store.keep({5: "zebrafish", 6: "zebrafish"}, "a")
    store.keep({6: "zebrafish"}, "a")  # Kept before.
    store.finish([5])
    assert store.claim("b", [], quiet=0) == {6: "zebrafish"}
    store.finish([6])
    assert store.claim("c", [], quiet=0) == {}
    for path in tmp_path.iterdir():
        assert b"zebrafish" not in path.read_bytes(), path.name


def test_what_was_finished_meanwhile_is_not_kept(store: TelegramStore) -> None:
    store.begin([5, 6])
    store.finish([5])
    store.keep({5: "x", 6: "y"}, "a")
    assert store.claim("b", [], quiet=0) == {6: "y"}


def test_only_a_quiet_process_loses_what_it_has_kept(
    store: TelegramStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000
    monkeypatch.setattr("bot.channels.telegram.store._now", lambda: now)
    store.keep({5: "x"}, "a")
    now = 1080
    assert store.claim("a", [5], quiet=90) == {}  # It says that it is alive.
    now = 1169
    assert store.claim("b", [], quiet=90) == {}
    now = 1170  # 90 s after 1080.
    assert store.claim("b", [], quiet=90) == {5: "x"}
    assert store.claim("c", [], quiet=90) == {}  # It is b's now.


def test_what_was_claimed_and_is_not_run_is_claimed_again(store: TelegramStore) -> None:
    store.keep({5: "x", 6: "y"}, "a")
    assert store.claim("b", [], quiet=0) == {5: "x", 6: "y"}
    # That answer came too late for b, who has begun only one of them by another way.
    assert store.claim("b", [6], quiet=90) == {5: "x"}
    store.finish([5])
    assert store.claim("b", [6], quiet=90) == {}


def test_of_very_many_some_are_claimed_at_a_time(
    store: TelegramStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.store.MOST_CLAIMED", 2)
    store.keep({7: "z", 5: "x", 6: "y"}, "a")
    assert store.claim("b", [], quiet=0) == {5: "x", 6: "y"}
    assert store.claim("b", [5, 6], quiet=0) == {7: "z"}


def test_another_bot_of_the_same_database_is_left_alone(
    store: TelegramStore, tmp_path: Path
) -> None:
    other = TelegramStore(f"sqlite:///{tmp_path / 'telegram.db'}", 2)
    store.keep({5: "x"}, "a")
    other.finish([5])
    assert other.claim("b", [], quiet=0) == {}
    other.close()
    assert store.claim("b", [], quiet=0) == {5: "x"}


def test_what_is_old_is_forgotten(store: TelegramStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.telegram.store._today", lambda: TODAY)
    store.begin([5])
    store.set_site("telegram:1", "south")
    store.forget_old(30, today=TODAY + timedelta(days=3))
    assert store.begin([5]) == {5: Past(0, False)}
    store.forget_old(30, today=TODAY + timedelta(days=4))
    assert store.begin([5]) == {}
    store.forget_old(30, today=TODAY + timedelta(days=30))
    assert store.site("telegram:1") == "south"
    store.forget_old(30, today=TODAY + timedelta(days=31))
    assert store.site("telegram:1") is None


def test_what_nobody_takes_over_is_forgotten(
    store: TelegramStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000
    monkeypatch.setattr("bot.channels.telegram.store._now", lambda: now)
    store.keep({5: "x"}, "a")
    now += 3 * 86_400 + 1
    store.forget_old(30)
    assert store.claim("b", [], quiet=0) == {}
