from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from bot.launch import retention
from bot.launch.retention import DAY, Retention, delete_expired, sql_store

NOW = 1_000_000_000.0
EVENTS = sa.Table(
    "events",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender_id", sa.String(255)),
    sa.Column("timestamp", sa.Float),
    sa.Column("data", sa.Text),
)


@pytest.fixture
def engine(tmp_path: Path) -> sa.engine.Engine:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'c.db'}")
    EVENTS.create(engine)
    return engine


def store(engine: sa.engine.Engine, sender: str, *ages: float, data: str = "") -> None:
    rows = [{"sender_id": sender, "timestamp": NOW - age * DAY, "data": data} for age in ages]
    with engine.begin() as connection:
        connection.execute(EVENTS.insert(), rows)


def senders(engine: sa.engine.Engine) -> dict[str, int]:
    query = sa.select(EVENTS.c.sender_id, sa.func.count()).group_by(EVENTS.c.sender_id)
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def test_only_conversations_that_are_old_altogether_go(engine: sa.engine.Engine) -> None:
    store(engine, "old", 40, 31)
    store(engine, "came back", 40, 1)
    store(engine, "new", 1)
    assert delete_expired(engine, EVENTS, 30, NOW) == 1
    # "came back" keeps its old event too: a conversation is kept or deleted whole.
    assert senders(engine) == {"came back": 2, "new": 1}


@pytest.mark.parametrize(("age", "kept"), [(29.999, True), (30.0, True), (30.001, False)])
def test_both_sides_of_the_limit(engine: sa.engine.Engine, age: float, kept: bool) -> None:
    store(engine, "one", age)
    delete_expired(engine, EVENTS, 30, NOW)
    assert bool(senders(engine)) is kept


def test_more_than_one_batch(engine: sa.engine.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        store(engine, f"old {number}", 31)
    assert delete_expired(engine, EVENTS, 30, NOW) == 5
    assert senders(engine) == {}


def test_the_words_leave_the_file(engine: sa.engine.Engine, tmp_path: Path) -> None:
    store(engine, "old", 31, data="a very private sentence")
    file = tmp_path / "c.db"
    assert b"very private" in file.read_bytes()
    delete_expired(engine, EVENTS, 30, NOW)
    assert b"very private" not in file.read_bytes()


def test_nothing_to_delete(engine: sa.engine.Engine) -> None:
    assert delete_expired(engine, EVENTS, 30, NOW) == 0


def test_the_sql_store_is_found_inside_its_wrappers() -> None:
    sql = SimpleNamespace(engine="e", SQLEvent="t")
    wrapped = SimpleNamespace(_tracker_store=SimpleNamespace(_tracker_store=sql))
    assert sql_store(wrapped) is sql
    assert sql_store(SimpleNamespace(_tracker_store=SimpleNamespace())) is None
    assert sql_store(None) is None


def app_with(engine: sa.engine.Engine) -> SimpleNamespace:
    sql = SimpleNamespace(engine=engine, SQLEvent=SimpleNamespace(__table__=EVENTS))
    agent = SimpleNamespace(tracker_store=SimpleNamespace(_tracker_store=sql))
    return SimpleNamespace(ctx=SimpleNamespace(agent=agent))


async def _start_and_stop(app: SimpleNamespace) -> None:
    task = Retention(30)
    await task.start(app, asyncio.get_running_loop())
    await asyncio.sleep(0.3)
    await task.stop(app, asyncio.get_running_loop())


async def test_the_server_deletes_at_its_start(engine: sa.engine.Engine) -> None:
    store(engine, "old", 31)  # As of NOW, in 2001.
    await _start_and_stop(app_with(engine))
    assert senders(engine) == {}


async def test_a_store_that_fails_stops_nothing(
    engine: sa.engine.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    EVENTS.drop(engine)
    with caplog.at_level(logging.ERROR):
        await _start_and_stop(app_with(engine))
    assert "were not deleted: OperationalError" in caplog.text


async def test_a_server_without_a_model_has_nothing_to_delete() -> None:
    await _start_and_stop(SimpleNamespace(ctx=SimpleNamespace()))
