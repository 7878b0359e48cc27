"""What Telegram may forget, and what it must keep."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.window import Window


def test_only_an_unbroken_row_of_finished_updates_is_confirmed() -> None:
    window = Window()
    assert window.offset() is None and not window.busy
    for number in (5, 6, 7):
        window.begin(number)
    assert window.offset() is None and window.busy
    window.finish(6)
    assert window.offset() is None
    window.finish(5)
    assert window.offset() == 7
    window.confirmed(7)
    assert 5 not in window and 7 in window and len(window) == 1
    window.finish(7)
    assert window.offset() == 8 and not window.busy
    window.confirmed(8)
    assert window.offset() is None and len(window) == 0


@given(st.lists(st.integers(0, 20), unique=True), st.sets(st.integers(0, 20)))
def test_nothing_unfinished_is_ever_confirmed(begun: list[int], finished: set[int]) -> None:
    window = Window()
    for number in begun:
        window.begin(number)
    for number in finished & set(begun):
        window.finish(number)
    offset = window.offset()
    if offset is not None:
        assert all(number in finished for number in begun if number < offset)
