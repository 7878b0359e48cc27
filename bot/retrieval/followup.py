"""Reads a message that may lean on the last answer: "how long does it last?" after CRS.

Every passage is weighed by how well it fits the message alone, the message behind the last
passage's title, and by where it stands from that passage. A model over characters has learned from
second messages whose answer is known (`knowledge/follow_ups.yml`) what people ask after what, and a
gate says whether the likeliest passage answers. docs/decisions/0003-retrieval.md has what was
measured.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.retrieval.entries import Entry, taught
from bot.retrieval.gate import Gate
from bot.retrieval.linear import CharacterFeatures, LinearModel, Scores, fit_lexical
from bot.retrieval.memory import FitMemory
from bot.retrieval.ranker import standardise
from bot.retrieval.ranking import Ranking

Matrix = NDArray[np.float64]

TRUST = 0.6
"""Probability from which a passage is taken for what is asked. Learned from five writers' second
messages and measured on the sixth's, 2026-11-30: of those that lean on the answer 11 % are answered
wrongly (14 % at 0.5), and of those that nothing answers 11 % (13 %)."""

OFFERS = 6
"""Likeliest passages that are named: some may say the same, and three become buttons."""

FOLDS = 4
"""The weights and the gate are fitted on scores of a model that has not seen the message."""

WEIGHT = 4.0
"""How much a second message counts beside a question behind a title that it does not lean on."""

FROM_EACH = 60
"""Entries of each passage that stand behind another one's title: what leans on nothing."""

CHOICE_NAMES = (
    "similarity alone",
    "probe alone",
    "characters alone",
    "similarity in context",
    "probe in context",
    "learned from second messages",
    "the last passage",
    "another of its section",
    "the one after it",
)

GATE_NAMES = (
    "the likeliest passage's share",
    "lead over the next, log odds",
    "confidence alone, log odds",
    "confidence in context, log odds",
    "best share alone",
    "best share in context",
    "the likeliest is the last passage",
    "the likeliest is first alone",
    "the likeliest is first in context",
    "learned score of the likeliest",
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
_WEIGHT_PENALTY = 0.01


@dataclass(frozen=True)
class FollowUp:
    """What a message means in context: an `answer`, or that the last passage said it all.

    Neither if no passage is trusted. `offers` are the likeliest passages: the last one only if
    nothing is trusted and it is nearest to the message alone. `trust` is the probability that the
    likeliest passage answers.
    """

    answer: str | None
    said_already: bool
    offers: tuple[str, ...]
    trust: float


@dataclass(frozen=True)
class Second:
    """A message behind `last`, the passage that was quoted before it, with its two rankings.

    `titled` is the message behind that passage's title. `signals` has the first five of
    CHOICE_NAMES for each passage, standardised over the passages: shape (passages, 5).
    """

    text: str
    titled: str
    last: str
    alone: Ranking
    in_context: Ranking
    signals: Matrix


@dataclass(frozen=True)
class Places:
    """The passages in reading order, and the section of each."""

    passages: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]

    def around(self, last: str) -> Matrix:
        """Returns the last three of CHOICE_NAMES for each passage, shape (passages, 3).

        A passage that only leads in can be quoted, and is none of those that are found: zeros.
        """
        if last not in self.passages:
            return np.zeros((len(self.passages), 3))
        here = self.passages.index(last)
        place = np.arange(len(self.passages))
        same = np.array([section == self.sections[here] for section in self.sections])
        around = np.stack([place == here, same & (place != here), place == here + 1], axis=1)
        return np.asarray(around, dtype=np.float64)


