"""Tells whether words ask something, by their form alone: English, no model, no parse."""

from __future__ import annotations

import re

_AUXILIARY = (
    r"(?:is|are|was|were|am|do|does|did|can|could|should|shall|will|would|may|might|must|has|have"
    r"|isn't|aren't|don't|doesn't|can't|won't|shouldn't)"
)
_QUESTION_WORD = r"(?:why|how|what|who|whose|when|where|which)"
_OPENS_WITH_ONE = re.compile(rf"\W*(?:\w+\W+)?{_QUESTION_WORD}\b", re.I)
_SUBJECT = (
    r"(?:i|you|he|she|it|we|they|there|this|that|these|those|the|a|an|my|your|his|her|our|any)"
)
_ASKS = re.compile(
    r"\?"
    # "and where do I stay"; but "when he lies down" and "which is new" add to what is told.
    r"|^\W*(?:\w+\W+)?(?:(?:why|how|what|who|whose|where)\b"
    rf"|when\W+{_AUXILIARY}\b|which\W+(?!{_AUXILIARY}\b)\w+\W+{_AUXILIARY}\b)"
    # "so can he eat sushi"
    rf"|^\W*(?:\w+\W+)?{_AUXILIARY}\W+{_SUBJECT}\b"
    r"|\b(?:tell me|explain|(?:want|like|need) to (?:know|ask)|wonder(?:ing|ed)?|curious)\b",
    re.I,
)


def opens_with_question_word(text: str) -> bool:
    """Tells whether one of the first two words asks: "well why then", but also "why not"."""
    return _OPENS_WITH_ONE.match(text) is not None


def asks(clause: str) -> bool:
    """Tells whether a clause asks something, rather than adding to what is told.

    Args:
        clause: a stretch of a message, as `split_clauses` cuts it.
    """
    return _ASKS.search(clause) is not None
