"""Deletes stored conversations once their last event is older than the clinic keeps them."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import sqlalchemy as sa

logger = logging.getLogger(__name__)

DAY = 86_400.0
BATCH = 500
"""Conversations deleted in one transaction: short enough that no turn waits for it."""


def delete_expired(
    engine: sa.engine.Engine, events: sa.Table, days: int, now: float | None = None
) -> int:
    """Deletes whole conversations whose last event is older than `days`; returns how many.

    Whole ones: half a conversation would be read back as a conversation that began in the middle.
    """
    limit = (time.time() if now is None else now) - days * DAY
    expired = (
        sa.select(events.c.sender_id)
        .group_by(events.c.sender_id)
        .having(sa.func.max(events.c.timestamp) < limit)
        .limit(BATCH)
    )
    deleted = 0
    while True:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                # Overwrites the bytes; otherwise the words stay in the file's free pages.
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            senders = list(connection.scalars(expired))
            # Asked again in the same statement: somebody may have written since.
            still_old = sa.select(events.c.sender_id).where(events.c.sender_id.in_(senders))
            still_old = still_old.group_by(events.c.sender_id).having(
                sa.func.max(events.c.timestamp) < limit
            )
            connection.execute(events.delete().where(events.c.sender_id.in_(still_old)))
        deleted += len(senders)
        if len(senders) < BATCH:
            return deleted


def sql_store(tracker_store: Any) -> Any | None:
    """Returns the SQL tracker store inside Rasa's wrappers, or None if it is another kind."""
    store = tracker_store
    while store is not None and not hasattr(store, "engine"):
        store = getattr(store, "_tracker_store", None)
    return store if hasattr(store, "SQLEvent") else None


class Retention:
    """Deletes at the server's start and then once a day, beside the turns."""

    def __init__(self, days: int) -> None:
        self._days = days
        self._task: asyncio.Task[None] | None = None

    async def start(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Is Sanic's `after_server_start` listener."""
        self._task = loop.create_task(self._run(app))

    async def stop(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Is Sanic's `before_server_stop` listener."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, app: Any) -> None:
        while True:
            store = sql_store(getattr(getattr(app.ctx, "agent", None), "tracker_store", None))
            if store is not None:
                await self._delete(store)
            # A store that is not there yet (no database at start) is asked for again soon.
            await asyncio.sleep(60.0 if store is None else DAY)

    async def _delete(self, store: Any) -> None:
        loop = asyncio.get_running_loop()
        events = store.SQLEvent.__table__
        try:
            count = await loop.run_in_executor(
                None, delete_expired, store.engine, events, self._days
            )
        except Exception as error:  # The bot must go on answering; tomorrow is another try.
            logger.error("old conversations were not deleted: %s", type(error).__name__)
            return
        if count:
            logger.info("deleted %d conversations older than %d days", count, self._days)
