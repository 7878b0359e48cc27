"""Tells whether words ask something, by their form alone: English, no model, no parse."""

from __future__ import annotations

import re
from collections.abc import Sequence

_AUXILIARY = (
    r"(?:is|are|was|were|am|do|does|did|can|could|should|shall|will|would|may|might|must|has|have"
    r"|had|(?:is|are|was|were|do|does|did|ca|could|wo|would|should|has|have|had)n['’]?t)"
)
_QUESTION_WORD = r"(?:why|how|what|who|whose|when|where|which)"
_OPENS_WITH_ONE = re.compile(rf"\W*(?:\w+\W+)?{_QUESTION_WORD}\b", re.I)
_SUBJECT = (
    r"(?:i|you|he|she|it|we|they|there|this|that|these|those|the|a|an|my|your|his|her|our|any)"
)
_START = r"^\W*(?:(?:and|so|but|or|also|well|ok|okay|then|please|now|oh|um)\W+){0,2}"
_ASKS = re.compile(
    r"\?"
    # "and where do I stay"; but "when he lies down", "which is new" and "what a night" tell.
    rf"|{_START}(?:(?:why|how|who|whose|where)\b|what\b(?!\W+an?\b)|when\W+{_AUXILIARY}\b"
    rf"|which\W+(?!{_AUXILIARY}\b)\w+\W+{_AUXILIARY}\b)"
    # "so can he eat sushi"; but "he is the patient" tells.
    rf"|{_START}{_AUXILIARY}\W+{_SUBJECT}\b"
    rf"|{_START}(?:tell me|explain)\b"
    r"|\b(?:(?:want|like|need) to (?:know|ask)|wonder(?:ing|ed)?|curious)\b",
    re.I,
)

_POINTS_BACK = re.compile(r"\b(?:it|its|that|this|they|them|their|those|these)\b", re.I)


def opens_with_question_word(text: str) -> bool:
    """Tells whether one of the first two words asks: "well why then", but also "why not"."""
    return _OPENS_WITH_ONE.match(text) is not None


def asks(clause: str) -> bool:
    """Tells whether a clause asks something, rather than adding to what is told.

    Args:
        clause: a stretch of a message, as `split_clauses` cuts it.
    """
    return _ASKS.search(clause) is not None


def asks_alone(clauses: Sequence[str]) -> bool:
    """Tells whether what is asked can be read without the rest of the message.

    "Is that on the list?" behind a symptom asks about the symptom.

    Args:
        clauses: stretches of a message, without those that tell of a symptom.
    """
    asking = [clause for clause in clauses if asks(clause)]
    return bool(asking) and not any(_POINTS_BACK.search(clause) for clause in asking)
