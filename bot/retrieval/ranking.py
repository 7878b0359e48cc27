"""What a ranking says: the best passages, what else lies near, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hit:
    """A target with its share of the fused score (0 to 1) and pooled cosine."""

    target: str
    share: float
    similarity: float


@dataclass(frozen=True)
class Ranking:
    """The best passages and the best other target, and how far to trust the first passage.

    `confidence` is the calibrated probability that `passages[0]` answers the query.
    """

    passages: tuple[Hit, ...]
    others: tuple[Hit, ...]
    confidence: float
