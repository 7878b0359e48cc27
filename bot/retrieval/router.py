"""Turns intent, ranking and context into one decision: what to do about a message.

Plain Python: the graph component feeds it, the answer policy carries it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from bot import contract
from bot.retrieval.asking import opens_with_question_word
from bot.retrieval.catalogue import Catalogue
from bot.retrieval.entries import OFF_TOPIC, TOPIC_PREFIX
from bot.retrieval.followup import FollowUp
from bot.retrieval.ranking import Hit, Ranking

RELATED = 3
"""Buttons under an answer: what fits a phone without scrolling."""

InContext = Callable[[], FollowUp | None]
"""Reads a message behind the last answer: another encoding, so it is called only if need be."""

KNOWLEDGE_INTENTS = frozenset(
    {
        contract.INTENT_QUESTION,
        contract.INTENT_SYMPTOM,
        contract.INTENT_ADVICE,
        contract.INTENT_OUT_OF_SCOPE,
    }
)

BRIEF = 2
"""Words up to which a message after an answer is not called off topic: "such as?", "like what?"."""

ASIDES = frozenset(
    {
        contract.INTENT_AFFIRM,
        contract.INTENT_DENY,
        contract.INTENT_THANK,
        contract.INTENT_GOODBYE,
    }
)
"""Answers to the bot, which nobody ends with a question mark."""


GIVE_WAY = ASIDES | {
    contract.INTENT_MORE,
    contract.INTENT_SOURCE,
    contract.INTENT_GREET,
    contract.INTENT_PRAISE,
    contract.INTENT_CAPABILITIES,
}
"""Small talk that what is read behind the last answer may take the place of. Never a person who
asks for a human, complains, speaks of a crisis, or asks whether this is a machine."""


@dataclass(frozen=True)
class Thresholds:
    """Where the gate's confidence and the intent's probability become decisions.

    Set on the dev split, 2026-11-30 (docs/decisions/0003-retrieval.md).
    """

    answer: float = 0.60
    """From here on a passage is quoted."""
    sure: float = 0.75
    """From here on it is given as the answer, and below as the nearest text, of which we are not
    sure. On dev, 670 questions by five writers, 2026-11-30: given as the answer and wrong 0.031
    (0.039 at 0.6), right 0.80 (0.87)."""
    clarify: float = 0.20
    alone: float = 0.90
    """From here on a message is not read behind the last answer: it is clear enough on its own.
    With 0.8 three more in a hundred of those that lean on the answer are answered wrongly, with
    0.95 three more new questions in a hundred are held back (2026-11-30)."""
    small_talk: float = 0.45
    """Below this an intent outside KNOWLEDGE_INTENTS does not hold a question back."""
    sure_small_talk: float = 0.70
    """Below this GIVE_WAY gives way to what is read behind the last answer ("yes or no", "taught
    how exactly"). Of 303 second messages that were taken for small talk 40 are answered rightly so
    and 2 wrongly; of 235 messages that are small talk 1 (2026-11-30)."""
    override: float = 0.85
    """An answer this sure is given even if small talk or off topic was recognised."""


@dataclass(frozen=True)
class Context:
    """What the conversation holds: the topics last offered, and the passage just quoted.

    `last_passage` is None if the last reply with content quoted nothing. `leans_on` is the passage
    that a message may lean on: the same, also where a choice was offered since.
    """

    last_passage: str | None = None
    leans_on: str | None = None
    offered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """The next action about a message, with the passage to quote and the numbers behind it."""

    action: str | None
    passage: str | None = None
    related: tuple[str, ...] = ()
    topic: str | None = None
    confidence: float = 0.0
    similarity: float = 0.0
    unanswered: bool = False
    alternatives: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Returns plain data for message data and the conversation's record."""
        return asdict(self)


def route(
    text: str,
    intent: str | None,
    probability: float,
    ranking: Ranking | None,
    catalogue: Catalogue,
    *,
    context: Context = Context(),
    thresholds: Thresholds = Thresholds(),
    urgent: bool = False,
    following: InContext | None = None,
) -> Decision:
    """Decides about one message.

    Args:
        text: what the person typed, or what is left of it beside an urgent symptom.
        intent: the classifier's first choice.
        probability: its confidence in it.
        ranking: the retriever's result; None if the message could not be embedded.
        catalogue: the passages and topics.
        context: what was said before.
        thresholds: see `Thresholds`.
        urgent: an escalation goes first; only a sure answer may follow it.
        following: reads the message behind the last answer; asked only where it is unclear alone.
    """
    if intent == contract.INTENT_CRISIS:
        following = None  # However unsure: it is told nothing about what was quoted.
    if following is not None:
        following = partial(_in_context, following, context.leans_on, catalogue)
    picked = pick_offered(text, context.offered) or catalogue.by_label(text)
    if picked and picked in catalogue.cards:
        if not urgent:
            return _answer(picked, ranking, catalogue, exact=True)
        if not catalogue.cards[picked].after_escalation:
            return Decision(None, confidence=1.0)
        return _answer(picked, ranking, catalogue, exact=True, related=False)
    if ranking is None:
        return Decision(None if urgent else contract.UTTER_UNAVAILABLE)
    sure = ranking.confidence
    if urgent:
        return _beside_escalation(ranking, catalogue, thresholds)
    sure_of_question = sure >= thresholds.override and _has_content(text, intent, sure)
    if sure_of_question and ranking.passages and intent != contract.INTENT_SYMPTOM:
        return _of_knowledge(
            intent, ranking, catalogue, thresholds, insist=True, following=following
        )
    topic = _topic_ahead(ranking)
    surer = bool(topic) and topic.share > probability  # type: ignore[union-attr]
    if surer and intent not in KNOWLEDGE_INTENTS and _has_content(text, intent, sure):
        intent = contract.INTENT_QUESTION  # "and will insurance pay", taken for a goodbye.
    if intent in ASIDES and context.last_passage and text.rstrip().endswith("?"):
        intent = contract.INTENT_QUESTION  # "such as?", taken for a yes.
    if following and intent in GIVE_WAY and topic is None and sure < thresholds.alone:
        asks = intent in ASIDES - {contract.INTENT_THANK} and opens_with_question_word(text)
        doubtful = thresholds.small_talk <= probability < thresholds.sure_small_talk
        leaning = following() if asks or doubtful else None
        if leaning and leaning.answer:
            return _hedged(_answer_in_context(leaning.answer, leaning, ranking), thresholds)
        if leaning and leaning.said_already:
            return _said_already(leaning, ranking)
    if probability >= thresholds.small_talk:
        if intent == contract.INTENT_MORE:
            return _more(context, catalogue)
        if intent == contract.INTENT_SOURCE:
            if context.last_passage in catalogue.cards:
                return Decision(contract.UTTER_SOURCE, passage=context.last_passage)
            return Decision(contract.UTTER_NO_SOURCE)
        if intent not in KNOWLEDGE_INTENTS:
            return Decision(None)
    elif intent == contract.INTENT_OUT_OF_SCOPE:
        intent = contract.INTENT_QUESTION  # A guess: what lies nearest decides.
    brief = len(text.split()) <= BRIEF
    return _of_knowledge(intent, ranking, catalogue, thresholds, following=following, brief=brief)


def _has_content(text: str, intent: str | None, sure: float) -> bool:
    """Small talk of a word or two is never read as a question, however close it lies to one."""
    return intent in KNOWLEDGE_INTENTS or sure == 1.0 or len(text.split()) >= 4


def _other_ahead(ranking: Ranking) -> Hit | None:
    """Returns what lies nearer than any passage: a topic that is not covered, or off topic."""
    other = ranking.others[0] if ranking.others else None
    if other and ranking.passages and ranking.passages[0].share >= other.share:
        return None
    return other


def _topic_ahead(ranking: Ranking) -> Hit | None:
    ahead = _other_ahead(ranking)
    return ahead if ahead and ahead.target.startswith(TOPIC_PREFIX) else None


def _of_knowledge(
    intent: str | None,
    ranking: Ranking,
    catalogue: Catalogue,
    thresholds: Thresholds,
    *,
    insist: bool = False,
    following: InContext | None = None,
    brief: bool = False,
) -> Decision:
    sure = ranking.confidence
    answerable = bool(ranking.passages) and sure >= thresholds.answer
    if intent == contract.INTENT_ADVICE:
        if answerable:
            found = _answer(ranking.passages[0].target, ranking, catalogue)
            return _with_action(found, contract.UTTER_CARE_TEAM_RELATED)
        return Decision(contract.UTTER_CARE_TEAM, confidence=sure)
    if intent == contract.INTENT_SYMPTOM:  # A report, denied or mild: no passage as reassurance.
        return Decision(contract.UTTER_SYMPTOM, confidence=sure)
    topic = _topic_ahead(ranking)
    unclear = sure < thresholds.alone and topic is None
    leaning = following() if following and unclear else None
    if answerable and not leaning and (insist or intent != contract.INTENT_OUT_OF_SCOPE):
        return _hedged(_answer(ranking.passages[0].target, ranking, catalogue), thresholds)
    nearest = [h.target for h in ranking.passages]
    offers = leaning.offers if leaning else tuple(catalogue.told_apart(nearest)[:RELATED])
    numbers = {"confidence": sure, "alternatives": offers}
    ahead = _other_ahead(ranking)
    if topic:
        name = topic.target[len(TOPIC_PREFIX) :]
        return Decision(contract.UTTER_NOT_COVERED, topic=name, unanswered=True, **numbers)  # type: ignore[arg-type]
    if leaning and leaning.answer:
        return _hedged(_answer_in_context(leaning.answer, leaning, ranking), thresholds)
    if leaning and leaning.said_already:
        return _said_already(leaning, ranking)
    off_topic = intent == contract.INTENT_OUT_OF_SCOPE or (ahead and ahead.target == OFF_TOPIC)
    about_it = leaning and brief  # "such as?" after an answer, whatever it looks like.
    if off_topic and not about_it:
        return Decision(contract.UTTER_OUT_OF_SCOPE, **numbers)  # type: ignore[arg-type]
    if sure >= thresholds.clarify and offers:
        return Decision(contract.UTTER_CLARIFY, related=offers, **numbers)  # type: ignore[arg-type]
    return Decision(contract.UTTER_DONT_KNOW, related=offers, unanswered=True, **numbers)  # type: ignore[arg-type]


def _beside_escalation(ranking: Ranking, catalogue: Catalogue, thresholds: Thresholds) -> Decision:
    """After an escalation only a sure answer follows, from a passage that may."""
    best = ranking.passages[0] if ranking.passages else None
    if best is None or ranking.confidence < thresholds.sure:
        return Decision(None, confidence=ranking.confidence)
    if not catalogue.cards[best.target].after_escalation:
        return Decision(None, confidence=ranking.confidence)
    return _answer(best.target, ranking, catalogue, related=False)


def _more(context: Context, catalogue: Catalogue) -> Decision:
    if context.last_passage not in catalogue.cards:  # Nothing was quoted, or by another model.
        return Decision(contract.UTTER_MORE_OF_WHAT)
    following = catalogue.next_in_section(context.last_passage)
    if following is None:
        return Decision(contract.UTTER_NO_MORE)
    return _answer(following, None, catalogue)


def _answer(
    passage: str,
    ranking: Ranking | None,
    catalogue: Catalogue,
    *,
    exact: bool = False,
    related: bool = True,
) -> Decision:
    ranked = [h.target for h in ranking.passages[1:3]] if ranking else []
    near = catalogue.neighbours(passage)
    also = catalogue.told_apart([*near[:1], *ranked, *near[1:]], beside=passage)
    hit = ranking.passages[0] if ranking and ranking.passages else None
    return Decision(
        contract.UTTER_ANSWER,
        passage=passage,
        related=tuple(also)[:RELATED] if related else (),
        confidence=1.0 if exact or ranking is None else ranking.confidence,
        similarity=hit.similarity if hit and not exact else 1.0,
    )


def _in_context(read: InContext, last: str | None, catalogue: Catalogue) -> FollowUp | None:
    """Reads the message; what stood in the list that was quoted has been said already."""
    found = read()
    if found is None:
        return None
    # The last passage itself is offered where it lies nearest, and nothing is sure.
    again = tuple(p for p in found.offers[:1] if p == last)
    others = catalogue.told_apart(found.offers[len(again) :], beside=last)
    offers = (*again, *others)[:RELATED]
    if found.answer and last and not catalogue.told_apart([found.answer], beside=last):
        return replace(found, answer=None, said_already=True, offers=offers)
    return replace(found, offers=offers)


def _answer_in_context(passage: str, leaning: FollowUp, ranking: Ranking) -> Decision:
    """Quotes what was found behind the last answer; the nearest without it are on the buttons."""
    found = [hit.similarity for hit in ranking.passages if hit.target == passage]
    return Decision(
        contract.UTTER_ANSWER,
        passage=passage,
        related=tuple(p for p in leaning.offers if p != passage),
        confidence=leaning.trust,
        similarity=found[0] if found else 0.0,
    )


def _said_already(leaning: FollowUp, ranking: Ranking) -> Decision:
    return Decision(
        contract.UTTER_SAID_ALREADY,
        related=leaning.offers,
        unanswered=True,
        confidence=ranking.confidence,
        alternatives=leaning.offers,
    )


def _hedged(decision: Decision, thresholds: Thresholds) -> Decision:
    """Gives a passage that is likely, and not sure, as the nearest text."""
    if decision.confidence >= thresholds.sure:
        return decision
    return _with_action(decision, contract.UTTER_NEAREST)


def _with_action(decision: Decision, action: str) -> Decision:
    return Decision(**{**asdict(decision), "action": action})


_ORDINALS = (
    ("1", "one", "first", "1st"),
    ("2", "two", "second", "2nd"),
    ("3", "three", "third", "3rd"),
)
_PICK = re.compile(
    r"(?:(?:the|number|option)\s+|(?:number|no\.|no|#)\s*(?=\d))*(?P<which>[a-z0-9]+)(?:\s+(?:one|option|please|pls))*[.!]*"
)


def pick_offered(text: str, offered: Sequence[str]) -> str | None:
    """Reads "the second one", "2" or "last" as a choice among the topics just offered."""
    match = _PICK.fullmatch(text.strip().casefold()) if offered else None
    if not match:
        return None
    which = match.group("which")
    if which == "last":
        return offered[-1]
    for position, words in enumerate(_ORDINALS[: len(offered)]):
        if which in words:
            return offered[position]
    return None
