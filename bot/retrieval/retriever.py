"""The retriever: trained once from the knowledge base, then asked for each message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bot.encoding import Encoder, Vectors
from bot.encoding.holdout import held_out
from bot.errors import ModelError
from bot.knowledge.base import KnowledgeBase
from bot.knowledge.passage import PassageKind
from bot.retrieval.catalogue import Catalogue
from bot.retrieval.entries import (
    Entry,
    EntryKind,
    alike_pairs,
    build_entries,
    is_passage,
    target_of,
)
from bot.retrieval.followup import (
    FollowUp,
    FollowUpModel,
    Places,
    Second,
    behind,
    standing_alone,
)
from bot.retrieval.gate import Gate, alike_matrix, gate_features
from bot.retrieval.linear import count_characters
from bot.retrieval.marking import Mark, SentenceMarker, find_marks
from bot.retrieval.memory import FitMemory
from bot.retrieval.ranker import Ranker, Signals, standardise
from bot.retrieval.ranking import Hit, Ranking

FOLDS = 5
"""Out-of-fold scores for the gate: each question is ranked by an index that never saw it."""


FOLLOW_UPS = "follow_ups.npz"
"""What was learned from second messages, beside the index in the model."""

OWN_WORDS = 0.5
"""Likeness in characters from which a passage without questions is taken to be meant: questions
about a sentence lie at 0.58 to 0.62 from it, others below 0.3 (tests/trained/test_model.py's
document). Not the cosine: an adapted encoder has not seen the passage."""

OWN_WORDS_TRUST = 0.9
"""Confidence in such a passage: enough to be answered even if the message looked off topic."""


class Retriever:
    """Ranks passages for a query and calibrates its trust in the first one."""

    def __init__(
        self,
        ranker: Ranker,
        gate: Gate,
        catalogue: Catalogue,
        own_words: Sequence[tuple[str, str]] = (),
        marks: dict[str, list[Mark]] | None = None,
        alike: Sequence[tuple[str, str]] = (),
        follow_ups: FollowUpModel | None = None,
    ) -> None:
        self.ranker = ranker
        self.gate = gate
        self.catalogue = catalogue
        self.own_words = [(target, text) for target, text in own_words]
        """Sentences of the passages without questions, with their passage."""
        self.alike = [(first, second) for first, second in alike]
        """Pairs of passages that answer the same questions."""
        self.follow_ups = follow_ups
        """Reads second messages; None if the knowledge base holds none to learn from."""
        self._alike = alike_matrix(ranker.targets, self.alike)
        self.places = _places(ranker.targets, catalogue)
        """The passages that can be found, in reading order, and their sections."""
        self._inside = [ranker.targets.index(p) for p in self.places.passages]
        quotes = {i: card.quote for i, card in catalogue.cards.items()}
        self.marker = SentenceMarker(marks or {}, quotes, ranker.characters, ranker.index.vector)
        texts = [text for _, text in self.own_words]
        self._own = ranker.characters.transform(texts) if texts else None

    @classmethod
    def fit(
        cls,
        knowledge: KnowledgeBase,
        encoder: Encoder,
        off_topic: Sequence[str] = (),
        *,
        adapted: bool = False,
        memory: FitMemory | None = None,
    ) -> Retriever:
        """Builds the index over the knowledge base and calibrates the gate.

        Args:
            knowledge: passages, their questions, topics not covered.
            encoder: gives one vector a text.
            off_topic: texts that have nothing to do with any of it.
            adapted: whether the encoder has learned from all questions but the held-out ones.
            memory: remembers models that were fitted on the same before.
        """
        entries = build_entries(knowledge, off_topic)
        vectors = encoder.encode([e.text for e in entries])
        alike = alike_pairs(knowledge)
        # Each thread computes on one processor, or the two would wait for each other.
        with threadpool_limits(1), ThreadPoolExecutor(1) as beside:
            counts = count_characters([e.text for e in entries])
            calibrating = beside.submit(
                _calibrate, entries, vectors, counts, alike, adapted, memory
            )
            ranker = Ranker.fit(entries, vectors, counts, memory)
            gate = calibrating.result()
        catalogue = Catalogue.of(knowledge)
        own_words = [
            (e.target, e.text)
            for e in entries
            if e.target in catalogue.cards and not catalogue.cards[e.target].asked
        ]
        # A table row is read whole: its cells answer together; so is what is quoted together.
        prose = {
            p.id: (p.start, p.text)
            for p in knowledge.passages
            if p.kind is not PassageKind.ROW and not p.together
        }
        marks = find_marks(entries, prose)
        fitted = cls(ranker, gate, catalogue, own_words, marks, alike)
        fitted.follow_ups = _learn_follow_ups(fitted, knowledge, encoder, entries, memory)
        return fitted

    def read_second(
        self, text: str, titled: str, last: str, alone: Ranking, vectors: Vectors
    ) -> FollowUp | None:
        """Reads a message behind the last answer; None if nothing was learned or can be chosen.

        Args:
            text: the message, widened.
            titled: the same behind the last passage's title.
            last: that passage.
            alone: the message's own ranking.
            vectors: the embeddings of both, shape (2, d).
        """
        if self.follow_ups is None:
            return None
        return self.follow_ups.read(self.seconds([text], [titled], [last], vectors, [alone])[0])

    def seconds(
        self,
        texts: Sequence[str],
        titled: Sequence[str],
        last: Sequence[str],
        vectors: Vectors,
        alone: Sequence[Ranking] | None = None,
    ) -> list[Second]:
        """Puts together what is known of messages that may lean on the last answer.

        Args:
            texts: the messages, widened.
            titled: the same behind the titles of the last passages.
            last: those passages.
            vectors: the embeddings of texts, then of titled, shape (2 * len(texts), d).
            alone: the messages' own rankings, if they are known.
        """
        count = len(texts)
        signals = self.ranker.signals([*texts, *titled], vectors)
        by_itself, behind_title = signals.rows(slice(count)), signals.rows(slice(count, None))
        own = (by_itself.similarity, by_itself.probe, by_itself.lexical)
        table = [standardise(s[:, self._inside]) for s in own]
        table += [
            standardise(s[:, self._inside]) for s in (behind_title.similarity, behind_title.probe)
        ]
        rankings = alone or self._ranked(texts, by_itself, top=5)
        in_context = self._ranked(titled, behind_title, top=5)
        found = zip(
            texts, titled, last, rankings, in_context, np.stack(table, axis=-1), strict=True
        )
        return [Second(*fields) for fields in found]

    def rank(
        self,
        text: str,
        vector: NDArray[np.float32],
        *,
        widened: str | None = None,
        top: int = 5,
    ) -> Ranking:
        """Ranks passages for one query; the exact title of a button finds its own passage.

        Args:
            text: what was typed.
            vector: the embedding of `widened`, or of the text, shape (d,).
            widened: the text with the glossary's terms, if there are any.
            top: how many passages are returned.
        """
        exact = self.catalogue.by_label(text)
        if exact:
            return Ranking((Hit(exact, 1.0, 1.0),), (), 1.0)
        return self.rank_all([widened or text], vector[None, :], top=top)[0]

    def rank_all(self, texts: Sequence[str], vectors: Vectors, *, top: int = 5) -> list[Ranking]:
        """Ranks passages for many queries; `vectors` has shape (len(texts), d)."""
        return self._ranked(texts, self.ranker.signals(texts, vectors), top)

    def _ranked(self, texts: Sequence[str], signals: Signals, top: int) -> list[Ranking]:
        targets = self.ranker.targets
        words = np.array([len(t.split()) for t in texts], dtype=np.int64)
        features = gate_features(signals, targets, words, self._alike)
        confidence = self.gate.probability(features)
        fused = signals.fused
        share = np.exp(fused - fused.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        rankings = []
        for row, order in enumerate(np.argsort(-fused, axis=1)):
            hits = [
                Hit(targets[t], float(share[row, t]), float(signals.similarity[row, t]))
                for t in order
            ]
            passages = tuple(h for h in hits if is_passage(h.target))[:top]
            others = tuple(h for h in hits if not is_passage(h.target))[:2]
            rankings.append(Ranking(passages, others, float(confidence[row])))
        return [self._by_its_words(r, text) for r, text in zip(rankings, texts, strict=True)]

    def _by_its_words(self, ranking: Ranking, text: str) -> Ranking:
        """Puts a passage without questions first if the query is written like its own words.

        The linear models have seen next to nothing of such a passage, so a new document would
        lose to topics and off topic although its sentence is the nearest text of all.
        """
        if self._own is None:
            return ranking
        likeness = (self._own @ self.ranker.characters.transform([text]).T).toarray()[:, 0]
        target, found = self.own_words[int(likeness.argmax())][0], float(likeness.max())
        if found < OWN_WORDS:
            return ranking
        others = [h for h in ranking.passages if h.target != target]
        order = [Hit(target, 0.0, found), *others][: len(ranking.passages)]
        # The shares stay in their places; the passages change theirs.
        hits = tuple(
            Hit(new.target, old.share, new.similarity)
            for new, old in zip(order, ranking.passages, strict=True)
        )
        return Ranking(hits, ranking.others, max(ranking.confidence, OWN_WORDS_TRUST))

    def save(self, folder: Path) -> None:
        """Writes everything, and a manifest of checksums that `load` checks."""
        self.ranker.save(folder)
        state = {
            "targets": self.ranker.targets,
            "gate": asdict(self.gate),
            "catalogue": self.catalogue.as_dict(),
            "own_words": self.own_words,
            "alike": self.alike,
            "follow_ups": self.follow_ups.save(folder / FOLLOW_UPS) if self.follow_ups else None,
            "marks": {p: [astuple(m) for m in marks] for p, marks in self.marker.marks.items()},
        }
        (folder / "retriever.json").write_text(json.dumps(state, ensure_ascii=False), "utf-8")
        sums = {p.name: _sha256(p) for p in sorted(folder.iterdir())}
        (folder / "manifest.json").write_text(json.dumps(sums, indent=1), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Retriever:
        """Reads what `save` wrote.

        Raises:
            ModelError: if a file is missing or damaged; never an empty retriever.
        """
        remedy = "Run `make train` to build the model again."
        try:
            sums = json.loads((folder / "manifest.json").read_text("utf-8"))
            names = {p.name for p in folder.iterdir()} | set(sums)
            wrong = sorted(
                n for n in names - {"manifest.json"} if _sha256(folder / n) != sums.get(n)
            )
            if wrong:
                raise ModelError(f"Damaged in the model: {', '.join(wrong)}. {remedy}")
            state = json.loads((folder / "retriever.json").read_text("utf-8"))
            ranker = Ranker.load(folder, state["targets"])
            catalogue = Catalogue.from_dict(state["catalogue"])
            marks = {p: [Mark(*m) for m in found] for p, found in state["marks"].items()}
            own_words, alike = state["own_words"], state["alike"]
            learned = state["follow_ups"]
            places = _places(ranker.targets, catalogue)
            follow_ups = (
                FollowUpModel.load(folder / FOLLOW_UPS, learned, places, ranker.characters)
                if learned
                else None
            )
            gate = Gate(**state["gate"])
            return cls(ranker, gate, catalogue, own_words, marks, alike, follow_ups)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, BadZipFile) as error:
            raise ModelError(f"The passage index in the model cannot be read. {remedy}") from error


def _learn_follow_ups(
    retriever: Retriever,
    knowledge: KnowledgeBase,
    encoder: Encoder,
    entries: Sequence[Entry],
    memory: FitMemory | None,
) -> FollowUpModel | None:
    """Learns from the knowledge base's second messages, none of which the index holds."""
    places = retriever.places
    asked = knowledge.follow_ups
    if not asked or len(places.passages) < 2:
        return None
    texts = [knowledge.glossary.widen(m.text) for m in asked]
    last = [m.after for m in asked]
    titled = [behind(knowledge.label(p), t) for p, t in zip(last, texts, strict=True)]
    vectors = encoder.encode([*texts, *titled])
    seconds = retriever.seconds(texts, titled, last, vectors)
    answers: list[str | None] = []
    right = []
    for message in asked:
        found = target_of(knowledge, message.answered_by) if message.answered_by else None
        answer = found if found in places.passages else None
        pairs = [pair for pair in retriever.alike if answer in pair]
        answers.append(answer)
        right.append(frozenset([answer] if answer else []).union(*pairs) & set(places.passages))
    labels = {p: retriever.catalogue.cards[p].label for p in places.passages}
    plain = standing_alone(entries, labels)
    characters = retriever.ranker.characters
    return FollowUpModel.fit(seconds, answers, right, plain, places, characters, memory)


