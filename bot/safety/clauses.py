"""Splits a message into clauses, cheaply and always the same way, for clause-wise embedding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MAX_CLAUSES = 24
_MIN_CHARS = 8
_CUT = re.compile(
    r"[.!?;\n]+(?=\s|$)|\n+|[,:]\s+|\s[-–—]+\s|\s*[()]\s*"
    r"|\s+(?=(?:but|however|although|though|except|and|so|because|when|while|since|then|pero|"
    r"aunque|y|porque)\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clause:
    """A stretch of the raw text: `text[start:end]`."""

    text: str
    start: int
    end: int


def split_clauses(text: str, doc: Any = None) -> list[Clause]:
    """Returns at most `MAX_CLAUSES` clauses, in order, that together cover the whole text.

    Punctuation and conjunctions cut; short pieces join the next; a long message merges
    neighbours until the number fits. `doc` is accepted for callers that have one.
    """
    pieces: list[tuple[int, int]] = []
    start = 0
    for cut in _CUT.finditer(text):
        if len(text[start : cut.end()].strip()) >= _MIN_CHARS:
            pieces.append((start, cut.end()))
            start = cut.end()
    if text[start:].strip():
        pieces.append((start, len(text)))
    while len(pieces) > MAX_CLAUSES:
        shortest = min(range(len(pieces) - 1), key=lambda i: pieces[i + 1][1] - pieces[i][0])
        pieces[shortest : shortest + 2] = [(pieces[shortest][0], pieces[shortest + 1][1])]
    return [_trimmed(text, a, b) for a, b in pieces]


def message_clauses(text: str) -> list[Clause]:
    """Returns the clauses of a message of several, none for a message of one."""
    clauses = split_clauses(text)
    return clauses if len(clauses) > 1 else []


def _trimmed(text: str, start: int, end: int) -> Clause:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    return Clause(text[start:end], start, end)
