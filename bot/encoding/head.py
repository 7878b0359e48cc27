"""A linear head over sentence embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.encoding.encoder import Vectors


@dataclass(frozen=True)
class Head:
    """Labels with weights of shape (labels, d), over embeddings of length 1."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def logits(self, vectors: Vectors) -> NDArray[np.float32]:
        """Returns scores, shape (len(vectors), labels)."""
        return np.asarray(vectors @ self.weights.T + self.bias, dtype=np.float32)

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Returns probabilities, shape (len(vectors), labels); rows sum to 1."""
        logits = self.logits(vectors).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def columns(self, labels: Sequence[str]) -> list[int]:
        """Returns the columns of those labels that the head has."""
        return [i for i, name in enumerate(self.labels) if name in set(labels)]
