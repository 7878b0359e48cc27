"""Centres embeddings and makes them long enough for a regularised linear model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.encoding.encoder import Vectors

_EDGE = 1e-6


@dataclass(frozen=True)
class Scaling:
    """Subtracts a mean, of shape (d,), and divides by a spread.

    The embeddings of an adapted encoder share a part, and the rest is short: a model that is
    regularised at C = 1 sees next to no difference between them as they are.
    """

    mean: NDArray[np.float32]
    spread: float

    @classmethod
    def fit(cls, vectors: Vectors, length: float) -> Scaling:
        """Learns from embeddings, shape (n, d); they come out with that mean length.

        All dimensions are divided by the same number: where the encoder was taught to tell
        little apart, there is little to tell (docs/decisions/0004-adapted-encoder.md).
        """
        mean = vectors.mean(axis=0)
        spread = float(np.linalg.norm(vectors - mean, axis=1).mean()) / length + _EDGE
        return cls(np.asarray(mean, dtype=np.float32), spread)

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
            return cls(data["mean"], float(data["spread"]))
