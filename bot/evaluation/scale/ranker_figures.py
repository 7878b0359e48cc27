"""Measures the whole ranker: its two linear models grow with the targets, too."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.encoding import Vectors
from bot.evaluation.scale.corpus import Corpus
from bot.evaluation.scale.index_figures import resident
from bot.retrieval.entries import Entry, EntryKind
from bot.retrieval.ranker import Ranker

TARGETS = (100, 300, 1_000)
"""Answers to rank: a linear model for each of more than a thousand takes many minutes to train."""

TIMED = 100
"""Queries, one by one."""


@dataclass(frozen=True)
class RankerFigures:
    """What a ranker of `targets` answers with `entries` passages costs.

    Seconds to train once (a training does so twice), megabytes once it is loaded, milliseconds
    for one query without its encoding.
    """

    targets: int
    entries: int
    train_seconds: float
    memory_megabytes: float
    median_milliseconds: float


def measure_ranker(corpus: Corpus, vectors: Path, targets: int, queries: Vectors) -> RankerFigures:
    """Measures a ranker over the first answers of a corpus, in a fresh process."""
    owners, texts = first_answers(corpus, targets)
    questions = corpus.questions[:TIMED]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(rank_here, (owners, texts, vectors, questions, queries[:TIMED]))


def first_answers(corpus: Corpus, count: int) -> tuple[Sequence[int], Sequence[str]]:
    """Returns the passages of the first answers, with the answer that each belongs to."""
    end = sum(owner < count for owner in corpus.owners)
    return corpus.owners[:end], corpus.passages[:end]


def rank_here(
    owners: Sequence[int],
    texts: Sequence[str],
    vectors: Path,
    questions: Sequence[str],
    queries: Vectors,
) -> RankerFigures:
    """Measures in this process: train, save, load as a server does, then one query at a time."""
    rows = np.array(np.load(vectors, mmap_mode="r")[: len(texts)])
    entries = [
        Entry(f"answer-{owner}", EntryKind.SENTENCE, text)
        for owner, text in zip(owners, texts, strict=True)
    ]
    began = time.perf_counter()
    fitted = Ranker.fit(entries, rows)
    train_seconds = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        targets = fitted.targets
        before = resident()
        ranker = Ranker.load(Path(folder), targets)
        memory = resident() - before
    taken = []
    for question, query in zip(questions, queries, strict=False):
        began = time.perf_counter()
        _ = ranker.signals([question], query[None, :]).fused
        taken.append(1000 * (time.perf_counter() - began))
    return RankerFigures(len(targets), len(entries), train_seconds, memory, float(np.median(taken)))
