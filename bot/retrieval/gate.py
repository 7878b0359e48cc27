"""Decides how far a ranking can be trusted: a small calibrated model over its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.retrieval.entries import OFF_TOPIC, is_passage
from bot.retrieval.ranker import Signals

Matrix = NDArray[np.float64]

FEATURE_NAMES = (
    "best passage's share",
    "lead over the next passage",
    "passages' share",
    "topics' share",
    "off-topic share",
    "lead over the best non-passage",
    "best passage's similarity",
    "best passage's character score",
    "signals that agree",
    "words, log",
)


@dataclass(frozen=True)
class Gate:
    """Logistic regression from ranking features to 'the best passage answers the question'."""

    weights: list[float]
    bias: float
    centre: list[float]
    scale: list[float]

    def probability(self, features: Matrix) -> NDArray[np.float64]:
        """Returns P(best passage is right), shape (rows,)."""
        x = (features - np.array(self.centre)) / np.array(self.scale)
        return np.asarray(1 / (1 + np.exp(-(x @ np.array(self.weights) + self.bias))))

    @classmethod
    def fit(cls, features: Matrix, right: NDArray[np.bool_]) -> Gate:
        """Fits on out-of-fold features; `right` tells which best passages were right."""
        from sklearn.linear_model import LogisticRegression

        centre, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
        if right.all() or not right.any():  # Nothing to tell apart: too small a knowledge base.
            bias = 4.0 if right.all() else -4.0
            return cls([0.0] * features.shape[1], bias, list(centre), list(scale))
        model = LogisticRegression(C=1.0, max_iter=500).fit((features - centre) / scale, right)
        return cls(
            [float(w) for w in model.coef_[0]],
            float(model.intercept_[0]),
            [float(c) for c in centre],
            [float(s) for s in scale],
        )


def alike_matrix(targets: Sequence[str], pairs: Sequence[tuple[str, str]]) -> NDArray[np.bool_]:
    """Tells which targets are as good as which, themselves among them, shape (targets, targets)."""
    number = {target: i for i, target in enumerate(targets)}
    alike = np.eye(len(targets), dtype=np.bool_)
    for first, second in pairs:
        if first in number and second in number:
            alike[number[first], number[second]] = alike[number[second], number[first]] = True
    return alike


def gate_features(
    signals: Signals,
    targets: list[str],
    words: NDArray[np.int64],
    alike: NDArray[np.bool_] | None = None,
) -> Matrix:
    """Computes FEATURE_NAMES for each query, shape (queries, 10).

    Args:
        signals: of the ranker.
        targets: the ranker's.
        words: how many words each query has, shape (queries,).
        alike: `alike_matrix`; passages that are as good as the best one are no rivals of it.
    """
    alike = np.eye(len(targets), dtype=np.bool_) if alike is None else alike
    passage = np.array([is_passage(t) for t in targets])
    off = np.array([t == OFF_TOPIC for t in targets])
    topic = ~passage & ~off
    fused = signals.fused
    share = np.exp(fused - fused.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    rows = np.arange(len(fused))
    inside = np.where(passage, fused, -np.inf)
    best = inside.argmax(axis=1)
    group = alike[best]
    second = np.where(group, -np.inf, inside).max(axis=1)
    second = np.where(np.isfinite(second), second, inside[rows, best] - 10.0)
    outside = np.where(passage, -np.inf, fused)
    rival = outside.max(axis=1) if (~passage).any() else inside[rows, best] - 10.0
    agree = sum(
        group[rows, np.where(passage, s, -np.inf).argmax(axis=1)].astype(float)
        for s in (signals.similarity, signals.probe, signals.lexical)
    )
    columns = [
        (share * group).sum(axis=1),
        inside[rows, best] - second,
        share[:, passage].sum(axis=1),
        share[:, topic].sum(axis=1),
        share[:, off].sum(axis=1),
        inside[rows, best] - rival,
        signals.similarity[rows, best],
        signals.lexical[rows, best],
        agree,
        np.log1p(words),
    ]
    return np.stack([np.asarray(c, dtype=np.float64) for c in columns], axis=1)
