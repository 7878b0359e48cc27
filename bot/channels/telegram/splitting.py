"""Splits a long text for Telegram, at the end of a paragraph, a sentence or at least a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LIMIT: Final = 4000
"""UTF-16 units a message. Telegram takes 4,096; the rest is room for what it counts otherwise."""

Span = tuple[int, int]

# From the best place to the worst.
_ENDS = (
    re.compile(r"\n[^\S\n]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"[.!?…][\"”’»)\]]*\s+"),
    re.compile(r"\s+"),
)
_JOINERS = "\u200d\ufe0e\ufe0f"


def units(text: str) -> int:
    """Returns the length as Telegram counts: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int = LIMIT, whole: Iterable[Span] = ()) -> list[Span]:
    """Returns the parts of a text as (start, end), each at most `limit` UTF-16 units.

    Args:
        text: what is to be sent.
        limit: UTF-16 units a part; at least 2, since one character may take two.
        whole: spans that are not to be cut, such as a phone number.
    """
    kept = list(whole)
    parts: list[Span] = []
    start = 0
    while units(text[start:]) > limit:
        end = _cut(text, start, _reach(text, start, limit), kept)
        parts.append((start, end))
        start = end
    parts.append((start, len(text)))
    trimmed = (_trim(text, part) for part in parts)
    return [(a, b) for a, b in trimmed if a < b]


def _reach(text: str, start: int, limit: int) -> int:
    """Returns the farthest end that the limit allows."""
    end = min(len(text), start + limit)
    while units(text[start:end]) > limit:
        end -= max(1, (units(text[start:end]) - limit) // 2)
    return end


def _cut(text: str, start: int, reach: int, whole: list[Span]) -> int:
    for pattern in _ENDS:
        # Whitespace after the reach is dropped, so an end just there counts too.
        ends = [m.end() for m in pattern.finditer(text, start) if m.start() <= reach]
        fitting = [e for e in ends if len(text[start:e].rstrip()) + start <= reach]
        for end in reversed(fitting):
            if end > start and not any(a < end < b for a, b in whole):
                return end
    return _hard_cut(text, start, reach, whole)


def _hard_cut(text: str, start: int, reach: int, whole: list[Span]) -> int:
    """Cuts a text without spaces: before what is to stay whole, and not inside a character."""
    for a, b in whole:
        if start < a < reach < b:
            return a
    end = reach
    while end > start + 1 and (
        unicodedata.combining(text[end]) or text[end] in _JOINERS or text[end - 1] == _JOINERS[0]
    ):
        end -= 1
    return end if end > start + 1 else reach


def _trim(text: str, part: Span) -> Span:
    start, end = part
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
