"""Stores feedback and questions without an answer, for the editors. No identity is kept."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import sqlalchemy as sa

_METADATA = sa.MetaData()

FEEDBACK = sa.Table(
    "guide_feedback",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("passage", sa.String(300)),
    sa.Column("helpful", sa.Boolean, nullable=False),
    sa.Column("knowledge_hash", sa.String(64)),
    sa.Column("model_id", sa.String(64)),
)

UNANSWERED = sa.Table(
    "guide_unanswered",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("topic", sa.String(100)),
    sa.Column("confidence", sa.Float),
    sa.Column("knowledge_hash", sa.String(64)),
)

MAX_QUESTION = 500
"""Longer questions are cut: the start tells an editor what is missing."""

_EMAIL = re.compile(r"\S+@\S+\.\S+")
_LINK = re.compile(r"https?://\S+")
_NUMBER = re.compile(r"\+?\d[\d ()./-]{4,}\d|\d{4,}")
# After "my name is" one or two words go, whatever their case; after "I am", "Dr." and the like
# the capitalised ones, since "I am tired" names nobody.
_NAME = re.compile(
    r"\b((?i:(?:my|his|her|their) name(?: is|['’]s)))\s+[^\W\d][\w'’-]*"
    r"(?:\s+(?!(?i:and|but|i)\b)[^\W\d][\w'’-]*)?(?:\s+[A-ZÀ-Þ][\w'’-]+)*"
)
_TITLED = re.compile(
    r"\b((?i:i am|i['’]m|this is|mr\.?|mrs\.?|ms\.?|dr\.?))(?:\s+[A-ZÀ-Þ][\w'’-]+)+"
)


class FeedbackStore:
    """Writes to SQLite by default, or to any database that SQLAlchemy knows."""

    def __init__(self, url: str) -> None:
        if url.startswith("sqlite:///"):
            Path(url[len("sqlite:///") :]).parent.mkdir(parents=True, exist_ok=True)
        # hide_parameters keeps people's words out of error logs.
        self._engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
        _METADATA.create_all(self._engine)

    def add_feedback(
        self,
        *,
        helpful: bool,
        passage: str | None,
        knowledge_hash: str | None,
        model_id: str | None,
    ) -> None:
        """Stores whether an answer helped."""
        self._insert(
            FEEDBACK,
            helpful=helpful,
            passage=passage,
            knowledge_hash=knowledge_hash,
            model_id=model_id,
        )

    def add_unanswered(
        self,
        question: str,
        *,
        topic: str | None,
        confidence: float | None,
        knowledge_hash: str | None,
    ) -> None:
        """Stores a question that had no answer, without what could name a person."""
        self._insert(
            UNANSWERED,
            question=anonymous(question),
            topic=topic,
            confidence=confidence,
            knowledge_hash=knowledge_hash,
        )

    def _insert(self, table: sa.Table, **values: object) -> None:
        # The day, not the moment: a time would lead back to a conversation.
        day = datetime.now(timezone.utc).date().isoformat()
        with self._engine.begin() as connection:
            connection.execute(table.insert().values(day=day, **values))


def anonymous(text: str) -> str:
    """Replaces e-mail addresses, links, long numbers and stated names."""
    text = _EMAIL.sub("[e-mail]", text)
    text = _LINK.sub("[link]", text)
    text = _NUMBER.sub("[number]", text)
    for pattern in (_NAME, _TITLED):
        text = pattern.sub(r"\1 [name]", text)
    return text[:MAX_QUESTION]
