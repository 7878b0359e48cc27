"""Shows what the bot makes of a question: the ranking, what matched, the decision.

The trained bot's own graph reads the question. Where the files differ from those it was trained
on, it reads it once more over an index made of the files as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bot.encoding import Encoder, Vectors
from bot.evaluation.parsed import Look
from bot.knowledge.base import KnowledgeBase
from bot.retrieval.catalogue import Catalogue
from bot.retrieval.entries import (
    OFF_TOPIC,
    TOPIC_PREFIX,
    Entry,
    EntryKind,
    build_entries,
    sentences,
)
from bot.retrieval.memory import FitMemory
from bot.retrieval.retriever import Retriever

DEPTH = 5
"""Passages shown: the first is quoted, the next stand on buttons."""


class Bot(Protocol):
    """The trained bot; see `BotUnderTest`."""

    adapted: bool
    """Whether its encoder has learned from the questions."""

    @property
    def retriever(self) -> Retriever:
        """The index it was trained with."""
        ...

    def look(self, text: str, retriever: Retriever | None = None) -> Look:
        """Reads a message as the first of a conversation, over another index if one is given."""
        ...


@dataclass(frozen=True)
class Match:
    """The text of a target that lies nearest to the question, with its cosine."""

    kind: EntryKind
    text: str
    cosine: float


@dataclass(frozen=True)
class Line:
    """A place of the ranking; `match` is None if the target's texts are not known any more."""

    target: str
    name: str
    share: float
    cosine: float
    match: Match | None


@dataclass(frozen=True)
class View:
    """What one index makes of the question."""

    title: str
    look: Look
    lines: tuple[Line, ...]
    chosen: str

    @property
    def decision(self) -> str:
        """The decision in a few words."""
        named = f": {self.chosen}" if self.chosen else ""
        return f"{self.look.parsed.outcome.value}{named}"


def view(
    title: str, look: Look, catalogue: Catalogue, entries: Sequence[Entry], encoder: Encoder
) -> View:
    """Collects what is shown.

    Args:
        title: which index it is.
        look: what the bot made of the question over that index.
        catalogue: that index's passages and topics.
        entries: that index's texts.
        encoder: the trained one.
    """
    hits = (*look.ranking.passages[:DEPTH], *look.ranking.others[:1]) if look.ranking else ()
    lines = [
        Line(
            h.target,
            name(h.target, catalogue),
            h.share,
            h.similarity,
            nearest([e for e in entries if e.target == h.target], look.vector, encoder),
        )
        for h in sorted(hits, key=lambda h: -h.share)
    ]
    chosen = str(look.parsed.decision.get("passage") or "")
    return View(title, look, tuple(lines), name(chosen, catalogue) if chosen else "")


def name(target: str, catalogue: Catalogue) -> str:
    """Returns what an editor calls a target: a button's title, or a topic."""
    if target == OFF_TOPIC:
        return "(off topic)"
    if target.startswith(TOPIC_PREFIX):
        topic = catalogue.topics.get(target.removeprefix(TOPIC_PREFIX))
        return f"(not covered: {topic.topic if topic else target})"
    card = catalogue.cards.get(target)
    return card.label if card else target


def nearest(entries: Sequence[Entry], vector: Vectors | None, encoder: Encoder) -> Match | None:
    """Returns the entry with the highest cosine."""
    if not entries or vector is None:
        return None
    cosines = encoder.encode([e.text for e in entries]) @ vector
    best = int(np.argmax(cosines))
    return Match(entries[best].kind, entries[best].text, float(cosines[best]))


def quoted_entries(catalogue: Catalogue) -> list[Entry]:
    """Lists what is left of an older index's texts: sentences and titles, but no questions."""
    return [
        Entry(card.id, kind, text)
        for card in catalogue.cards.values()
        for kind, text in (
            (EntryKind.QUESTION, card.label),
            *((EntryKind.SENTENCE, s) for s in sentences(card.own)),
        )
    ]


def changes(before: View, after: View) -> list[str]:
    """Says what an edit changes for this question."""
    found = []
    if before.decision != after.decision:
        found.append(f"the reply: {before.decision} -> {after.decision}")
    old, new = _trust(before), _trust(after)
    if abs(old - new) >= 0.005:
        found.append(f"the probability that the first passage answers: {old:.2f} -> {new:.2f}")
    places = {line.target: n for n, line in enumerate(before.lines, start=1)}
    for place, line in enumerate(after.lines, start=1):
        was = places.pop(line.target, None)
        if was != place:
            found.append(f"{line.name}: {f'place {was}' if was else 'not shown'} -> place {place}")
    gone = [line.name for line in before.lines if line.target in places]
    return [*found, *(f"{what}: no longer among the first" for what in gone)]


def _trust(one: View) -> float:
    return one.look.ranking.confidence if one.look.ranking else 0.0


def views(
    question: str,
    bot: Bot,
    knowledge: KnowledgeBase,
    off_topic: Sequence[str],
    encoder: Encoder,
    memory: FitMemory | None = None,
) -> list[View]:
    """Reads a question over the trained index, and over an index of the files if they differ.

    Args:
        question: what a person types.
        bot: the trained bot.
        knowledge: the files as they are.
        off_topic: the texts that teach an index what is off topic.
        encoder: the trained one.
        memory: models that were fitted on the same before.
    """
    trained = bot.retriever.catalogue
    entries = build_entries(knowledge, off_topic)
    look = bot.look(question)
    if trained.hash == knowledge.hash:
        return [view("As trained; the files are the same", look, trained, entries, encoder)]
    before = view("As trained", look, trained, quoted_entries(trained), encoder)
    edited = Retriever.fit(knowledge, encoder, off_topic, adapted=bot.adapted, memory=memory)
    look = bot.look(question, edited)
    after = view("With the files as they are", look, edited.catalogue, entries, encoder)
    return [before, after]
