"""What the channel must know after a restart: updates handled, each person's site, long payloads.

No name, and no words of a person but while they wait for their answer: Telegram keeps a hundred
updates that are to be answered; beyond that, and for a webhook that takes long, they are kept here
until they are.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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

WAITING = sa.Table(
    "telegram_waiting",
    _METADATA,
    sa.Column("bot", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("owner", sa.String(40), nullable=False),
    sa.Column("alive", sa.BigInteger, nullable=False),
)

MOST_CLAIMED: Final = 500
"""Updates at a time: no database takes any number of them in one question."""

HANDLED_DAYS: Final = 3
"""Telegram keeps an update for 24 hours and then never sends it again."""


@dataclass(frozen=True)
class Past:
    """What became of an update before."""

    tries: int = 0
    """Times that its turn was begun and cut off by the end of the process."""
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
        """Keeps that these updates have come; returns what was known of them."""
        mine = self._these(HANDLED, update_ids)
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(HANDLED).where(mine)).all()
            known = {row.update_id: Past(row.tries, row.done) for row in rows}
            self._add(connection, [i for i in update_ids if i not in known], done=False)
        return known

    def _add(
        self, connection: sa.engine.Connection, update_ids: Sequence[int], *, done: bool
    ) -> None:
        new = [
            {"bot": self._bot, "update_id": i, "tries": 0, "done": done, "day": _today()}
            for i in dict.fromkeys(update_ids)
        ]
        if new:
            connection.execute(HANDLED.insert(), new)

    def start(self, update_id: int) -> None:
        """Keeps that an update's turn begins: if the process ends on it, this is what is left."""
        self._count([update_id], 1)

    def take_back(self, update_ids: Sequence[int]) -> None:
        """Takes back that turns were begun: the process ends, and not because of them."""
        self._count(update_ids, -1)

    def _count(self, update_ids: Sequence[int], change: int) -> None:
        with self._engine.begin() as connection:
            tries = HANDLED.c.tries + change
            mine = sa.and_(self._these(HANDLED, update_ids), tries >= 0)
            connection.execute(HANDLED.update().where(mine).values(tries=tries))

    def finish(self, update_ids: Sequence[int]) -> None:
        """Keeps that updates were handled: their turns are saved and their replies sent.

        Also of those whose coming could not be kept.
        """
        with self._engine.begin() as connection:
            mine = self._these(HANDLED, update_ids)
            connection.execute(HANDLED.update().where(mine).values(done=True))
            known = set(connection.scalars(sa.select(HANDLED.c.update_id).where(mine)))
            self._add(connection, [i for i in update_ids if i not in known], done=True)
            gone = connection.execute(WAITING.delete().where(self._these(WAITING, update_ids)))
            last = gone.rowcount and not connection.scalar(sa.select(WAITING.c.bot).limit(1))
        if last:
            self._scrub()

    def keep(self, waiting: Mapping[int, str], owner: str) -> None:
        """Keeps updates that are under way, so that Telegram may forget them.

        One may just have been finished, or kept before.
        """
        ids = list(waiting)
        kept = sa.select(WAITING.c.update_id).where(self._these(WAITING, ids))
        done = sa.select(HANDLED.c.update_id).where(self._these(HANDLED, ids), HANDLED.c.done)
        with self._engine.connect() as connection:
            known = {*connection.scalars(kept), *connection.scalars(done)}
        new = [
            {"bot": self._bot, "update_id": i, "content": c, "owner": owner, "alive": _now()}
            for i, c in waiting.items()
            if i not in known
        ]
        if new:
            with self._synced() as connection:
                connection.execute(WAITING.insert(), new)

    def claim(self, owner: str, running: Collection[int], *, quiet: float) -> dict[int, str]:
        """Returns kept updates that are this process's and not running in it.

        Those of a process that has been quiet for so many seconds become ours. So are some that
        were claimed before, if that answer came too late. It also tells other replicas that this
        process is alive.
        """
        now = _now()
        ours = sa.and_(WAITING.c.bot == self._bot, WAITING.c.owner == owner)
        left = sa.and_(
            WAITING.c.bot == self._bot, WAITING.c.owner != owner, WAITING.c.alive <= now - quiet
        )
        with self._engine.begin() as connection:
            connection.execute(WAITING.update().where(ours).values(alive=now))
            # Each row is taken once: who is quicker makes the condition false for the others.
            connection.execute(WAITING.update().where(left).values(owner=owner, alive=now))
            mine = connection.scalars(sa.select(WAITING.c.update_id).where(ours)).all()
            known = set(running)
            claimed = sorted(i for i in mine if i not in known)[:MOST_CLAIMED]
            rows = sa.select(WAITING.c.update_id, WAITING.c.content).where(
                self._these(WAITING, claimed)
            )
            return {row.update_id: row.content for row in connection.execute(rows)}

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
            for table, days in limits.items():
                connection.execute(table.delete().where(table.c.day < now - timedelta(days=days)))
            old = _now() - HANDLED_DAYS * 86_400
            connection.execute(WAITING.delete().where(WAITING.c.alive < old))
        self._scrub()

    def _scrub(self) -> None:
        """Empties SQLite's write-ahead log, where what was deleted can be read yet."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _these(self, table: sa.Table, update_ids: Sequence[int]) -> Any:
        return sa.and_(table.c.bot == self._bot, table.c.update_id.in_(list(update_ids)))

    @contextmanager
    def _synced(self) -> Iterator[sa.engine.Connection]:
        """Begins what must outlive a power cut as well, since Telegram forgets it next."""
        if self._engine.dialect.name != "sqlite":
            with self._engine.begin() as connection:
                yield connection
            return
        with self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous = FULL")
            try:
                with connection.begin():
                    yield connection
            finally:
                connection.exec_driver_sql("PRAGMA synchronous = NORMAL")


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
        connection.execute("PRAGMA secure_delete = ON")

    return engine


def _now() -> int:
    return int(time.time())


def _today() -> date:
    return datetime.now(timezone.utc).date()
