"""Figurative symptoms: what a word is said of decides, a machine that coughs is not ill."""

from __future__ import annotations

from collections.abc import Sequence

from bot.safety.grammar import Match
from bot.safety.library import Library
from bot.safety.tokens import Token

_BEFORE = 5  # words between a thing and what it does
_AFTER = 4
_LINKS = frozenset("at about by with over on of through from the in for".split())
# Whoever chokes while paying a bill still chokes: these are never read as figures of speech.
_LITERAL = frozenset(("self_harm",))
_BODY = frozenset(
    "chest heart arm arms leg legs hand hands head face tongue throat lips nose eyes skin "
    "body stomach belly temperature breath breathing breathe fever seizure blood".split()
)


def said_of_thing(match: Match, tokens: Sequence[Token], library: Library) -> bool:
    """Tells whether the symptom belongs to a thing, an animal, a market or a show."""
    if match.rule.family in _LITERAL:
        return False
    inside = {t.text for t in tokens[match.start : match.end]}
    return _thing_before(match, tokens, library) or (
        not inside & _BODY and _topic_after(match, tokens, library)
    )


def _thing_before(match: Match, tokens: Sequence[Token], library: Library) -> bool:
    for i in range(match.start - 1, max(-1, match.start - 1 - _BEFORE), -1):
        word = tokens[i].text
        if tokens[i].is_break or word in library.people or word in (",", "and", "but", "then"):
            return False
        if word in library.subjects:
            return not _owned_by_person(i, tokens, library)
    return False


def _owned_by_person(thing: int, tokens: Sequence[Token], library: Library) -> bool:
    """Tells whether, as in "I watched the movie shaking", a person stands before the thing."""
    before = [t.text for t in tokens[max(0, thing - 4) : thing]]
    return any(w in ("i", "he", "she", "they", "we", "him", "me") for w in before)


def _topic_after(match: Match, tokens: Sequence[Token], library: Library) -> bool:
    after = [t.text for t in tokens[match.end : match.end + _AFTER]]
    if not after or (after[0] not in _LINKS and tokens[match.end - 1].text not in _LINKS):
        return False
    for word in after:
        if word in (".", ",", "!", "?", "\n", "and", "but"):
            return False
        if word in library.topics:
            return True
    return False
