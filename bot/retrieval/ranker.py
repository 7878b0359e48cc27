"""Ranks targets for a query by three signals that fail differently, fused.

Measured on questions whose writer the index had not seen (rank 1 / top 3, train on writer A
and test on B): nearest entries 0.75/0.90, probe 0.74/0.91, character n-grams 0.75/0.89, the
sum of the three 0.82/0.94. docs/decisions/0003-retrieval.md has the losers.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.encoding import Vectors
from bot.retrieval.entries import Entry, taught
from bot.retrieval.linear import (
    CharacterFeatures,
    LinearModel,
    Scores,
    count_characters,
    fit_lexical,
    fit_probe,
)
from bot.retrieval.memory import FitMemory
from bot.retrieval.vectors import VectorIndex

NEIGHBOURS = 96
"""Entries fetched a query: enough that the best three of each likely target are among them."""

POOL = 3
"""A target's similarity is the mean of its best three entries: steadier than the best one."""


SIMILARITY_WEIGHT = 0.2
LEXICAL_WEIGHT = 1.5
"""Beside the probe's 1. On dev, 2026-11-29, rank 1 / top 3 with 1 and 1: 0.894/0.974; 0.2 and 1.5:
0.937/0.989; 0 and 1.5: 0.942/0.989. The encoder has learned from the very questions that are the
nearest entries, so that nearness tells little that the probe does not."""


@dataclass(frozen=True)
class Signals:
    """Scores of every target for a batch of queries, each of shape (queries, targets)."""

    similarity: Scores
    probe: Scores
    lexical: Scores

    def rows(self, part: slice) -> Signals:
        """Returns those of some of the queries."""
        return Signals(self.similarity[part], self.probe[part], self.lexical[part])

    @property
    def fused(self) -> Scores:
        """The weighted sum of the three, each standardised over the targets of its query."""
        return (
            SIMILARITY_WEIGHT * standardise(self.similarity)
            + standardise(self.probe)
            + LEXICAL_WEIGHT * standardise(self.lexical)
        )


class Ranker:
    """Scores all targets for queries given as text and embedding."""

    def __init__(
        self,
        targets: list[str],
        owners: NDArray[np.int64],
        index: VectorIndex,
        probe: LinearModel,
        lexical: LinearModel,
        characters: CharacterFeatures,
    ) -> None:
        self.targets = targets
        self.owners = owners
        self.index = index
        self.probe = probe
        self.lexical = lexical
        self.characters = characters

    @classmethod
    def fit(
        cls,
        entries: Sequence[Entry],
        vectors: Vectors,
        counts: Any = None,
        memory: FitMemory | None = None,
    ) -> Ranker:
        """Builds the index of all entries and fits the linear models on those that teach.

        Args:
            entries: what is searched.
            vectors: their embeddings, shape (len(entries), d).
            counts: `count_characters` of their texts, if that is known.
            memory: remembers models that were fitted on the same before.
        """
        memory = memory or FitMemory()
        targets = list(dict.fromkeys(e.target for e in entries))
        number = {t: i for i, t in enumerate(targets)}
        owners = np.array([number[e.target] for e in entries], dtype=np.int64)
        if counts is None:
            counts = count_characters([e.text for e in entries])
        teach = taught(entries)
        counts, asked, right = counts[teach], vectors[teach], owners[teach]
        characters = CharacterFeatures.fit(counts)
        size = len(targets)
        if size > 1:
            with ThreadPoolExecutor(1) as beside:
                spelt = characters.weigh(counts)
                fitting = beside.submit(
                    memory.model,
                    ("lexical", spelt, right, size),
                    partial(fit_lexical, spelt, right, size),
                )
                probe = memory.model(
                    ("probe", asked, right, size), partial(fit_probe, asked, right, size)
                )
                lexical = fitting.result()
        else:  # One passage: similarity alone ranks.
            probe = LinearModel(
                np.zeros((1, vectors.shape[1]), np.float32), np.zeros(1, np.float32)
            )
            lexical = LinearModel(
                np.zeros((1, len(characters.idf)), np.float32), np.zeros(1, np.float32)
            )
        # Rounded as it is stored: what is calibrated on its cosines holds.
        index = VectorIndex.build(vectors.astype(np.float16))
        return cls(targets, owners, index, probe, lexical, characters)

    def signals(self, texts: Sequence[str], vectors: Vectors) -> Signals:
        """Scores every target for each query.

        Args:
            texts: the queries.
            vectors: their embeddings, shape (len(texts), d).
        """
        return Signals(
            self._similarity(vectors),
            self.probe.scores(vectors),
            self.lexical.scores(self.characters.transform(texts)),
        )

    def _similarity(self, vectors: Vectors) -> Scores:
        scores, numbers = self.index.search(vectors, NEIGHBOURS)
        # A target with fewer than three entries in reach is padded with the last one's score.
        floor = scores[:, -1:]
        pooled = np.repeat(floor * POOL, len(self.targets), axis=1)
        owners = self.owners[numbers]
        # Entries come best first: sorted by owner, stably, each owner's best three lead its run.
        order = np.argsort(owners, axis=1, kind="stable")
        sorted_owners = np.take_along_axis(owners, order, axis=1)
        place = np.arange(owners.shape[1])
        new = np.ones_like(sorted_owners, dtype=bool)
        new[:, 1:] = sorted_owners[:, 1:] != sorted_owners[:, :-1]
        run_start = np.maximum.accumulate(np.where(new, place, 0), axis=1)
        rows, columns = np.nonzero(place - run_start < POOL)
        gained = (scores - floor)[rows, order[rows, columns]]
        np.add.at(pooled, (rows, sorted_owners[rows, columns]), gained)
        return np.asarray(pooled / POOL, dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Writes the index and the models."""
        self.index.save(folder / "index.faiss", half=True)
        self.probe.save(folder / "probe.npz")
        self.lexical.save(folder / "lexical.npz")
        np.savez(folder / "ranker.npz", owners=self.owners, idf=self.characters.idf)

    @classmethod
    def load(cls, folder: Path, targets: list[str]) -> Ranker:
        """Reads what `save` wrote."""
        with np.load(folder / "ranker.npz", allow_pickle=False) as data:
            owners, idf = data["owners"], data["idf"]
        return cls(
            targets,
            owners,
            VectorIndex.load(folder / "index.faiss"),
            LinearModel.load(folder / "probe.npz"),
            LinearModel.load(folder / "lexical.npz"),
            CharacterFeatures(idf),
        )


def standardise(scores: Scores) -> Scores:
    """Returns scores of mean 0 and spread 1 over the targets, the last axis."""
    spread = scores.std(axis=-1, keepdims=True)
    centred = scores - scores.mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.maximum(spread, 1e-6), dtype=np.float32)
