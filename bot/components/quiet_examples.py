"""What people ask a guide without any symptom in it: the urgency classifier's quiet examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from bot import contract
from bot.knowledge.base import KnowledgeBase
from bot.safety import PatternDetector

MAX_QUESTIONS = 2500
"""Beside all small talk. Without any, a quarter of the in-scope dev questions raised an alarm;
recall on the dev sets moved by less than one message in a hundred
(docs/escalation-model-card.md)."""

_LOUD_INTENTS = frozenset({contract.INTENT_SYMPTOM, contract.INTENT_CRISIS})
_LOUD_TOPIC = 0.1
"""A passage or topic is left out if more of its questions than this mention a symptom."""


def quiet_examples(
    knowledge: KnowledgeBase,
    examples: Iterable[tuple[str, str]],
    patterns: PatternDetector,
) -> list[str]:
    """Lists small talk and questions in which the patterns find nothing.

    Of the questions at most `MAX_QUESTIONS`, evenly thinned out.

    Args:
        knowledge: the questions that passages answer, and of topics not covered.
        examples: NLU examples as (text, intent).
        patterns: decides what mentions a symptom.
    """
    said = [t for t, intent in examples if intent not in _LOUD_INTENTS and not _loud(t, patterns)]
    known = set(said)
    asked = [
        t
        for t in dict.fromkeys(_questions(knowledge, patterns))
        if t not in known and not _loud(t, patterns)
    ]
    step = max(1, -(-len(asked) // MAX_QUESTIONS))
    return [*dict.fromkeys(said), *asked[::step]]


def _questions(knowledge: KnowledgeBase, patterns: PatternDetector) -> Iterator[str]:
    for passage in knowledge.passages:
        reading = knowledge.readings.get(passage.id)
        # Questions about a passage on symptoms may mean one without naming it.
        if reading and _share_loud(reading.questions, patterns) <= _LOUD_TOPIC:
            yield from reading.questions
    for topic in knowledge.topics:
        if _share_loud(topic.questions, patterns) <= _LOUD_TOPIC:
            yield from topic.questions


@lru_cache(maxsize=50_000)  # Asked about the same questions by each component of a training.
def _loud(text: str, patterns: PatternDetector) -> bool:
    verdict = patterns.detect(text)
    return verdict.urgent or verdict.crisis


def _share_loud(texts: Sequence[str], patterns: PatternDetector) -> float:
    return sum(_loud(t, patterns) for t in texts) / max(len(texts), 1)
