"""What the channel must know after a restart: updates handled, each person's site, long payloads.

No words of a person, no name, no time of day. Which updates are still to come Telegram keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

_METADATA = sa.MetaData()

HANDLED = sa.Table(
    "telegram_handled",
    _METADATA,
    sa.Column("bot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
)

SITES = sa.Table(
    "telegram_sites",
    _METADATA,
    sa.Column("conversation", sa.String(100), primary_key=True),
    sa.Column("site", sa.String(100), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
)

PAYLOADS = sa.Table(
    "telegram_payloads",
    _METADATA,
    sa.Column("reference", sa.String(64), primary_key=True),
    sa.Column("payload", sa.Text, nullable=False),
)

HANDLED_DAYS: Final = 3
"""Telegram keeps an update for 24 hours and then never sends it again."""


@dataclass(frozen=True)
class Past:
    """What became of an update before."""

    tries: int = 0
    """Times it was begun. A process that was killed begins it again."""
    done: bool = False


class TelegramStore:
    """Writes to SQLite by default, or to any database that SQLAlchemy knows.

    Its methods wait for the database: call them in a thread.
    """

    def __init__(self, url: str, bot: int) -> None:
        self._bot = bot
        if url.startswith("sqlite:///"):
            Path(url[len("sqlite:///") :]).parent.mkdir(parents=True, exist_ok=True)
            self._engine = _sqlite(url)
        else:
            self._engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
        _METADATA.create_all(self._engine)

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    def begin(self, update_ids: Sequence[int]) -> dict[int, Past]:
        """Keeps that these updates are about to be handled; returns what was known of them."""
        mine = sa.and_(HANDLED.c.bot == self._bot, HANDLED.c.update_id.in_(list(update_ids)))
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(HANDLED).where(mine)).all()
            known = {row.update_id: Past(row.tries, row.done) for row in rows}
            connection.execute(HANDLED.update().where(mine).values(tries=HANDLED.c.tries + 1))
            new = [
                {"bot": self._bot, "update_id": i, "tries": 1, "done": False, "day": _today()}
                for i in dict.fromkeys(update_ids)
                if i not in known
            ]
            if new:
                connection.execute(HANDLED.insert(), new)
        return known

    def finish(self, update_id: int) -> None:
        """Keeps that an update was handled: its turn is saved and its reply sent."""
        mine = sa.and_(HANDLED.c.bot == self._bot, HANDLED.c.update_id == update_id)
        with self._engine.begin() as connection:
            connection.execute(HANDLED.update().where(mine).values(done=True))

    def site(self, conversation: str) -> str | None:
        """Returns the site that a person has chosen, and keeps that it was asked for today."""
        mine = SITES.c.conversation == conversation
        with self._engine.begin() as connection:
            found = connection.execute(sa.select(SITES.c.site, SITES.c.day).where(mine)).first()
            if found is not None and found.day != _today():
                connection.execute(SITES.update().where(mine).values(day=_today()))
        return str(found.site) if found is not None else None

    def set_site(self, conversation: str, site: str | None) -> None:
        """Keeps the site that a person has chosen; None forgets it."""
        with self._engine.begin() as connection:
            connection.execute(SITES.delete().where(SITES.c.conversation == conversation))
            if site is not None:
                row = {"conversation": conversation, "site": site, "day": _today()}
                connection.execute(SITES.insert().values(**row))

    def add_payloads(self, payloads: Mapping[str, str]) -> None:
        """Keeps what buttons say that is too long for a button."""
        for reference, payload in payloads.items():
            with suppress(IntegrityError), self._engine.begin() as connection:  # Kept before.
                connection.execute(PAYLOADS.insert().values(reference=reference, payload=payload))

    def payload(self, reference: str) -> str | None:
        """Returns what a button says; None if this bot never made it."""
        found = sa.select(PAYLOADS.c.payload).where(PAYLOADS.c.reference == reference)
        with self._engine.connect() as connection:
            kept = connection.scalar(found)
        return None if kept is None else str(kept)

    def forget_old(self, retention_days: int, today: date | None = None) -> None:
        """Deletes what is no longer needed, and people who have not written for so many days."""
        now = today or _today()
        limits = {HANDLED: HANDLED_DAYS, SITES: retention_days}
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            for table, days in limits.items():
                connection.execute(table.delete().where(table.c.day < now - timedelta(days=days)))


def _sqlite(url: str) -> sa.engine.Engine:
    """Opens a file with one connection and a write-ahead log: a commit waits for no disk.

    A killed process loses nothing by that; a power cut may lose the last ids, and those replies
    are then said again.
    """
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        poolclass=sa.pool.StaticPool,
        connect_args={"check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine


def _today() -> date:
    return datetime.now(timezone.utc).date()
