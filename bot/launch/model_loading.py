"""Loads the model into the server so that no failure keeps the server from answering.

Rasa refuses to start without a model. Here the server starts all the same: the channels' guard
escalates from the patterns and gives the clinic's numbers, and `/health/ready` is red.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from rasa.core.agent import Agent, load_agent
from rasa.core.tracker_store import SQLTrackerStore
from rasa.core.utils import AvailableEndpoints
from sanic import Sanic

from bot.launch.causes import why
from bot.launch.privacy import redact
from bot.launch.staleness import forget_training

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
REMEDY = "Run `make train`, then `make run` again. Until then people get the clinic's numbers."


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
            app.ctx.agent = await self._load(loop)
            return
        logger.error(
            "The database of conversations cannot be reached: %s. The bot escalates and gives "
            "the clinic's numbers, and loads its model as soon as the database answers.",
            problem,
        )
        app.ctx.not_ready_why = f"The database of conversations cannot be reached: {problem}."
        self._waiting = loop.create_task(self._load_when_possible(app, loop))

    async def stop(self, app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        """Is Sanic's `before_server_stop` listener."""
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)

    async def _load_when_possible(self, app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        while await database_problem(self._endpoints) is not None:
            await asyncio.sleep(RETRY_SECONDS)
        app.ctx.agent = await self._load(loop)
        logger.warning("The database answers again; the model is loaded.")

    async def _load(self, loop: asyncio.AbstractEventLoop) -> Agent:
        agent = Agent()
        try:
            with kept_level(), warnings.catch_warnings():
                # Without a path Rasa makes the stores, loads nothing and warns of it.
                warnings.simplefilter("ignore")
                agent = await load_agent(endpoints=self._endpoints, loop=loop)
            if self._endpoints.model is not None:
                return agent
            if self._model is None:
                logger.error("There is no model in models/. %s", REMEDY)
                return agent
            with kept_level():
                agent.load_model(self._model)
        except (Exception, SystemExit) as error:
            # Nobody has said anything yet: the error's words are the files' own.
            logger.error("%s cannot be used: %s. %s", self._model, why(error), REMEDY)
            agent.processor = None
            if self._model is not None:
                forget_training(self._model.parent)
        else:
            logger.info("loaded %s", self._model)
        return agent


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
    """Says why the SQL tracker store cannot be reached, or None.

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
                connection.execute(sa.text("SELECT 1"))
        finally:
            engine.dispose()
    except Exception as error:
        cause = getattr(error, "orig", None) or error
        return f"{type(cause).__name__}: {redact(' '.join(str(cause).split()))}"
    return None
