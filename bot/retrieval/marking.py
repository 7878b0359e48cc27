"""Finds the sentence of a passage that answers a query, so that it can stand out where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.encoding import Vectors
from bot.retrieval.entries import Entry, EntryKind, sentences
from bot.retrieval.linear import CharacterFeatures

WORDS = 0.5
"""Weight of likeness in characters beside that in meaning."""

LEAD = 1.05
"""How far ahead of the next sentence, in standard deviations, one is marked: of two sentences,
only one that both signals prefer (they would be 1.0 apart if the signals disagreed)."""


@dataclass(frozen=True)
class Mark:
    """A sentence: the number of its entry in the index, and where it stands in the quote."""

    number: int
    start: int
    end: int


def find_marks(
    entries: Sequence[Entry], pieces: dict[str, tuple[int, str]]
) -> dict[str, list[Mark]]:
    """Finds the sentences of each passage that has several.

    Args:
        entries: as they are numbered in the index.
        pieces: where the own words of each passage begin in its quote, and those words, by id.
    """
    numbers = {(e.target, e.text): i for i, e in enumerate(entries) if e.kind is EntryKind.SENTENCE}
    found = {}
    for passage, (begin, words) in pieces.items():
        marks, place = [], 0
        for sentence in sentences(words):
            number = numbers.get((passage, sentence))
            start = words.find(sentence, place)
            if number is None or start < 0:
                continue
            place = start + len(sentence)
            marks.append(Mark(number, begin + start, begin + place))
        if len(marks) > 1:
            found[passage] = marks
    return found


class SentenceMarker:
    """Chooses among the sentences of a passage; says nothing where the choice is close."""

    def __init__(
        self,
        marks: dict[str, list[Mark]],
        quotes: dict[str, str],
        characters: CharacterFeatures,
        vectors: Any,
    ) -> None:
        """Keeps what a choice needs.

        Args:
            marks: see `find_marks`.
            quotes: the words of each passage, by id.
            characters: turns texts into n-grams.
            vectors: returns the embedding of an entry, shape (d,), by its number.
        """
        self.marks = marks
        self._characters = characters
        self._meaning = {
            p: np.stack([vectors(m.number) for m in marks]) for p, marks in marks.items()
        }
        self._words = {
            p: characters.transform([quotes[p][m.start : m.end] for m in marks])
            for p, marks in marks.items()
        }

    def mark(self, passage: str, query: str, vector: NDArray[np.float32]) -> tuple[int, int] | None:
        """Returns where the sentence that answers starts and ends in the quote, or None."""
        if passage not in self.marks:
            return None
        words = self._words[passage] @ self._characters.transform([query]).T
        scores = _standardised(self._meaning[passage] @ vector)
        scores += WORDS * _standardised(words.toarray()[:, 0])
        best, next_best = np.argsort(-scores)[:2]
        if scores[best] - scores[next_best] < LEAD:
            return None
        chosen = self.marks[passage][int(best)]
        return chosen.start, chosen.end


def _standardised(scores: Vectors) -> NDArray[np.float64]:
    spread = max(float(scores.std()), 1e-9)
    return np.asarray((scores - scores.mean()) / spread, dtype=np.float64)
