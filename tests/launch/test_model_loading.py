"""Whose fault it is that no model is loaded, and what is said of it."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.utils import AvailableEndpoints
from rasa.utils.endpoints import EndpointConfig

from bot.errors import ModelError
from bot.launch import model_loading
from bot.launch.model_loading import ModelLoader, database_problem
from bot.launch.staleness import RECORD, record_training


class FakeAgent:
    """An agent whose model loads, or fails as it is told."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.failure = failure
        self.processor: object | None = None
        self.loaded: list[Path] = []

    def load_model(self, model: Path) -> None:
        self.processor = object()  # As Rasa does: half made before it fails.
        if self.failure is not None:
            raise self.failure
        self.loaded.append(model)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    models = tmp_path / "models"
    models.mkdir()
    archive = models / "a.tar.gz"
    archive.write_bytes(b"archive")
    record_training(models, archive, "hash")
    return archive


def is_recorded(model: Path) -> bool:
    return (model.parent / RECORD).exists()


def sqlite(path: Path) -> AvailableEndpoints:
    store = EndpointConfig(type="SQL", dialect="sqlite", db=str(path))
    return AvailableEndpoints(tracker_store=store)


def damaged(path: Path) -> Path:
    """Is longer than SQLite's header, or an empty file would do as a new database."""
    path.write_bytes(b"no database at all " * 100)
    return path


def give(monkeypatch: pytest.MonkeyPatch, agent: FakeAgent | BaseException) -> None:
    async def load_agent(**_: Any) -> FakeAgent:
        if isinstance(agent, BaseException):
            raise agent
        return agent

    monkeypatch.setattr(model_loading, "load_agent", load_agent)


async def start(loader: ModelLoader) -> Any:
    app: Any = SimpleNamespace(ctx=SimpleNamespace())
    await loader(app, asyncio.get_running_loop())
    return app


async def test_no_sql_store_and_a_sound_file_are_no_problem(tmp_path: Path) -> None:
    assert await database_problem(AvailableEndpoints()) is None
    assert await database_problem(sqlite(tmp_path / "new.db")) is None
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("CREATE TABLE events (id INTEGER)")
    assert await database_problem(sqlite(tmp_path / "old.db")) is None


async def test_a_damaged_file_is_named_with_its_own_remedy(tmp_path: Path) -> None:
    path = damaged(tmp_path / "conversations.db")
    why = await database_problem(sqlite(path))
    assert why is not None
    assert f"{path} is damaged (DatabaseError: file is not a database)" in why
    assert f"mv {path} {path}-* {path}.damaged/" in why
    assert "make train" not in why


async def test_a_file_that_cannot_be_opened_is_no_damage(tmp_path: Path) -> None:
    why = await database_problem(sqlite(tmp_path / "nowhere" / "conversations.db"))
    assert why is not None
    assert "cannot be used (OperationalError: unable to open database file)" in why
    assert "damaged" not in why


async def test_a_server_that_is_away_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(url: object) -> None:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")

    monkeypatch.setattr("sqlalchemy.create_engine", refuse)
    why = await database_problem(sqlite(Path("any.db")))
    assert why is not None
    assert why.startswith("The database of conversations cannot be reached (ConnectionRefused")
    assert "endpoints.yml" in why


async def test_a_damaged_database_is_not_blamed_on_the_model(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is loaded as soon as the file is moved away; nothing is trained anew."""
    monkeypatch.setattr(model_loading, "RETRY_SECONDS", 0.01)
    agent = FakeAgent()
    give(monkeypatch, agent)
    path = damaged(tmp_path / "conversations.db")
    loader = ModelLoader(model, sqlite(path))
    app = await start(loader)
    assert "is damaged" in app.ctx.not_ready_why
    assert "make train" not in app.ctx.not_ready_why
    assert not app.ctx.agent.is_ready()
    assert is_recorded(model)

    path.rename(tmp_path / "away.db")
    for _ in range(500):
        if agent.loaded:
            break
        await asyncio.sleep(0.01)
    assert agent.loaded == [model]
    assert app.ctx.agent is agent
    await loader.stop(app, asyncio.get_running_loop())


async def test_it_can_be_stopped_while_it_waits(tmp_path: Path, model: Path) -> None:
    loader = ModelLoader(model, sqlite(damaged(tmp_path / "conversations.db")))
    app = await start(loader)
    await asyncio.wait_for(loader.stop(app, asyncio.get_running_loop()), 5)


async def test_a_sound_model_is_loaded(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = FakeAgent()
    give(monkeypatch, agent)
    app = await start(ModelLoader(model, AvailableEndpoints()))
    assert app.ctx.agent is agent
    assert agent.loaded == [model]
    assert not hasattr(app.ctx, "not_ready_why")


async def test_a_broken_model_asks_for_a_training(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = FakeAgent(ModelError("The index is damaged."))
    give(monkeypatch, agent)
    app = await start(ModelLoader(model, AvailableEndpoints()))
    assert f"{model} cannot be used: The index is damaged. Run `make train`" in (
        app.ctx.not_ready_why
    )
    assert agent.processor is None
    assert not is_recorded(model)


async def test_a_full_disk_asks_for_room_and_for_no_training(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = ModelError("The archive could not be unpacked.")
    full.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    give(monkeypatch, FakeAgent(full))
    app = await start(ModelLoader(model, AvailableEndpoints()))
    assert "Free some space" in app.ctx.not_ready_why
    assert "make train" not in app.ctx.not_ready_why
    assert is_recorded(model)


async def test_stores_that_cannot_be_made_are_not_blamed_on_the_model(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, ConnectionError("no redis"))
    app = await start(ModelLoader(model, AvailableEndpoints()))
    assert app.ctx.not_ready_why.startswith("What endpoints.yml names cannot be used: Connection")
    assert "make train" not in app.ctx.not_ready_why
    assert is_recorded(model)


async def test_no_model_asks_for_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, FakeAgent())
    app = await start(ModelLoader(None, AvailableEndpoints()))
    assert app.ctx.not_ready_why.startswith("There is no model in models/. Run `make train`")


async def test_a_model_that_cannot_be_forgotten_does_not_stop_the_server(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(models: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(model_loading, "forget_training", refuse)
    give(monkeypatch, FakeAgent(ModelError("broken")))
    app = await start(ModelLoader(model, AvailableEndpoints()))
    assert "make train" in app.ctx.not_ready_why
