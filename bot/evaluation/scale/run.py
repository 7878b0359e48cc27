"""One run: encode what is not encoded yet, then measure indexes and hits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from bot.encoding import Encoder, Vectors
from bot.evaluation.scale.corpus import Corpus, read_corpus, sample
from bot.evaluation.scale.embeddings import embed
from bot.evaluation.scale.hits import measure_hits
from bot.evaluation.scale.index_figures import KINDS, IndexFigures, measure_index
from bot.evaluation.scale.ranker_figures import TARGETS, RankerFigures, measure_ranker
from bot.evaluation.scale.report import ScaleRun

SIZES = (100, 300, 1_000, 3_000, 10_000, 30_000, 50_000)
QUESTIONS = 1_000
"""Questions asked: a hit rate within three points (95 %), in a few minutes."""

TIMED = 300
"""Of these, the queries timed one by one at each size."""

Measure = Callable[[str, Path, int, Vectors], IndexFigures]
MeasureRank = Callable[[Corpus, Path, int, Vectors], RankerFigures]


def run(
    file: Path,
    encoder: Encoder,
    key: str,
    cache: Path,
    *,
    seconds: float | None = None,
    sizes: tuple[int, ...] = SIZES,
    measure: Measure = measure_index,
    measure_rank: MeasureRank = measure_ranker,
) -> ScaleRun | None:
    """Measures everything, or returns None if the time to encode was up first.

    Args:
        file: the corpus.
        encoder: the plain encoder.
        key: names its weights in the cache.
        cache: folder for the vectors, which the next run takes up.
        seconds: how long to encode at most; None goes on to the end.
        sizes: numbers of passages; larger ones than the corpus are left out.
        measure: measures one index; a process of its own unless a test says otherwise.
        measure_rank: the same for a whole ranker.
    """
    corpus = read_corpus(file, max(sizes))
    asked = sample(corpus, QUESTIONS)
    vectors = embed(corpus.passages, encoder, key, cache, seconds=seconds)
    if vectors is None:
        return None
    queries = encoder.encode([corpus.questions[n] for n in asked])
    path = cache / "all.npy"
    np.save(path, vectors)
    indexes = _indexes(len(corpus.passages), path, queries[:TIMED], sizes, measure)
    return ScaleRun(
        answers=len(corpus.answers),
        passages=len(corpus.passages),
        asked=len(asked),
        indexes=indexes,
        hits=measure_hits(corpus, vectors, queries, asked),
        rankers=[
            measure_rank(corpus, path, targets, queries)
            for targets in TARGETS
            if targets <= len(corpus.answers)
        ],
    )


def _indexes(
    full: int, path: Path, queries: Vectors, sizes: tuple[int, ...], measure: Measure
) -> list[IndexFigures]:
    # Whole answers end just below the largest size, which then means all of them.
    within = sorted({min(size, full) for size in sizes})
    return [measure(kind, path, size, queries) for size in within for kind in KINDS]
