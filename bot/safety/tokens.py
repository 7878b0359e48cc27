"""Tokens of normalised text: clitics split, texting spelt out, offsets kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.safety.normalize import normalize

_WORD = re.compile(
    r"[^\W\d_]+(?:'[^\W\d_]+)*(?:[013457$@]+[^\W\d_]+)*"  # words, and words with digits as letters
    r"|\d+(?:[.,]\d+)*|\n|\S",
)
_CLITIC = {"'s": "'s", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "'d": "would"}
_LEET = str.maketrans("013457$@", "oieastsa")
_BREAKS = frozenset(".!?;\n")
_LETTERS = re.compile(r"(?<![\w'])(?:[^\W\d_][ .\-*_]){3,}[^\W\d_](?![\w'])")


@dataclass(frozen=True)
class Token:
    """A repaired word; `start` and `end` are offsets in the raw text."""

    text: str
    start: int
    end: int

    @property
    def is_break(self) -> bool:
        return self.text in _BREAKS


def tokenize(
    text: str, aliases: Mapping[str, str], repair: Callable[[str], str]
) -> tuple[Token, ...]:
    """Splits raw text; `aliases` spells out texting, `repair` mends one misspelt word."""
    norm = normalize(text)
    tokens: list[Token] = []
    for start, end in _spans(norm.text):
        word = norm.text[start:end]
        for part, left, right in _parts(word, start, end, aliases, repair):
            tokens.append(Token(part, *norm.raw_span(left, right)))
    return _mark_acronyms(tokens, text)


def _spans(text: str) -> list[tuple[int, int]]:
    spaced = [m.span() for m in _LETTERS.finditer(text)]
    spans = [m.span() for m in _WORD.finditer(text)]
    if not spaced:
        return spans
    kept = [s for s in spans if not any(a <= s[0] and s[1] <= b for a, b in spaced)]
    return sorted(kept + spaced)


def _parts(
    word: str,
    start: int,
    end: int,
    aliases: Mapping[str, str],
    repair: Callable[[str], str],
) -> list[tuple[str, int, int]]:
    if word in aliases:
        return [(part, start, end) for part in aliases[word].split()]
    for clitic, spelt in _CLITIC.items():
        if word.endswith(clitic) and len(word) > len(clitic):
            cut = end - len(clitic)
            return [
                *_parts(word[: -len(clitic)], start, cut, aliases, repair),
                (spelt, cut, end),
            ]
    if not word[0].isalpha():
        return [(word, start, end)]
    if len(word) > 3 and any(not c.isalpha() and c != "'" for c in word):
        word = word.translate(_LEET) if word[1] not in " .-*_" else re.sub(r"[ .\-*_]", "", word)
    mended = repair(word)
    return [(part, start, end) for part in aliases.get(mended, mended).split()]


def _mark_acronyms(tokens: list[Token], text: str) -> tuple[Token, ...]:
    """Tells "SOB", short of breath, from a sob; in a text of capitals both are possible."""
    return tuple(
        Token("breathless", t.start, t.end) if text[t.start : t.end] == "SOB" else t for t in tokens
    )
