"""One text in ten is held out, always the same ones."""

import pytest

from bot.encoding.holdout import held_out


def test_about_a_tenth_is_held_out() -> None:
    share = sum(held_out(f"text {n}") for n in range(5000)) / 5000
    assert share == pytest.approx(0.1, abs=0.02)


def test_it_depends_on_nothing_but_the_text() -> None:
    texts = [f"text {n}" for n in range(50)]
    assert [held_out(t) for t in texts] == [held_out(t) for t in reversed(texts)][::-1]
