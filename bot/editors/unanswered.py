"""Reads the questions that had no answer, and groups those that ask for the same thing.

The action server stores them without identity: words, day, and the topic if one was recognised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from bot.encoding import Encoder, Vectors
from bot.errors import GuideError

TABLE = "guide_unanswered"
"""What actions/store.py writes; a test holds the two together."""

SQLITE = "sqlite:///"

APART = 0.55
"""Cosine distance at which two groups stay two. Of 500 questions on the topics of not_covered.yml,
plain MiniLM then puts 275 into groups, 72 % of them with their own topic; 0.45 groups 149 (82 %),
0.65 groups 390 (63 %). A group too many is read past; a false one hides what is asked."""

MOST = 4_000
"""Wordings that are grouped, the newest first: their distances take 130 MB."""


@dataclass(frozen=True)
class Question:
    """A question as it was stored."""

    day: str
    text: str
    topic: str | None


@dataclass(frozen=True)
class Group:
    """Questions that ask for the same thing, by their wordings, the most frequent first."""

    wordings: tuple[tuple[str, int], ...]
    centre: str
    """The wording that lies nearest to all others: the group's name."""
    first_day: str
    last_day: str
    topics: tuple[tuple[str, int], ...]
    nearest: str = ""
    """The title of the passage that lies nearest: what may lack a question, or a neighbour."""

    @property
    def count(self) -> int:
        """How often it was asked."""
        return sum(n for _, n in self.wordings)


def read_questions(url: str, since: date | None = None) -> list[Question]:
    """Reads the stored questions, the oldest first; none if nothing was ever stored.

    Raises:
        GuideError: if the database cannot be read.
    """
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).is_file():
        return []  # Connecting would make an empty file.
    day, text, topic = sa.column("day"), sa.column("question"), sa.column("topic")
    query = sa.select(day, text, topic).select_from(sa.table(TABLE)).order_by(sa.column("id"))
    if since is not None:
        query = query.where(day >= since.isoformat())
    try:
        engine = sa.create_engine(url, hide_parameters=True)
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(TABLE):
                return []
            rows = connection.execute(query).all()
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise GuideError(
            f"The questions cannot be read ({type(error).__name__}). Set GUIDE_FEEDBACK_URL to "
            "the database that the action server writes to."
        ) from error
    return [Question(str(r[0]), str(r[1]).strip(), r[2]) for r in rows if str(r[1]).strip()]


def grouped(
    questions: Sequence[Question], encoder: Encoder, passages: Sequence[tuple[str, str]] = ()
) -> list[Group]:
    """Groups questions by meaning, the most frequent group first.

    Args:
        questions: the oldest first; beyond MOST wordings the oldest are left out.
        encoder: the plain one: an adapted encoder knows the topics it was taught, not new ones.
        passages: (title, words) of what may be quoted, to name each group's nearest.
    """
    asked: dict[str, list[Question]] = {}
    for question in reversed(questions):
        asked.setdefault(_folded(question.text), []).append(question)
    wordings = list(asked.values())[:MOST]
    if not wordings:
        return []
    vectors = encoder.encode([found[0].text for found in wordings])
    titles = [title for title, _ in passages]
    known = encoder.encode([words for _, words in passages]) if passages else None
    labels = _labels(vectors)
    groups = [
        _group([wordings[i] for i in members], vectors[members], titles, known)
        for members in (np.flatnonzero(labels == label) for label in np.unique(labels))
    ]
    return sorted(groups, key=lambda g: (-g.count, g.centre))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?!. ")


def _labels(vectors: Vectors) -> NDArray[np.int64]:
    if len(vectors) == 1:
        return np.zeros(1, dtype=np.int64)
    from sklearn.cluster import AgglomerativeClustering

    distances = np.clip(1.0 - vectors @ vectors.T, 0.0, 2.0)
    clustering = AgglomerativeClustering(
        n_clusters=None, affinity="precomputed", linkage="average", distance_threshold=APART
    )
    return np.asarray(clustering.fit_predict(distances), dtype=np.int64)


def _group(
    wordings: Sequence[Sequence[Question]],
    vectors: Vectors,
    titles: Sequence[str],
    known: Vectors | None,
) -> Group:
    counts = [(found[0].text, len(found)) for found in wordings]
    everything = [q for found in wordings for q in found]
    weights = np.array([n for _, n in counts], dtype=np.float32)
    mean = weights @ vectors
    days = sorted(q.day for q in everything)
    topics = Counter(q.topic for q in everything if q.topic)
    return Group(
        tuple(sorted(counts, key=lambda c: (-c[1], c[0]))),
        counts[int(np.argmax(vectors @ mean))][0],
        days[0],
        days[-1],
        tuple(topics.most_common()),
        "" if known is None else titles[int(np.argmax(known @ mean))],
    )
