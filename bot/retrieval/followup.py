"""Reads a message that may lean on the last answer: "how long does it last?" after CRS.

Two rankings are at hand: of the message alone, and of the message behind the last passage's title.
What they mean together is learned from second messages whose answer is known
(`knowledge/follow_ups.yml`); docs/decisions/0003-retrieval.md has what was measured.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.retrieval.gate import Gate
from bot.retrieval.ranking import Ranking

TRUST = 0.5
"""Probability from which a passage is taken for what is asked. Learned from one writer's second
messages and measured on another's, 2026-11-30, both ways: of those that lean on the answer 15 %
are answered wrongly at 0.5 (21 % at 0.4, 11 % at 0.6), of those that nothing answers 8 %."""

OFFERS = 3

FEATURE_NAMES = (
    "confidence alone, log odds",
    "confidence in context, log odds",
    "best share alone",
    "best share in context",
    "both put the same passage first",
    "the last passage is first alone",
    "the last passage is first in context",
    "last passage's share alone",
    "last passage's share in context",
    "share alone of the first in context",
    "share in context of the first alone",
    "words, log",
    "a word that points back",
    "a word that goes on",
    "other targets' best share alone",
    "other targets' best share in context",
)
_POINTS_BACK = re.compile(
    r"\b(it|its|that|this|they|them|those|these|he|she|there|then|one|same)\b", re.I
)
_GOES_ON = re.compile(r"(and|but|so|ok|what about|or|why|how come|then|also)\b", re.I)
_EDGE = 1e-4


@dataclass(frozen=True)
class FollowUp:
    """What a message means in context: an `answer`, or that the last passage said it all.

    Neither if no passage is trusted. `offers` are the nearest passages: the last one only if
    nothing is trusted and it is nearest to the message alone. `trust` is the probability that the
    likeliest passage answers.
    """

    answer: str | None
    said_already: bool
    offers: tuple[str, ...]
    trust: float


@dataclass(frozen=True)
class Second:
    """A message with its two rankings; `last` is the passage that was quoted before it."""

    text: str
    alone: Ranking
    in_context: Ranking
    last: str

    def candidates(self) -> tuple[str, str, str] | None:
        """Returns the first other passage alone, the first in context, and the last one again."""
        alone, in_context = (_others(r, self.last) for r in (self.alone, self.in_context))
        return (alone[0], in_context[0], self.last) if alone and in_context else None


class FollowUpModel:
    """Three logistic regressions: which candidate, if any, answers a second message."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._gates = tuple(gates)

    @classmethod
    def fit(cls, seconds: Sequence[Second], right: Sequence[frozenset[str]]) -> FollowUpModel:
        """Learns from messages that the index has not seen.

        Args:
            seconds: messages that have candidates.
            right: passages that answer each; empty if none does.
        """
        table = np.stack([features(s) for s in seconds])
        found = [s.candidates() for s in seconds]
        hits = [[c in r for c in cs or ()] for cs, r in zip(found, right, strict=True)]
        return cls([Gate.fit(table, np.array(column)) for column in zip(*hits, strict=True)])

    def read(self, second: Second) -> FollowUp | None:
        """Reads a message behind the last answer; None if there is nothing to choose from."""
        candidates = second.candidates()
        if candidates is None:
            return None
        row = features(second)[None, :]
        trust = [float(gate.probability(row)[0]) for gate in self._gates]
        best = int(np.argmax(trust))
        in_context, alone = (_others(r, second.last) for r in (second.in_context, second.alone))
        nearest = (in_context[0], alone[0], *in_context[1:], *alone[1:])
        offers = tuple(dict.fromkeys(nearest))[:OFFERS]
        if trust[best] < TRUST:
            if second.alone.passages[0].target == second.last:
                offers = (second.last, *offers)[:OFFERS]
            return FollowUp(None, False, offers, trust[best])
        if candidates[best] == second.last:
            return FollowUp(None, True, offers, trust[best])
        return FollowUp(candidates[best], False, offers, trust[best])

    def as_list(self) -> list[dict[str, Any]]:
        """Returns plain data."""
        return [asdict(gate) for gate in self._gates]

    @classmethod
    def from_list(cls, data: Sequence[dict[str, Any]]) -> FollowUpModel:
        """Reads what `as_list` wrote."""
        return cls([Gate(**gate) for gate in data])


def behind(label: str, text: str) -> str:
    """Returns what is searched for a message in context: it stands behind the passage's title."""
    return f"{label} {text}"


def features(second: Second) -> NDArray[np.float64]:
    """Computes FEATURE_NAMES, shape (16,)."""
    alone, in_context = second.alone, second.in_context
    first, first_in_context = alone.passages[0], in_context.passages[0]
    return np.array(
        [
            _log_odds(alone.confidence),
            _log_odds(in_context.confidence),
            first.share,
            first_in_context.share,
            first.target == first_in_context.target,
            first.target == second.last,
            first_in_context.target == second.last,
            _share(alone, second.last),
            _share(in_context, second.last),
            _share(alone, first_in_context.target),
            _share(in_context, first.target),
            np.log1p(len(second.text.split())),
            _POINTS_BACK.search(second.text) is not None,
            _GOES_ON.match(second.text) is not None,
            alone.others[0].share if alone.others else 0.0,
            in_context.others[0].share if in_context.others else 0.0,
        ],
        dtype=np.float64,
    )


def _log_odds(probability: float) -> float:
    p = min(max(probability, _EDGE), 1 - _EDGE)
    return float(np.log(p / (1 - p)))


def _share(ranking: Ranking, target: str) -> float:
    return next((hit.share for hit in ranking.passages if hit.target == target), 0.0)


def _others(ranking: Ranking, last: str) -> Sequence[str]:
    return [hit.target for hit in ranking.passages if hit.target != last]
