"""Weighs what the three halves of the detector found into one probability of each alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.safety.pattern_detector import Examination

Array = NDArray[np.float64]

FEATURE_NAMES = (
    "urgent by meaning",
    "crisis by meaning",
    "any alarm by meaning",
    "urgent by its most telling clause",
    "crisis by its most telling clause",
    "urgent by wording",
    "crisis by wording",
    "patterns: urgent",
    "patterns: families, log",
    "patterns: crisis",
    "patterns: something denied",
    "patterns: another sense",
    "patterns: a normal reading",
    "words, log",
    "not English",
)
_EDGE = 1e-6


def log_odds(probability: Array | float) -> Array:
    """Returns log(p / (1 - p)), finite for 0 and 1."""
    p = np.clip(np.asarray(probability, dtype=np.float64), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(p) - np.log1p(-p))


@dataclass(frozen=True)
class Signals:
    """Probabilities by meaning (the message, its most telling clause) and by wording."""

    urgent: float
    crisis: float
    urgent_clause: float
    crisis_clause: float
    urgent_wording: float
    crisis_wording: float


def features(signals: Signals, examined: Examination, text: str) -> Array:
    """Computes FEATURE_NAMES, shape (15,)."""
    verdict = examined.verdict
    families = {f.family for f in verdict.affirmed if f.tier in ("core", "ext")}
    return np.array(
        [
            *log_odds(
                np.array(
                    [
                        signals.urgent,
                        signals.crisis,
                        signals.urgent + signals.crisis,
                        signals.urgent_clause,
                        signals.crisis_clause,
                        signals.urgent_wording,
                        signals.crisis_wording,
                    ]
                )
            ),
            bool(families),
            np.log1p(len(families)),
            verdict.crisis,
            any(f.negated for f in verdict.findings),
            examined.other_sense,
            examined.normal_reading,
            np.log1p(len(text.split())),
            verdict.language != "en",
        ],
        dtype=np.float64,
    )


@dataclass(frozen=True)
class JointModel:
    """Logistic regression from FEATURE_NAMES to the probability of one kind of alarm."""

    weights: list[float]
    bias: float
    centre: list[float]
    scale: list[float]

    @classmethod
    def fit(cls, table: Array, due: Sequence[bool]) -> JointModel:
        """Fits on messages that no half has learned from."""
        from sklearn.linear_model import LogisticRegression

        centre, scale = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-6)
        model = LogisticRegression(C=1.0, max_iter=1000).fit((table - centre) / scale, due)
        return cls(
            [float(w) for w in model.coef_[0]],
            float(model.intercept_[0]),
            [float(c) for c in centre],
            [float(s) for s in scale],
        )

    def probability(self, row: Array) -> float:
        """Returns the probability of the alarm for one row of features."""
        x = (row - np.array(self.centre)) / np.array(self.scale)
        return float(1 / (1 + np.exp(-(x @ np.array(self.weights) + self.bias))))
