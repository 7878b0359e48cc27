"""What must be known of each passage at run time, stored in the model beside the index."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from bot import contract
from bot.knowledge.base import KnowledgeBase


@dataclass(frozen=True)
class Card:
    """A passage as it is said: its words, and where they are from."""

    id: str
    quote: str
    label: str
    title: str
    section: str
    publisher: str
    url: str
    as_of: str
    reviewed_by: str
    reviewed_on: str
    language: str
    after_escalation: bool
    asked: bool
    """Whether an editor has written questions for it."""
    searched: str = ""
    """Its own words, where others are quoted with it; archives before 2026-12 lack it."""

    @property
    def own(self) -> str:
        """What is searched for it."""
        return self.searched or self.quote

    @property
    def reviewed(self) -> bool:
        """Whether somebody of the clinic has signed the text off."""
        return contract.is_known(self.reviewed_by) and contract.is_known(self.reviewed_on)


@dataclass(frozen=True)
class TopicCard:
    """A topic that the texts do not cover, and whom to ask."""

    id: str
    topic: str
    ask: str


@dataclass(frozen=True)
class Catalogue:
    """All passages in reading order, all topics, and the knowledge base's hash."""

    cards: dict[str, Card]
    topics: dict[str, TopicCard]
    hash: str

    @classmethod
    def of(cls, knowledge: KnowledgeBase) -> Catalogue:
        """Collects the cards of a knowledge base."""
        allowed = {i for i, reading in knowledge.readings.items() if reading.after_escalation}
        cards = {}
        for p in knowledge.passages:
            reading = knowledge.readings.get(p.id)
            cards[p.id] = Card(
                id=p.id,
                quote=p.quote,
                label=knowledge.label(p.id),
                title=p.source.title,
                section=p.section,
                publisher=p.source.publisher,
                url=p.source.url,
                as_of=p.source.as_of,
                reviewed_by=p.source.reviewed_by,
                reviewed_on=p.source.reviewed_on,
                language=p.source.language,
                # What is quoted with others may follow only if each of them may.
                after_escalation=allowed.issuperset((p.id, *p.together)),
                asked=bool(reading and reading.questions),
                searched=p.searched,
            )
        topics = {t.id: TopicCard(t.id, t.topic, t.ask) for t in knowledge.topics}
        return cls(cards, topics, knowledge.hash)

    def by_label(self, text: str) -> str | None:
        """Returns the passage whose button title this is, letter for letter."""
        return self._by_label.get(_fold(text))

    @cached_property
    def _by_label(self) -> dict[str, str]:
        return {_fold(c.label): c.id for c in reversed(self.cards.values())}

    def next_in_section(self, passage_id: str) -> str | None:
        """Returns the passage after this one in the same section, or None at its end."""
        if passage_id not in self.cards:
            return None
        here = self.cards[passage_id]
        # What was quoted with it in one list is not quoted again.
        ids = [i for i, c in self.cards.items() if i == passage_id or c.quote != here.quote]
        after = ids[ids.index(passage_id) + 1 :][:1]
        return next((i for i in after if self._place(self.cards[i]) == self._place(here)), None)

    def neighbours(self, passage_id: str) -> list[str]:
        """Lists the other passages of the section, the ones that follow first.

        One that says the same is none of them, nor are two of a list that is quoted whole.
        """
        here = self.cards[passage_id]
        same = [i for i, c in self.cards.items() if self._place(c) == self._place(here)]
        at = same.index(passage_id)
        return self.told_apart([*same[at + 1 :], *same[:at]], beside=passage_id)

    def told_apart(self, passages: Iterable[str], *, beside: str | None = None) -> list[str]:
        """Leaves out passages whose words an earlier one says too, or the one `beside` them."""
        said = {self.cards[beside].quote} if beside in self.cards else set()
        found = []
        for passage in passages:
            quote = self.cards[passage].quote
            if quote not in said:
                found.append(passage)
                said.add(quote)
        return found

    def place(self, passage_id: str) -> tuple[str, str]:
        """Returns the title of a passage's text, and its section."""
        return self._place(self.cards[passage_id])

    @staticmethod
    def _place(card: Card) -> tuple[str, str]:
        return card.title, card.section

    def as_dict(self) -> dict[str, Any]:
        """Returns plain data for JSON."""
        return {
            "cards": [asdict(c) for c in self.cards.values()],
            "topics": [asdict(t) for t in self.topics.values()],
            "hash": self.hash,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Catalogue:
        """Reads what `as_dict` gave."""
        cards = [Card(**c) for c in data["cards"]]
        topics = [TopicCard(**t) for t in data["topics"]]
        return cls({c.id: c for c in cards}, {t.id: t for t in topics}, data["hash"])


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