def _places(targets: Sequence[str], catalogue: Catalogue) -> Places:
    searched = set(targets)
    passages = tuple(p for p in catalogue.cards if p in searched)
    return Places(passages, tuple(catalogue.place(p) for p in passages))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _calibrate(
    entries: Sequence[Entry],
    vectors: Vectors,
    counts: Any,
    pairs: Sequence[tuple[str, str]],
    adapted: bool,
    memory: FitMemory | None,
) -> Gate:
    """Fits the gate on rankings of questions that neither index nor encoder has seen."""
    asked = np.array([e.kind is EntryKind.QUESTION for e in entries])
    if not any(is_passage(e.target) for e, a in zip(entries, asked, strict=True) if a):
        # Nobody has written questions yet: sentences stand in, or no answer would ever be right.
        asked |= np.array([e.kind is EntryKind.SENTENCE for e in entries])
    features, right = [], []
    for held, kept in _folds(entries, asked, adapted=adapted):
        ranker = Ranker.fit([entries[i] for i in kept], vectors[kept], counts[kept], memory)
        texts = [entries[i].text for i in held]
        signals = ranker.signals(texts, vectors[held])
        words = np.array([len(t.split()) for t in texts], dtype=np.int64)
        alike = alike_matrix(ranker.targets, pairs)
        features.append(gate_features(signals, ranker.targets, words, alike))
        inside = np.array([is_passage(t) for t in ranker.targets])
        best = np.where(inside, signals.fused, -np.inf).argmax(axis=1)
        truth = np.array([[entries[i].target == t for t in ranker.targets] for i in held])
        right.append((alike[best] & truth).any(axis=1))
    if not features:
        return Gate([0.0] * 10, 0.0, [0.0] * 10, [1.0] * 10)
    return Gate.fit(np.concatenate(features), np.concatenate(right))


def _folds(
    entries: Sequence[Entry], asked: NDArray[np.bool_], *, adapted: bool
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yields which entries are asked and which are searched meanwhile."""
    if adapted:
        # Every other fold would be judged by an encoder that knows its answers.
        held = asked & np.array([held_out(e.text) for e in entries])
        parts = [held]
    else:
        folds = np.random.default_rng(0).integers(0, FOLDS, len(entries))
        parts = [asked & (folds == fold) for fold in range(FOLDS)]
    for held in parts:
        if held.any() and not held.all():
            yield np.flatnonzero(held), np.flatnonzero(~held)
