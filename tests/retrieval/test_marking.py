"""The sentence that answers is marked where it stands, or none is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.retrieval.entries import Entry, EntryKind
from bot.retrieval.linear import CharacterFeatures, count_characters
from bot.retrieval.marking import Mark, SentenceMarker, find_marks

QUOTE = "The team says:\n• The cells go in by drip. It may take an hour. Then you rest."
SENTENCES = ("The cells go in by drip.", "It may take an hour.", "Then you rest.")
ENTRIES = [
    Entry("p", EntryKind.QUOTE, QUOTE),
    *(Entry("p", EntryKind.SENTENCE, s) for s in SENTENCES),
    Entry("q", EntryKind.SENTENCE, "One alone."),
]
QUOTES = {"p": "The team says:\n" + " ".join(SENTENCES), "q": "One alone."}
PIECES = {"p": (15, " ".join(SENTENCES)), "q": (0, "One alone.")}
VECTORS = np.eye(4, dtype=np.float32)
"""Entry n lies along axis n."""


def marker() -> SentenceMarker:
    characters = CharacterFeatures.fit(count_characters([e.text for e in ENTRIES]))
    marks = find_marks(ENTRIES, PIECES)
    return SentenceMarker(marks, QUOTES, characters, lambda n: VECTORS[n])


def test_marks_lead_to_the_sentences_in_the_quote() -> None:
    marks = find_marks(ENTRIES, PIECES)
    assert [QUOTES["p"][m.start : m.end] for m in marks["p"]] == list(SENTENCES)
    assert [m.number for m in marks["p"]] == [1, 2, 3]
    assert "q" not in marks  # All of it answers.


def test_a_repeated_sentence_is_found_at_its_own_place() -> None:
    twice = "Rest. Drink. Rest."
    entries = [Entry("p", EntryKind.SENTENCE, s) for s in ("Rest.", "Drink.")]
    assert find_marks(entries, {"p": (0, twice)})["p"] == [
        Mark(0, 0, 5),
        Mark(1, 6, 12),
        Mark(0, 13, 18),
    ]


def test_the_sentence_that_both_signals_prefer_is_marked() -> None:
    found = marker().mark("p", "how long: may it take an hour?", VECTORS[2])
    assert found is not None
    assert QUOTES["p"][found[0] : found[1]] == "It may take an hour."


def test_nothing_is_marked_where_the_choice_is_close() -> None:
    # Meaning says the first, the words say the last.
    both = (VECTORS[1] + VECTORS[3]) / np.sqrt(2)
    assert marker().mark("p", "zzz", np.asarray(both, dtype=np.float32)) is None
    assert marker().mark("q", "one alone", VECTORS[1]) is None
    assert marker().mark("unknown", "one alone", VECTORS[1]) is None


@given(st.text(max_size=60), st.integers(0, 3))
def test_a_mark_is_always_a_whole_sentence(query: str, axis: int) -> None:
    found = marker().mark("p", query, VECTORS[axis])
    assert found is None or QUOTES["p"][found[0] : found[1]] in SENTENCES
