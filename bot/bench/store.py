"""Counts what a bot's tracker store kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def count_messages(database: Path, sender: str) -> int:
    """Counts the person's messages in a conversation; our channel puts `rest:` before the name."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        row = connection.execute(
            "SELECT COUNT(*) FROM events WHERE type_name = 'user' AND sender_id IN (?, ?)",
            (sender, f"rest:{sender}"),
        ).fetchone()
    return int(row[0])
