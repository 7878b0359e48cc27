"""Normalising folds spelling, never loses the way back to the raw text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.safety.normalize import normalize


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("I CAN’T", "i can't"),
        ("feverrrrr", "feverr"),
        ("escalofríos", "escalofrios"),
        ("ｆｅｖｅｒ", "fever"),
        ("fe\u200bver", "fever"),
        ("38‑39", "38-39"),
        ("1000", "1000"),
    ],
)
def test_folds(raw: str, plain: str) -> None:
    assert normalize(raw).text == plain


def test_emoji_becomes_a_word_with_its_place() -> None:
    norm = normalize("hi 🤒")
    at = norm.text.index("fever")
    assert norm.raw_span(at, at + 5) == (3, 4)


@given(st.text())
def test_twice_is_once(text: str) -> None:
    once = normalize(text).text
    assert normalize(once).text == once


@given(st.text())
def test_offsets_stay_inside_the_text_in_order(text: str) -> None:
    norm = normalize(text)
    assert len(norm.starts) == len(norm.ends) == len(norm.text)
    assert all(0 <= a < b <= len(text) for a, b in zip(norm.starts, norm.ends, strict=False))
    assert list(norm.starts) == sorted(norm.starts)
