"""The figures: pure functions over hits, labels and scores."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Rate:
    """A share with its counts and its 95 % interval (Wilson's, sound near 0 and 1)."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """The share, 0 when there is nothing to count."""
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval; all of 0 to 1 when there is nothing to count."""
        if not self.total:
            return 0.0, 1.0
        n, p, z2 = self.total, self.value, Z95**2
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)

    @classmethod
    def of(cls, flags: Sequence[bool]) -> Rate:
        """Counts the true ones."""
        return cls(sum(flags), len(flags))


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one label, with its number of true examples."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


def class_scores(gold: Sequence[str], predicted: Sequence[str]) -> list[ClassScore]:
    """Scores each label that occurs in `gold`, in alphabetical order."""
    pairs = Counter(zip(gold, predicted, strict=True))
    truth, said = Counter(gold), Counter(predicted)
    scores = []
    for label in sorted(truth):
        hits = pairs[label, label]
        precision = hits / said[label] if said[label] else 0.0
        recall = hits / truth[label]
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        scores.append(ClassScore(label, precision, recall, f1, truth[label]))
    return scores


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> Rate:
    """Counts the equal pairs."""
    return Rate.of([g == p for g, p in zip(gold, predicted, strict=True)])


def macro_f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Returns the mean F1 over the labels of `gold`: each label counts the same."""
    scores = class_scores(gold, predicted)
    return sum(s.f1 for s in scores) / len(scores) if scores else 0.0


def confusions(gold: Sequence[str], predicted: Sequence[str]) -> list[tuple[str, str, int]]:
    """Lists (gold, predicted, count) of the errors, most frequent first."""
    errors = Counter((g, p) for g, p in zip(gold, predicted, strict=True) if g != p)
    return [(g, p, n) for (g, p), n in sorted(errors.items(), key=lambda e: (-e[1], e[0]))]


def hit_at(gold: Sequence[frozenset[str]], ranked: Sequence[Sequence[str]], k: int) -> Rate:
    """Counts the queries with a gold passage among the first `k`."""
    return Rate.of([bool(g & set(r[:k])) for g, r in zip(gold, ranked, strict=True)])


def holding_threshold(scores: Sequence[float], share: float) -> float:
    """Returns the lowest threshold that holds back at least `share` of `scores`.

    A score is held back when it is below the threshold.
    """
    ordered = sorted(scores)
    need = math.ceil(share * len(ordered) - 1e-9)
    if need <= 0:
        return -math.inf
    return math.nextafter(ordered[need - 1], math.inf)


def coverage_curve(scores: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """Returns (share answered, share right of those) as the threshold falls."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    points, hits = [], 0
    for count, i in enumerate(order, start=1):
        hits += right[i]
        last = count == len(order) or scores[order[count]] != scores[i]
        if last:  # Equal scores are answered together.
            points.append((count / len(order), hits / count))
    return points


@dataclass(frozen=True)
class Bin:
    """A bar of a reliability diagram: how sure it was, how often it was right."""

    confidence: float
    right: float
    count: int


def reliability(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Groups predictions into equal steps of confidence; empty steps are left out."""
    groups: dict[int, list[int]] = {}
    for i, value in enumerate(confidence):
        groups.setdefault(min(int(value * bins), bins - 1), []).append(i)
    return [
        Bin(
            sum(confidence[i] for i in group) / len(group),
            sum(right[i] for i in group) / len(group),
            len(group),
        )
        for _, group in sorted(groups.items())
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Returns the expected calibration error: the mean gap, weighted by count."""
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.confidence - b.right) for b in bins) / total if total else 0.0
