"""The texts that are searched: each points at a passage, a topic not covered, or off topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bot.knowledge.base import KnowledgeBase
from bot.knowledge.passage import Passage

TOPIC_PREFIX = "topic:"
OFF_TOPIC = "off-topic"

MANY = 20
"""Questions from which a passage is known by how people ask for it alone."""

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


class EntryKind(str, Enum):
    """Where a searched text comes from."""

    QUESTION = "question"
    SENTENCE = "sentence"
    QUOTE = "quote"
    HEADING = "heading"


@dataclass(frozen=True)
class Entry:
    """One searched text and the target that it leads to."""

    target: str
    kind: EntryKind
    text: str


def is_passage(target: str) -> bool:
    """Tells a passage's id from a topic's and from off topic."""
    return target != OFF_TOPIC and not target.startswith(TOPIC_PREFIX)


def sentences(text: str) -> list[str]:
    """Splits a passage at sentence ends and line breaks."""
    parts = (p for line in text.split("\n") for p in _SENTENCE_END.split(line))
    return [p.strip() for p in parts if p.strip()]


def taught(entries: Sequence[Entry]) -> NDArray[np.bool_]:
    """Tells which entries the linear models learn from, shape (len(entries),).

    Questions; a target that has few of them is learned from whatever it has. Beside many
    questions its sentences tell nothing, and an edit of one would have all models fitted anew.
    """
    asked = Counter(e.target for e in entries if e.kind is EntryKind.QUESTION)
    return np.array(
        [e.kind is EntryKind.QUESTION or asked[e.target] < MANY for e in entries], dtype=np.bool_
    )


def build_entries(knowledge: KnowledgeBase, off_topic: Sequence[str] = ()) -> list[Entry]:
    """Lists all searched texts: per passage its quote, sentences, label and questions."""
    entries = [
        Entry(target_of(knowledge, p.id), kind, text)
        for p in knowledge.passages
        for kind, text in _passage_texts(knowledge, p)
    ]
    entries += [
        Entry(TOPIC_PREFIX + t.id, EntryKind.QUESTION, text)
        for t in knowledge.topics
        for text in (t.topic, *t.questions)
    ]
    entries += [Entry(OFF_TOPIC, EntryKind.QUESTION, text) for text in off_topic]
    return [e for e in entries if e.text.strip()]


def alike_pairs(knowledge: KnowledgeBase) -> list[tuple[str, str]]:
    """Lists the pairs of passages that answer the same questions, each pair once.

    Items of a list that is quoted whole are among them.
    """
    same = [
        (passage, other)
        for passage, reading in knowledge.readings.items()
        for other in reading.alike
    ]
    for items in {p.together for p in knowledge.passages if p.whole_list}:
        same += combinations([i for i in items if target_of(knowledge, i) == i], 2)
    found = {
        tuple(sorted((target_of(knowledge, passage), target_of(knowledge, other))))
        for passage, other in same
    }
    return sorted((a, b) for a, b in found if a != b)


def target_of(knowledge: KnowledgeBase, passage: str) -> str:
    """Returns the passage that is quoted where this one is found."""
    reading = knowledge.readings.get(passage)
    return reading.instead if reading and reading.instead else passage


def _passage_texts(knowledge: KnowledgeBase, passage: Passage) -> Iterator[tuple[EntryKind, str]]:
    yield EntryKind.QUOTE, passage.searched.replace("\n", " ")
    for sentence in sentences(passage.text):
        yield EntryKind.SENTENCE, sentence
    if passage.lead.endswith("?"):
        yield EntryKind.QUESTION, passage.lead
    reading = knowledge.readings.get(passage.id)
    if reading:
        for question in (reading.label, *reading.questions):
            yield EntryKind.QUESTION, question
    else:  # A new document without questions is still found by its headings.
        yield EntryKind.HEADING, f"{passage.section}: {passage.text.split('.')[0]}"
