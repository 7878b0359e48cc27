"""Splits a message into clauses, cheaply and always the same way, for clause-wise embedding."""

from __future__ import annotations

import heapq
import itertools
import re
from dataclasses import dataclass
from typing import Any

MAX_CLAUSES = 24
_MIN_CHARS = 8
# Repeats are bounded where the match can still fail: only the end of a cut counts, and a run of
# ten thousand spaces is tried from each of them.
_CUT = re.compile(
    r"[.!?;\n]{1,9}(?=\s|$)|\n+|[,:]\s+|\s[-–—]+\s|\s{0,9}[()]\s*"
    r"|\s{1,9}(?=(?:but|however|although|though|except|and|so|because|when|while|since|then|pero|"
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
    return [_trimmed(text, a, b) for a, b in _fitted(_pieces(text))]


def message_clauses(text: str) -> list[Clause]:
    """Returns the clauses of a message of several, none for a message of one."""
    clauses = split_clauses(text)
    return clauses if len(clauses) > 1 else []


def _pieces(text: str) -> list[tuple[int, int]]:
    pieces: list[tuple[int, int]] = []
    start = seen = 0
    first, last = -1, 0  # the words of the piece lie between, without the space around them
    for cut in _CUT.finditer(text):
        part = text[seen : cut.end()]
        if part.strip():
            first = seen + len(part) - len(part.lstrip()) if first < 0 else first
            last = seen + len(part.rstrip())
        seen = cut.end()
        if first >= 0 and last - first >= _MIN_CHARS:
            pieces.append((start, seen))
            start, first = seen, -1
    if text[start:].strip():
        pieces.append((start, len(text)))
    return pieces


def _fitted(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Joins the two neighbours that are shortest together until the number fits."""
    ends = dict(pieces)
    after = {a: b for (a, _), (b, _) in itertools.pairwise(pieces)}
    before = {b: a for a, b in after.items()}
    pairs = [(ends[b] - a, a, ends[b]) for a, b in after.items()]
    heapq.heapify(pairs)
    while len(ends) > MAX_CLAUSES:
        _, start, end = heapq.heappop(pairs)
        middle = after.get(start)
        if middle is None or ends[middle] != end:
            continue  # One of the two has been joined to another since.
        ends[start] = ends.pop(middle)
        follower, leader = after.pop(middle, None), before.get(start)
        del after[start]
        if follower is not None:
            after[start], before[follower] = follower, start
            heapq.heappush(pairs, (ends[follower] - start, start, ends[follower]))
        if leader is not None:
            heapq.heappush(pairs, (end - leader, leader, end))
    return list(ends.items())


def _trimmed(text: str, start: int, end: int) -> Clause:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    return Clause(text[start:end], start, end)
