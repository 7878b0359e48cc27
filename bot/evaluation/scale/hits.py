"""Counts how often a question finds the answer that it stands beside in the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.encoding import Vectors
from bot.evaluation.baselines import words
from bot.evaluation.metrics import Rate
from bot.evaluation.progress import shown
from bot.evaluation.scale.corpus import Corpus
from bot.retrieval.vectors import VectorIndex

DEPTH = 10
"""Answers looked at."""

REACH = 200
"""Passages fetched a query: they belong to ten answers and more, an answer having about three."""


@dataclass(frozen=True)
class Hits:
    """How often a system ranks a question's own answer first, and among the first ten."""

    system: str
    at_1: Rate
    at_10: Rate


def count_hits(system: str, ranked: Sequence[Sequence[int]], asked: Sequence[int]) -> Hits:
    """Counts; `ranked[i]` lists answers, best first, for the question of answer `asked[i]`."""
    pairs = list(zip(ranked, asked, strict=True))
    return Hits(
        system,
        Rate.of([own in list(r[:1]) for r, own in pairs]),
        Rate.of([own in list(r[:DEPTH]) for r, own in pairs]),
    )


def by_vectors(index: VectorIndex, owners: Sequence[int], queries: Vectors) -> list[list[int]]:
    """Ranks answers by their nearest passage."""
    _, numbers = index.search(queries, REACH)
    return [_first_answers(owners[n] for n in row if n >= 0) for row in numbers]


def by_bm25(
    texts: Sequence[str], owners: Sequence[int], questions: Sequence[str]
) -> list[list[int]]:
    """Ranks answers by BM25 (Okapi, rank-bm25's defaults), by their best text."""
    from rank_bm25 import BM25Okapi

    return _ranked(BM25Okapi([words(t) for t in texts]).get_scores, owners, questions)


def _ranked(
    score: Callable[[list[str]], NDArray[np.float64]],
    owners: Sequence[int],
    questions: Sequence[str],
) -> list[list[int]]:
    found = []
    for question in shown("BM25", questions):
        order = np.argsort(-score(words(question)), kind="stable")[:REACH]
        found.append(_first_answers(owners[n] for n in order))
    return found


def _first_answers(owners: Iterator[int]) -> list[int]:
    return list(dict.fromkeys(owners))[:DEPTH]


def measure_hits(
    corpus: Corpus, vectors: Vectors, queries: Vectors, asked: Sequence[int]
) -> list[Hits]:
    """Measures exact search, HNSW and BM25 over the whole corpus.

    Args:
        corpus: the passages.
        vectors: theirs, shape (passages, d).
        queries: those of the asked questions, shape (len(asked), d).
        asked: the answers whose questions are asked.
    """
    questions = [corpus.questions[n] for n in asked]
    whole = range(len(corpus.answers))
    exact = VectorIndex.build(vectors)
    graph = VectorIndex.build_approximate(vectors)
    ranked = {
        "MiniLM, exact": by_vectors(exact, corpus.owners, queries),
        "MiniLM, HNSW": by_vectors(graph, corpus.owners, queries),
        "BM25, passages": by_bm25(corpus.passages, corpus.owners, questions),
        "BM25, whole answers": by_bm25(corpus.answers, whole, questions),
    }
    return [count_hits(system, found, asked) for system, found in ranked.items()]