class FollowUpModel:
    """Which passage, if any, answers a second message."""

    def __init__(
        self,
        places: Places,
        characters: CharacterFeatures,
        learned: LinearModel,
        weights: Sequence[float],
        gate: Gate,
    ) -> None:
        self._places = places
        self._characters = characters
        self._learned = learned
        self._weights = np.array(weights, dtype=np.float64)
        self._gate = gate

    @classmethod
    def fit(
        cls,
        seconds: Sequence[Second],
        answers: Sequence[str | None],
        right: Sequence[frozenset[str]],
        entries: Sequence[tuple[str, str]],
        places: Places,
        characters: CharacterFeatures,
        memory: FitMemory | None = None,
    ) -> FollowUpModel:
        """Learns from messages that the index has not seen.

        Args:
            seconds: messages.
            answers: the passage that answers each, None if none does.
            right: that one and those that are as good; empty if none is.
            entries: texts that lean on nothing, behind a title, each with its passage.
            places: the passages.
            characters: of the ranker.
            memory: remembers models that were fitted on the same before.
        """
        memory = memory or FitMemory()
        number = {passage: n for n, passage in enumerate(places.passages)}
        known = characters.transform([s.titled for s in seconds])
        plain = characters.transform([text for text, _ in entries])
        plain_targets = [number[passage] for _, passage in entries]
        targets = np.array([-1 if a is None else number[a] for a in answers])

        def learn(rows: NDArray[np.int64]) -> LinearModel:
            from scipy.sparse import vstack

            asked = rows[targets[rows] >= 0]
            table = vstack([plain, known[asked]]).tocsr()
            labels = np.r_[plain_targets, targets[asked]].astype(np.int64)
            weights = np.r_[np.ones(plain.shape[0]), np.full(len(asked), WEIGHT)]
            fit = partial(fit_lexical, table, labels, len(number), weights)
            return memory.model(("second messages", table, labels, len(number), weights), fit)

        everything = np.arange(len(seconds))
        scores = np.zeros((len(seconds), len(number)), dtype=np.float32)
        folds = np.random.default_rng(0).permutation(len(seconds)) % FOLDS
        for fold in range(FOLDS):
            held = everything[folds == fold]
            scores[held] = learn(everything[folds != fold]).scores(known[held])
        table = np.stack([_choice(s, row, places) for s, row in zip(seconds, scores, strict=True)])
        hits = np.array([[p in r for p in places.passages] for r in right])
        weights = _fit_choice(table, hits)
        shares = _softmax(table @ weights)
        best = shares.argmax(axis=1)
        features = np.stack(
            [
                _gate_row(s, share, row, places)
                for s, share, row in zip(seconds, shares, scores, strict=True)
            ]
        )
        gate = Gate.fit(features, hits[everything, best])
        return cls(places, characters, learn(everything), [float(w) for w in weights], gate)

    def read(self, second: Second) -> FollowUp | None:
        """Reads a message behind the last answer; None if there is nothing to choose from."""
        passages = self._places.passages
        if len(passages) < 2 or not (second.alone.passages and second.in_context.passages):
            return None
        scores = self._learned.scores(self._characters.transform([second.titled]))[0]
        shares = _softmax(_choice(second, scores, self._places)[None] @ self._weights)[0]
        row = _gate_row(second, shares, scores, self._places)
        trust = float(self._gate.probability(row[None, :])[0])
        order = [passages[n] for n in np.argsort(-shares, kind="stable")]
        offers = tuple(p for p in order if p != second.last)[:OFFERS]
        if trust < TRUST:
            if second.alone.passages[0].target == second.last:
                offers = (second.last, *offers)[:OFFERS]
            return FollowUp(None, False, offers, trust)
        if order[0] == second.last:
            return FollowUp(None, True, offers, trust)
        return FollowUp(order[0], False, offers, trust)

    def save(self, path: Path) -> dict[str, Any]:
        """Writes the learned model to `path` and returns the rest as plain data."""
        self._learned.save(path)
        return {"weights": list(self._weights), "gate": asdict(self._gate)}

    @classmethod
    def load(
        cls, path: Path, data: dict[str, Any], places: Places, characters: CharacterFeatures
    ) -> FollowUpModel:
        """Reads what `save` wrote."""
        gate = Gate(**data["gate"])
        return cls(places, characters, LinearModel.load(path), data["weights"], gate)


