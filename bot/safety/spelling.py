"""Mends misspelt symptom words, leaving every ordinary word as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

_MIN_LENGTH = 4
_STEM = 5
_LONG = 7  # from this length on, two slips are forgiven
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "y", "est", "ness", "n't", "in")


class SpellingRepair:
    """Maps a word to the nearest vocabulary word, or to itself if it is known or too far."""

    def __init__(self, vocabulary: Iterable[str], ordinary: Iterable[str]):
        words = {w for w in vocabulary if w.isalpha()}
        self._known = words | set(ordinary)
        self._by_letter: dict[str, list[str]] = defaultdict(list)
        for word in sorted(w for w in words if len(w) > _MIN_LENGTH):
            self._by_letter[word[0]].append(word)

    def __call__(self, word: str) -> str:
        if len(word) < _MIN_LENGTH or not word.isalpha() or self._is_known(word):
            return word
        single = _undoubled(word)
        if self._is_known(single):
            return single
        slips = 1 if len(word) < _LONG else 2
        candidates = self._by_letter[word[0]] + self._by_letter[word[1]]
        hit = process.extractOne(word, candidates, scorer=OSA.distance, score_cutoff=slips)
        return hit[0] if hit else word

    def _is_known(self, word: str) -> bool:
        if word in self._known:
            return True
        return any(
            word.endswith(end)
            and (word[: -len(end)] in self._known or word[: -len(end)] + "e" in self._known)
            for end in _ENDINGS
            if len(word) - len(end) >= _STEM
        )


def _undoubled(word: str) -> str:
    return "".join(c for i, c in enumerate(word) if i == 0 or c != word[i - 1])
