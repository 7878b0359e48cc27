"""Counting what a tracker store kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.bench.store import count_messages


def test_only_the_persons_messages_of_one_conversation_count(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE events (sender_id TEXT, type_name TEXT)")
        connection.executemany(
            "INSERT INTO events VALUES (?, ?)",
            [
                ("rest:long-1", "user"),
                ("rest:long-1", "bot"),
                ("rest:long-1", "user"),
                ("rest:long-10", "user"),
                ("long-2", "user"),
            ],
        )
        connection.commit()
    assert count_messages(path, "long-1") == 2
    assert count_messages(path, "long-2") == 1
    assert count_messages(path, "long-3") == 0
