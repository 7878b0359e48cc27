"""What the bot is compared with: plain retrieval, plain intent choice, a list of words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.encoding import Encoder, Vectors
from bot.evaluation.sets import Example
from bot.knowledge.base import KnowledgeBase
from bot.retrieval.entries import build_entries, is_passage

DEPTH = 5


@dataclass(frozen=True)
class Ranked:
    """Passages, best first, and the score of the first."""

    passages: tuple[str, ...]
    score: float


class Baseline(Protocol):
    """Ranks passages for each text."""

    name: str

    def rank(self, texts: Sequence[str]) -> list[Ranked]:
        """Returns one ranking a text."""
        ...


class BM25Baseline:
    """BM25 (Okapi, rank-bm25's defaults) over the bare passages."""

    name = "BM25, bare passages"

    def __init__(self, knowledge: KnowledgeBase) -> None:
        from rank_bm25 import BM25Okapi

        self._ids = [p.id for p in knowledge.passages]
        self._index = BM25Okapi([words(p.searched) for p in knowledge.passages])

    def rank(self, texts: Sequence[str]) -> list[Ranked]:
        """Returns one ranking a text."""
        scores = np.array([self._index.get_scores(words(t)) for t in texts])
        return _best(scores.reshape(len(texts), len(self._ids)), self._ids)


class NearestBaseline:
    """The entry with the highest cosine; a passage is as near as its nearest entry."""

    def __init__(
        self, name: str, encoder: Encoder, owners: Sequence[str], texts: Sequence[str]
    ) -> None:
        self.name = name
        self._encoder = encoder
        self._ids = list(dict.fromkeys(owners))
        place = {identity: i for i, identity in enumerate(self._ids)}
        self._owner = np.array([place[o] for o in owners])
        self._vectors = encoder.encode(texts)

    def rank(self, texts: Sequence[str]) -> list[Ranked]:
        """Returns one ranking a text."""
        cosines = self._encoder.encode(texts) @ self._vectors.T
        scores = np.full((len(texts), len(self._ids)), -1.0)
        for entry, owner in enumerate(self._owner):
            scores[:, owner] = np.maximum(scores[:, owner], cosines[:, entry])
        return _best(scores, self._ids)


def retrieval_baselines(knowledge: KnowledgeBase, encoder: Encoder) -> list[Baseline]:
    """Builds the three that every figure of retrieval stands beside."""
    entries = [e for e in build_entries(knowledge) if is_passage(e.target)]
    return [
        BM25Baseline(knowledge),
        NearestBaseline(
            "MiniLM, bare passages",
            encoder,
            [p.id for p in knowledge.passages],
            [p.searched for p in knowledge.passages],
        ),
        NearestBaseline(
            "MiniLM, passages and questions",
            encoder,
            [e.target for e in entries],
            [e.text for e in entries],
        ),
    ]


class CentroidIntents:
    """The intent whose examples' mean embedding is nearest."""

    name = "nearest centroid, plain MiniLM"

    def __init__(self, examples: Sequence[Example], encoder: Encoder) -> None:
        self._encoder = encoder
        self._labels = sorted({e.intent for e in examples})
        vectors = encoder.encode([e.text for e in examples])
        owner = np.array([self._labels.index(e.intent) for e in examples])
        means = np.stack([vectors[owner == i].mean(axis=0) for i in range(len(self._labels))])
        self._centroids: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)

    def predict(self, texts: Sequence[str]) -> list[str]:
        """Returns one intent a text."""
        best = (self._encoder.encode(texts) @ self._centroids.T).argmax(axis=1)
        return [self._labels[i] for i in best]


def majority_intent(examples: Sequence[Example]) -> str:
    """Returns the intent with the most examples; of equals the first by name."""
    counts = Counter(e.intent for e in examples)
    return min(counts, key=lambda label: (-counts[label], label))


_WORD_LIST = re.compile(
    r"\b(?:fevers?|feverish|confus(?:ed|ion)|trouble (?:speaking|talking)|sleep(?:y|iness)"
    r"|short(?:ness)? of breath|chest pains?|faint(?:s|ed|ing)?)\b",
    re.IGNORECASE,
)


def word_list_alarm(text: str) -> bool:
    """Tells whether a text holds one of the words of the article's own list of warning signs."""
    return bool(_WORD_LIST.search(text))


def words(text: str) -> list[str]:
    """Splits into lower-case words, as BM25 sees a text."""
    return re.findall(r"[a-z0-9]+", text.lower())


def _best(scores: NDArray[np.float64], ids: list[str]) -> list[Ranked]:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return [
        Ranked(tuple(ids[i] for i in row), float(scores[n, row[0]])) for n, row in enumerate(order)
    ]
