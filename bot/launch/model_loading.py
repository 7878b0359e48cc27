"""Loads the model into the server so that no failure keeps the server from answering.

Rasa refuses to start without a model. Here the server starts all the same: the channels' guard
escalates from the patterns and gives the clinic's numbers, and `/health/ready` is red.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from rasa.core.agent import Agent, load_agent
from rasa.core.tracker_store import SQLTrackerStore
from rasa.core.utils import AvailableEndpoints
from sanic import Sanic

from bot.launch.causes import why
from bot.launch.disk import is_full
from bot.launch.privacy import redact
from bot.launch.staleness import forget_training

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
NUMBERS_ONLY = "Until then people get the escalations and the clinic's numbers."
REMEDY = f"Run `make train`, then `make run` again. {NUMBERS_ONLY}"


class ModelLoader:
    """Loads at start; while the database is away, tries again until it is back."""

    def __init__(self, model: Path | None, endpoints: AvailableEndpoints) -> None:
        self._model = model
        self._endpoints = endpoints
        self._waiting: asyncio.Task[None] | None = None

    async def __call__(self, app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        """Is Sanic's `before_server_start` listener."""
        app.ctx.agent = Agent()
        problem = await database_problem(self._endpoints)
        if problem is None:
            await self._load(app, loop)
            return
        _refuse(app, f"{problem} The model is loaded as soon as that is done. {NUMBERS_ONLY}")
        self._waiting = loop.create_task(self._load_when_possible(app, loop))

    async def stop(self, app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        """Is Sanic's `before_server_stop` listener."""
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)

    async def _load_when_possible(self, app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        while await database_problem(self._endpoints) is not None:
            await asyncio.sleep(RETRY_SECONDS)
        logger.warning("The database of conversations answers again.")
        await self._load(app, loop)

    async def _load(self, app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        """Makes the stores, then loads the model; only a fault of the model asks for a training."""
        try:
            with kept_level(), warnings.catch_warnings():
                # Without a path Rasa makes the stores, loads nothing and warns of it.
                warnings.simplefilter("ignore")
                agent = await load_agent(endpoints=self._endpoints, loop=loop)
        except (Exception, SystemExit) as error:
            _refuse(
                app,
                f"What endpoints.yml names cannot be used: {why(error)}. Correct that, then "
                f"`make run` again. {NUMBERS_ONLY}",
            )
            return
        app.ctx.agent = agent
        if self._endpoints.model is not None:
            return
        if self._model is None:
            _refuse(app, f"There is no model in models/. {REMEDY}")
            return
        try:
            with kept_level():
                agent.load_model(self._model)
        except (Exception, SystemExit) as error:
            agent.processor = None
            self._tell_of(app, self._model, error)
        else:
            logger.info("loaded %s", self._model)

    def _tell_of(self, app: Sanic, model: Path, error: BaseException) -> None:
        # Nobody has said anything yet: the error's words are the files' own.
        if is_full(error):
            remedy = f"Free some space, then `make run` again. {NUMBERS_ONLY}"
        else:
            remedy = REMEDY
            with suppress(OSError):  # A folder that is read-only: `make train` says so.
                forget_training(model.parent)
        _refuse(app, f"{model} cannot be used: {why(error)}. {remedy}")


def _refuse(app: Sanic, reason: str) -> None:
    """Tells the log and whoever asks for the health why no model is loaded."""
    logger.error("%s", reason)
    app.ctx.not_ready_why = reason


@contextmanager
def kept_level() -> Iterator[None]:
    """Keeps the log's level: numpy.distutils, which a model brings in, sets the root's to WARNING.

    Without it no line at INFO is written from then on, and no escalation is in the log.
    """
    root = logging.getLogger()
    level = root.level
    try:
        yield
    finally:
        root.setLevel(level)


async def database_problem(endpoints: AvailableEndpoints) -> str | None:
    """Says why the SQL tracker store cannot be used and what to do, or None.

    Rasa's own store waits for it in a loop that would block the whole server.
    """
    config = endpoints.tracker_store
    if config is None or str(config.type).lower() != "sql":
        return None
    return await asyncio.get_running_loop().run_in_executor(None, _connect, dict(config.kwargs))


def _connect(settings: dict[str, object]) -> str | None:
    known = ("dialect", "host", "port", "db", "username", "password", "login_db", "query")
    try:
        url = SQLTrackerStore.get_db_url(**{k: settings[k] for k in known if k in settings})
        engine = sa.create_engine(url)
        try:
            with engine.connect() as connection:
                # Reads the file: a SELECT of nothing succeeds on a damaged one, too.
                sa.inspect(connection).get_table_names()
        finally:
            engine.dispose()
    except Exception as error:
        return _in_plain_words(getattr(error, "orig", None) or error, settings)
    return None


def _in_plain_words(cause: BaseException, settings: dict[str, object]) -> str:
    words = f"{type(cause).__name__}: {redact(' '.join(str(cause).split()))}"
    file = settings.get("db")
    if _is_damage(cause):
        return (
            f"The conversations' file {file} is damaged ({words}). Move it away, with what lies "
            f"beside it: `mkdir -p {file}.damaged && mv {file} {file}-* {file}.damaged/`. "
            "A new one is then made, without a restart; the old conversations stay in the folder."
        )
    if isinstance(cause, sqlite3.Error):
        return (
            f"The conversations' file {file} cannot be used ({words}). Let the user who starts "
            "the bot read and write it and its folder, or set GUIDE_DATA_DIR to another folder."
        )
    return (
        f"The database of conversations cannot be reached ({words}). Start it, or correct "
        "`tracker_store` in endpoints.yml and restart."
    )


def _is_damage(cause: BaseException) -> bool:
    """Tells a file that is no database from one that is locked or out of reach."""
    # Its subclasses are about locks, permissions and statements.
    return type(cause) is sqlite3.DatabaseError
