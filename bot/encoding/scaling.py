"""Spreads embeddings that lie close together, so that a linear model can tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.encoding.encoder import Vectors

_EDGE = 1e-6


@dataclass(frozen=True)
class Scaling:
    """Subtracts a mean and divides by a spread, each of shape (d,).

    The embeddings of an adapted encoder share a large part. A regularised model that is fitted on
    them as they are sees next to no difference: 0.79 of dev intents right instead of 0.92.
    """

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]

    @classmethod
    def fit(cls, vectors: Vectors) -> Scaling:
        """Learns from embeddings, shape (n, d); they come out with a mean length of about 1."""
        spread = vectors.std(axis=0) + _EDGE
        return cls(
            np.asarray(vectors.mean(axis=0), dtype=np.float32),
            np.asarray(spread * np.sqrt(vectors.shape[1]), dtype=np.float32),
        )

    def __call__(self, vectors: Vectors) -> Vectors:
        """Returns the embeddings scaled, in their shape."""
        return np.asarray((vectors - self.mean) / self.spread, dtype=np.float32)

    def save(self, path: Path) -> None:
        """Writes plain arrays (no pickle)."""
        np.savez(path, mean=self.mean, spread=self.spread)

    @classmethod
    def load(cls, path: Path) -> Scaling:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as data:
            return cls(data["mean"], data["spread"])
