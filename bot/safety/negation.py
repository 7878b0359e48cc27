"""Scope of negation: a denial silences the symptoms that it closes, and nothing else.

The classic tools let a cue reach until something stops it. Here a cue reaches only through
words that a denial is made of, so that an unforeseen word ends the scope and the alarm stays.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.safety.tokens import Token

_PRONOUNS = frozenset("i he she we they it".split())
_RAISING = frozenset("think thinks thought believe believes believed feel say said mean".split())
_JOINING = frozenset(("or", "nor", "ni", "o", "/"))
_CLOSERS = frozenset(
    ', . ! ? ; ) / - " or nor and but just so either though at whatsoever y ni o only'.split()
) | {"\n"}
_MAX_REACH = 24
_MAX_LATER = 9


@dataclass(frozen=True)
class NegationWords:
    """The closed word classes of `patterns/negation.yml`."""

    cues: frozenset[str]
    bridge: frozenset[str]
    pseudo: frozenset[str]
    after: frozenset[str]
    unsay: tuple[tuple[str, ...], ...]
    after_phrases: tuple[tuple[str, ...], ...]
    cue_phrases: tuple[tuple[str, ...], ...]

    @classmethod
    def from_yaml(cls, data: Mapping[str, Sequence[str]]) -> NegationWords:
        cues = [tuple(str(cue).split()) for cue in data["cues"]]
        return cls(
            cues=frozenset(cue[0] for cue in cues if len(cue) == 1),
            bridge=frozenset(map(str, data["bridge"])),
            pseudo=frozenset(map(str, data["pseudo"])),
            after=frozenset(map(str, data["after"])),
            unsay=tuple(tuple(str(phrase).split()) for phrase in data["unsay"]),
            after_phrases=tuple(tuple(str(p).split()) for p in data["after_phrases"]),
            cue_phrases=tuple(cue for cue in cues if len(cue) > 1),
        )


class NegationScope:
    """Answers, for one tokenised text, whether a symptom at some tokens is denied."""

    def __init__(
        self,
        tokens: Sequence[Token],
        symptoms: Sequence[tuple[int, int]],
        nominal: frozenset[str],
        words: NegationWords,
    ):
        self._texts = [token.text for token in tokens]
        self._words = words
        self._nominal = nominal
        self._ends = {i: start for start, end in symptoms for i in range(start, end)}
        self._symptom_end = dict(symptoms)
        self._cues = {i for i in range(len(tokens)) if self._is_cue(i)}

    def negated(self, start: int, end: int, slots: Sequence[tuple[int, int]] = ()) -> bool:
        return (
            self._denied_inside(slots) or self._denied_after(end) or self._denied_before(start, end)
        )

    def _denied_inside(self, slots: Sequence[tuple[int, int]]) -> bool:
        """Tells whether a cue stands between the parts: "belly is soft, no cramps"."""
        gaps = itertools.pairwise(slots)
        return any(i in self._cues for (_, left), (right, _) in gaps for i in range(left, right))

    def _denied_before(self, start: int, end: int) -> bool:
        at = start - 1
        joined = False  # an "or" between: everything up to it belongs to one list
        while at >= max(0, start - _MAX_REACH):
            word = self._texts[at]
            if at in self._cues:
                return not self._cancelled(at)
            inside = at in self._ends
            if word in _JOINING:
                joined = True
            elif word in (",", "and", "y") and not inside:
                if not (joined or self._list_item(start, end)):
                    return False
            elif word in _PRONOUNS and at > 0:
                if self._texts[at - 1] not in _RAISING and at - 1 not in self._cues:
                    return False
            elif not inside and word not in self._words.bridge and word not in _RAISING:
                return False
            at -= 1
        return False

    def _list_item(self, start: int, end: int) -> bool:
        """Tells whether the symptom is a bare noun that closes an item of a list."""
        if self._texts[end - 1] not in self._nominal:
            return False
        following = self._texts[end] if end < len(self._texts) else "."
        return following in _CLOSERS

    def _denied_after(self, end: int) -> bool:
        rest = self._texts[end : end + 4]
        if rest[:1] in (["?"], [":"], ["-"]) and rest[1:2] in (["no"], ["none"], ["nope"]):
            return rest[2:3] in ([], ["."], [","], ["!"], ["\n"])
        if self._closed_later(end):
            return True
        while rest and rest[0] in (":", "-", "is", "was", "are", "="):
            rest = rest[1:]
        if rest[:1] == ["no"]:  # "fever no, chills no"
            return rest[1:2] in ([], [","], ["."], ["\n"], [";"], ["and"])
        return bool(rest) and rest[0] in self._words.after

    def _closed_later(self, end: int) -> bool:
        later = self._texts[end : end + _MAX_LATER]
        if any(mark in later for mark in (".", "!", "?", "\n")):
            later = later[: next(i for i, w in enumerate(later) if w in (".", "!", "?", "\n"))]
        return any(
            tuple(later[i : i + len(phrase)]) == phrase
            for phrase in self._words.after_phrases
            for i in range(len(later))
        )

    def _is_cue(self, i: int) -> bool:
        texts = self._texts
        if any(tuple(texts[i : i + len(p)]) == p for p in self._words.cue_phrases):
            return True
        if texts[i] not in self._words.cues:
            return False
        following = texts[i + 1] if i + 1 < len(texts) else "."
        if following in self._words.pseudo:
            return False
        first = i == 0 or texts[i - 1] in (".", "?", "!", "\n", ";")
        return not (first and texts[i].endswith("n't") and following in _PRONOUNS)

    def _cancelled(self, cue: int) -> bool:
        """Tells whether the cue is itself denied or doubted: "not that I don't have a fever"."""
        texts = self._texts
        for phrase in self._words.unsay:
            for i in range(max(0, cue - 5), cue + 1):
                if tuple(texts[i : i + len(phrase)]) == phrase:
                    return True
        return any(i in self._cues for i in range(max(0, cue - 2), cue)) and texts[cue] in (
            "without",
            "never",
            "free",
        )
