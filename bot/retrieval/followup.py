"""Reads a message that may lean on the last answer: "how long does it last?" after CRS.

Two rankings are at hand: of the message alone, and of the message behind the last passage's title.
On the follow-up dev set of 2026-11-24 the confidence of the first tells the kinds apart: new
questions lie above `Thresholds.answer`, what the texts do not answer below 0.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.retrieval.retriever import Ranking

LEANING = 0.03
"""Confidence of the message alone below which the texts do not answer it, in context or not."""

AGREED = 0.12
"""... from which a passage that both rankings put first is the answer."""

SURE_IN_CONTEXT = 0.7
"""Confidence in context from which the last passage is taken to be what is asked about."""

OFFERS = 3


@dataclass(frozen=True)
class FollowUp:
    """What a message means in context: an `answer`, or that the last passage said it all.

    `offers` are the nearest passages that have not just been quoted.
    """

    answer: str | None
    said_already: bool
    offers: tuple[str, ...]


def follow_up(plain: Ranking, in_context: Ranking, last: str) -> FollowUp | None:
    """Reads a message in context; None if it stands, or fails, on its own."""
    if plain.confidence < LEANING:
        return None
    alone = _without(plain, last)
    leaning = _without(in_context, last)
    if not alone or not leaning:
        return None
    offers = tuple(dict.fromkeys([leaning[0], alone[0], *leaning[1:], *alone[1:]]))[:OFFERS]
    agreed = alone[0] == leaning[0] == plain.passages[0].target
    if agreed and plain.confidence >= AGREED:
        return FollowUp(alone[0], False, offers)
    if in_context.passages[0].target == last and in_context.confidence >= SURE_IN_CONTEXT:
        return FollowUp(None, True, offers)
    return None


def _without(ranking: Ranking, last: str) -> Sequence[str]:
    return [hit.target for hit in ranking.passages if hit.target != last]
