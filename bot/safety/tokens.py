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
_CLITICS = 4  # at one word; more than "they'd've" is no English
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
    return sorted([*_outside(spans, spaced), *spaced])


def _outside(spans: list[tuple[int, int]], covers: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leaves the spans that lie in no cover. Both lists are in order: one walk along both."""
    kept = []
    at = 0
    for start, end in spans:
        while at < len(covers) and covers[at][1] < end:
            at += 1
        if at == len(covers) or start < covers[at][0]:
            kept.append((start, end))
    return kept


def _parts(
    word: str,
    start: int,
    end: int,
    aliases: Mapping[str, str],
    repair: Callable[[str], str],
) -> list[tuple[str, int, int]]:
    endings: list[tuple[str, int, int]] = []
    while len(endings) < _CLITICS and word not in aliases and (clitic := _clitic(word)):
        word, cut = word[: -len(clitic)], end - len(clitic)
        endings.append((_CLITIC[clitic], cut, end))
        end = cut
    return [*_stem(word, start, end, aliases, repair), *reversed(endings)]


def _clitic(word: str) -> str:
    return next((c for c in _CLITIC if word.endswith(c) and len(word) > len(c)), "")


def _stem(
    word: str,
    start: int,
    end: int,
    aliases: Mapping[str, str],
    repair: Callable[[str], str],
) -> list[tuple[str, int, int]]:
    if word in aliases:
        return [(part, start, end) for part in aliases[word].split()]
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
