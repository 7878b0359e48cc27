"""Clauses cover the message in order, few enough to embed."""

from hypothesis import given
from hypothesis import strategies as st

from bot.safety import split_clauses
from bot.safety.clauses import MAX_CLAUSES


def test_cuts_at_punctuation_and_conjunctions() -> None:
    clauses = split_clauses("Where do I park? He is burning up but says he is fine.")
    assert [c.text for c in clauses] == [
        "Where do I park?",
        "He is burning up",
        "but says he is fine.",
    ]


def test_long_message_is_merged_not_cut_off() -> None:
    text = "This is one sentence of many. " * 200
    clauses = split_clauses(text)
    assert len(clauses) == MAX_CLAUSES
    assert clauses[-1].end == len(text.rstrip())


@given(st.text(max_size=400))
def test_offsets_give_the_text(text: str) -> None:
    for clause in split_clauses(text):
        assert text[clause.start : clause.end] == clause.text != ""


@given(st.text(alphabet="ab .,\n", max_size=200))
def test_nothing_but_space_is_left_out(text: str) -> None:
    covered = "".join(c.text for c in split_clauses(text))
    assert "".join(covered.split()) == "".join(text.split())
