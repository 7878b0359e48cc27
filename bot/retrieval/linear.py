"""Two linear models from text to target: over the embedding, and over character n-grams."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.encoding import Vectors
from bot.encoding.scaling import Scaling

PROBE_LENGTH = 8.0
"""Mean length of the embeddings that the probe is fitted on."""

PROBE_C = 0.01
"""Its regularisation. On dev, 2026-11-30, the probe alone right at rank 1 with 1, 0.1 and 0.01:
0.860, 0.868, 0.889; on the embeddings themselves, cut off after 200 steps, 0.886."""

_ONE_AT_A_TIME = threading.Lock()

Scores = NDArray[np.float32]

FEATURES = 2**16
"""Hash buckets for character n-grams: no vocabulary to store, collisions are harmless here."""


class LinearModel:
    """Scores each target by a dot product: `x @ weights.T + bias`."""

    def __init__(self, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        self.weights = weights
        self.bias = bias
        # Row-major by feature: a sparse query then touches only the rows it needs.
        self._by_feature = np.ascontiguousarray(weights.T)

    def scores(self, x: Any) -> Scores:
        """Returns scores, shape (rows of x, targets)."""
        return np.asarray(x @ self._by_feature + self.bias, dtype=np.float32)

    def save(self, path: Path) -> None:
        """Writes weights as plain arrays (no pickle), in half precision if they are.

        Compressed, since most weights over n-grams are 0: what Rasa packs into the model it
        compresses as hard as it can, which took ten seconds for them.
        """
        halved = self.weights.astype(np.float16)
        same = np.array_equal(halved.astype(np.float32), self.weights)
        np.savez_compressed(path, weights=halved if same else self.weights, bias=self.bias)

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as data:
            return cls(data["weights"].astype(np.float32), data["bias"])


def fit_probe(vectors: Vectors, targets: NDArray[np.int64], count: int) -> LinearModel:
    """Fits multinomial logistic regression on embeddings, where their targets part best.

    On the embeddings themselves it has not converged after 200 steps, so that its weights depend
    on the number of processors; after linear discriminant analysis it has after 60.
    """
    from sklearn.linear_model import LogisticRegression

    scaling = Scaling.fit(vectors, PROBE_LENGTH)
    scaled = scaling(vectors)
    axes = _discriminant(scaled, targets)
    model = LogisticRegression(C=PROBE_C if axes is not None else 1.0, max_iter=200, tol=1e-3)
    model.fit(scaled if axes is None else scaled @ axes, targets)
    coef = model.coef_ if axes is None else model.coef_ @ axes.T
    # The scaling is linear, so it goes into the weights: w(x - m)/s = (w/s)x - (w/s)m.
    weights = coef / scaling.spread
    bias = model.intercept_ - weights @ scaling.mean
    return _spread(weights, bias, model.classes_, count)


def _discriminant(vectors: Vectors, targets: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Returns the axes along which the targets part, shape (d, axes); None if there are none.

    There are none where a few texts tell nothing of how the texts of one target differ.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    count = len(np.unique(targets))
    if len(targets) <= 2 * count:
        return None
    try:
        model = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(vectors, targets)
    except np.linalg.LinAlgError:
        return None
    axes = np.asarray(model.scalings_[:, : count - 1], dtype=np.float64)
    return axes if np.isfinite(axes).all() else None


def fit_lexical(
    features: Any,
    targets: NDArray[np.int64],
    count: int,
    weights: NDArray[np.float64] | None = None,
) -> LinearModel:
    """Fits a linear SVM on character n-grams; deterministic.

    Two at a time would not be: liblinear draws from one sequence of random numbers for the whole
    process, so each waits for the other.

    Args:
        features: sparse, shape (texts, FEATURES).
        targets: the number of each text's target.
        count: how many targets there are.
        weights: how much each text counts; all the same if nothing is said.
    """
    from sklearn.svm import LinearSVC

    with _ONE_AT_A_TIME:
        model = LinearSVC(C=0.3, random_state=0, tol=1e-3).fit(features, targets, weights)
    # In half precision from the start, as they are stored: what is calibrated on them holds.
    coef = model.coef_.astype(np.float16)
    return _spread(coef, model.intercept_, model.classes_, count)


def _spread(coef: Any, intercept: Any, classes: Any, count: int) -> LinearModel:
    """Lays the rows out by target number; a target that was not seen never wins."""
    weights = np.zeros((count, coef.shape[1]), dtype=np.float32)
    bias = np.full(count, -30.0, dtype=np.float32)
    if len(coef) == 1:  # Two classes: scikit-learn keeps one row.
        coef, intercept = np.vstack([-coef, coef]), np.r_[-intercept, intercept]
    weights[classes] = coef
    bias[classes] = intercept
    return LinearModel(weights, bias)


class CharacterFeatures:
    """Hashed, idf-weighted character n-grams (2 to 5 letters): robust to misspelling."""

    def __init__(self, idf: NDArray[np.float32]) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer

        self.idf = idf
        self._hash = HashingVectorizer(
            analyzer="char_wb",
            ngram_range=(2, 5),
            n_features=FEATURES,
            alternate_sign=False,
            norm=None,
            lowercase=True,
        )

    @classmethod
    def fit(cls, counts: Any) -> CharacterFeatures:
        """Learns how rare each bucket is from `count_characters` of texts."""
        seen = np.bincount(counts.indices, minlength=FEATURES)
        idf = np.log((1 + counts.shape[0]) / (1 + seen)) + 1
        return cls(idf.astype(np.float32))

    def transform(self, texts: Sequence[str]) -> Any:
        """Returns a sparse matrix, shape (len(texts), FEATURES), rows of length 1."""
        return self.weigh(self._hash.transform(texts))

    def weigh(self, counts: Any) -> Any:
        """Returns the same for texts that are counted already, shape (texts, FEATURES)."""
        from scipy.sparse import csr_matrix
        from sklearn.preprocessing import normalize

        logs = counts.copy()
        logs.data = 1 + np.log(logs.data)
        weighted = csr_matrix(logs.multiply(self.idf), dtype=np.float32)
        return normalize(weighted, copy=False)


def count_characters(texts: Sequence[str]) -> Any:
    """Counts the n-grams of each text, the slow part: sparse, shape (texts, FEATURES)."""
    return CharacterFeatures(np.ones(FEATURES, dtype=np.float32))._hash.transform(texts)