def behind(label: str, text: str) -> str:
    """Returns what is searched for a message in context: it stands behind the passage's title."""
    return f"{label} {text}"


def standing_alone(entries: Sequence[Entry], labels: dict[str, str]) -> list[tuple[str, str]]:
    """Puts entries behind titles of other passages: what leans on nothing means itself there too.

    Args:
        entries: what is searched; topics and off topic are left out.
        labels: the title of each passage.
    """
    passages = list(labels)
    of: dict[str, list[str]] = {passage: [] for passage in passages}
    for entry, teaches in zip(entries, taught(entries), strict=True):
        if entry.target in of and teaches:
            of[entry.target].append(entry.text)
    found = []
    for number, (passage, texts) in enumerate(of.items()):
        # Evenly from all of them, so that each writer's are among them.
        chosen = np.unique(np.linspace(0, len(texts) - 1, FROM_EACH).astype(int)) if texts else []
        for turn, place in enumerate(chosen):
            other = passages[(number + 1 + turn % (len(passages) - 1)) % len(passages)]
            found.append((behind(labels[other], texts[place]), passage))
    return found


def _choice(second: Second, learned: Scores, places: Places) -> Matrix:
    """Computes CHOICE_NAMES, shape (passages, 9)."""
    scores = standardise(learned)[:, None]
    return np.concatenate([second.signals, scores, places.around(second.last)], axis=1)


def _gate_row(second: Second, shares: Matrix, learned: Scores, places: Places) -> Matrix:
    """Computes GATE_NAMES, shape (15,)."""
    order = np.argsort(-shares, kind="stable")
    best = places.passages[order[0]]
    alone, in_context = second.alone, second.in_context
    first, first_in_context = alone.passages[0], in_context.passages[0]
    return np.array(
        [
            shares[order[0]],
            _log_odds(float(shares[order[0]] / (shares[order[0]] + shares[order[1]]))),
            _log_odds(alone.confidence),
            _log_odds(in_context.confidence),
            first.share,
            first_in_context.share,
            best == second.last,
            best == first.target,
            best == first_in_context.target,
            learned[order[0]],
            np.log1p(len(second.text.split())),
            _POINTS_BACK.search(second.text) is not None,
            _GOES_ON.match(second.text) is not None,
            alone.others[0].share if alone.others else 0.0,
            in_context.others[0].share if in_context.others else 0.0,
        ],
        dtype=np.float64,
    )


def _fit_choice(table: Matrix, hits: NDArray[np.bool_]) -> Matrix:
    """Fits a conditional logit on the messages that a passage answers.

    Args:
        table: CHOICE_NAMES of each passage for each message, shape (messages, passages, 9).
        hits: the passages that answer, shape (messages, passages).
    """
    from scipy.optimize import minimize

    answered = hits.any(axis=1)
    x, right = table[answered], hits[answered]
    if not len(x):
        return np.ones(table.shape[-1])

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        share = _softmax(x @ weights)
        good = (share * right).sum(axis=1)
        among = share * right / np.maximum(good, 1e-12)[:, None]
        slope = np.einsum("nk,nkd->d", share - among, x) / len(x) + 2 * _WEIGHT_PENALTY * weights
        penalty = _WEIGHT_PENALTY * float(weights @ weights)
        return float(-np.log(np.maximum(good, 1e-12)).mean()) + penalty, slope

    found = minimize(loss, np.zeros(table.shape[-1]), jac=True, method="L-BFGS-B")
    return np.asarray(found.x, dtype=np.float64)


def _softmax(scores: Matrix) -> Matrix:
    share = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(share / share.sum(axis=-1, keepdims=True))


def _log_odds(probability: float) -> float:
    p = min(max(probability, _EDGE), 1 - _EDGE)
    return float(np.log(p / (1 - p)))
