"""Splitting: never too long, nothing lost, at the best place there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.splitting import split, units


def parts(text: str, limit: int, whole: list[tuple[int, int]] | None = None) -> list[str]:
    return [text[a:b] for a, b in split(text, limit, whole or [])]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("", 10, [], id="nothing"),
        pytest.param("short", 10, ["short"], id="short"),
        pytest.param("x" * 10, 10, ["x" * 10], id="exactly the limit"),
        pytest.param("x" * 11, 10, ["x" * 10, "x"], id="one more"),
        pytest.param("One. Two\n\nThree. Four", 18, ["One. Two", "Three. Four"], id="paragraph"),
        pytest.param("One. Two\nThree. Four", 18, ["One. Two", "Three. Four"], id="line"),
        pytest.param("One two. Three four", 15, ["One two.", "Three four"], id="sentence"),
        pytest.param("He said “one.” Then two", 18, ["He said “one.”", "Then two"], id="quote"),
        pytest.param("one two three", 9, ["one two", "three"], id="word"),
        pytest.param("one two three", 7, ["one two", "three"], id="word at the limit"),
        pytest.param("🤷🤷🤷", 4, ["🤷🤷", "🤷"], id="two units a character"),
        pytest.param("🤷🤷🤷", 5, ["🤷🤷", "🤷"], id="not half a character"),
        pytest.param("aaae\u0301e\u0301", 4, ["aaa", "e\u0301e\u0301"], id="not an accent alone"),
        pytest.param("  a  ", 3, ["a"], id="spaces"),
    ],
)
def test_where_it_is_cut(text: str, limit: int, expected: list[str]) -> None:
    assert parts(text, limit) == expected


def test_a_phone_number_is_not_cut() -> None:
    text = "call now +1 212 555 7000 or 911"
    number = (text.index("+"), text.index("7000") + 4)
    assert parts(text, 20) == ["call now +1 212 555", "7000 or 911"]
    assert parts(text, 20, [number]) == ["call now", "+1 212 555 7000 or", "911"]
    assert parts("x" * 8 + "y" * 8, 10, [(8, 16)]) == ["x" * 8, "y" * 8]


@given(st.text(st.characters(codec="utf-8")), st.integers(2, 30))
def test_each_part_fits_and_nothing_is_lost(text: str, limit: int) -> None:
    found = parts(text, limit)
    assert all(part and units(part) <= limit for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())
