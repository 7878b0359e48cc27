"""Typing as people type it: slips, missing punctuation, capitals; for training only."""

from __future__ import annotations

import random
import re

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PUNCTUATION = re.compile(r"[.,!?;:']")

SLIPS = 0.15
"""Texts with slips; about one word in eight of such a text has one."""
LOWER, UPPER, BARE = 0.08, 0.03, 0.09
"""Texts all in lower case, all in capitals, without punctuation."""


class Noise:
    """Changes a text as a hurried person might; most texts stay as they are."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def __call__(self, text: str) -> str:
        """Returns the text, perhaps with slips, in another case, or without punctuation."""
        if self._rng.random() < SLIPS:
            text = self._slips(text)
        style = self._rng.random()
        if style < LOWER:
            return text.lower()
        if style < LOWER + UPPER:
            return text.upper()
        if style < LOWER + UPPER + BARE:
            return _PUNCTUATION.sub("", text)
        return text

    def _slips(self, text: str) -> str:
        words = text.split(" ")
        for _ in range(max(1, len(words) // 8)):
            place = self._rng.randrange(len(words))
            if len(words[place]) > 3 and not any(c.isdigit() for c in words[place]):
                words[place] = self._slip(words[place])
        return " ".join(words)

    def _slip(self, word: str) -> str:
        at = self._rng.randrange(1, len(word) - 1)
        kind = self._rng.randrange(4)
        if kind == 0:
            return word[:at] + word[at + 1 :]
        if kind == 1:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        return word[:at] + self._rng.choice(_LETTERS) + word[at + 1 :]
