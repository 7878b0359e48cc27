"""A linear model over n-grams and word classes: what an embedding of meaning smooths away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.safety.ngrams import BUCKETS, Bag, bag_of

Array = NDArray[np.float64]

_INVERSE_REGULARIZATION = 20.0


class WordingModel:
    """Multinomial logistic regression; plain numpy to score, scikit-learn only to fit."""

    def __init__(self, labels: Sequence[str], weights: Array, bias: Array):
        self.labels = tuple(labels)
        self.weights = weights  # labels x buckets
        self.bias = bias

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str]) -> WordingModel:
        """Learns from texts with one label each."""
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import LogisticRegression

        bags = [bag_of(text) for text in texts]
        ends = np.cumsum([0, *(len(bag.buckets) for bag in bags)])
        weights = np.concatenate([bag.weights for bag in bags])
        buckets = np.concatenate([bag.buckets for bag in bags])
        table = csr_matrix((weights, buckets, ends), shape=(len(bags), BUCKETS))
        # Weighed with the other halves afterwards: the last digits do not matter.
        model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=150, tol=1e-3)
        model.fit(table, labels)
        rows, bias = model.coef_, model.intercept_
        if len(rows) == 1:  # Two labels: one row stands for both.
            rows, bias = np.vstack([-rows, rows]) / 2, np.concatenate([-bias, bias]) / 2
        return cls([str(name) for name in model.classes_], rows, bias)

    def probabilities(self, texts: Sequence[str]) -> Array:
        """Returns the probability of each label, shape (len(texts), labels)."""
        logits = np.stack([self._logits(bag_of(text)) for text in texts])
        logits -= logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))

    def _logits(self, bag: Bag) -> Array:
        return np.asarray(self.weights[:, bag.buckets] @ bag.weights + self.bias)
