"""Checks how the texts that are searched lie to each other, by meaning.

Every question is asked of all other texts, as if nobody had written it: what then comes nearest is
what a person with a similar question would get.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.encoding import Encoder, Vectors
from bot.knowledge.passage import Passage
from bot.retrieval.entries import Entry, EntryKind
from bot.retrieval.ranker import POOL

BATCH = 1024
"""Questions compared at once: 40 MB against ten thousand texts."""


@dataclass(frozen=True)
class Asked:
    """A question asked of all texts but itself.

    `rank` is the place of its own target (1 is the first), `nearest` the target that comes
    first, `lead` how much nearer that one is than its own, in cosine.
    """

    entry: Entry
    rank: int
    nearest: str
    lead: float


def ask_all(entries: Sequence[Entry], encoder: Encoder) -> list[Asked]:
    """Asks every question of the passages and topics of all other entries."""
    vectors = encoder.encode([e.text for e in entries])
    targets = list(dict.fromkeys(e.target for e in entries))
    number = {t: i for i, t in enumerate(targets)}
    owners = np.array([number[e.target] for e in entries])
    columns = [np.flatnonzero(owners == i) for i in range(len(targets))]
    rows = [i for i, e in enumerate(entries) if e.kind is EntryKind.QUESTION]
    asked = []
    for start in range(0, len(rows), BATCH):
        part = np.array(rows[start : start + BATCH])
        scores = _pooled(part, vectors, columns)
        own = scores[np.arange(len(part)), owners[part]]
        ranks = (scores > own[:, None]).sum(axis=1) + 1
        best = scores.argmax(axis=1)
        for i, row in enumerate(part):
            lead = float(scores[i, best[i]] - own[i])
            asked.append(Asked(entries[row], int(ranks[i]), targets[best[i]], lead))
    return asked


def _pooled(
    part: NDArray[np.int64], vectors: Vectors, columns: Sequence[NDArray[np.int64]]
) -> NDArray[np.float32]:
    """Returns each target's mean cosine over its best few texts, as the ranker pools them."""
    cosines = vectors[part] @ vectors.T
    cosines[np.arange(len(part)), part] = -1.0  # Not itself.
    pooled = np.empty((len(part), len(columns)), dtype=np.float32)
    for target, texts in enumerate(columns):
        best = np.sort(cosines[:, texts], axis=1)[:, -POOL:]
        pooled[:, target] = best.mean(axis=1)
    return pooled


def alike(
    passages: Sequence[Passage], encoder: Encoder, least: float
) -> Iterator[tuple[Passage, Passage, float]]:
    """Yields pairs of passages whose whole texts have at least this cosine, the nearest first."""
    vectors = encoder.encode([p.searched for p in passages])
    cosines = np.triu(vectors @ vectors.T, k=1)
    pairs = zip(*np.nonzero(cosines >= least), strict=True)
    for i, j in sorted(pairs, key=lambda pair: -float(cosines[pair])):
        yield passages[i], passages[j], float(cosines[i, j])
