"""Beginnings by address: both sides of the limit, and on it."""

from __future__ import annotations

from bot.channels.widget import pace
from bot.channels.widget.pace import Pace


def test_the_one_past_the_limit_waits_for_the_first_to_be_a_minute_old() -> None:
    counted = Pace(2)
    assert counted.seconds_to_wait("a", now=0) == 0
    assert counted.seconds_to_wait("a", now=10) == 0
    assert counted.seconds_to_wait("a", now=15) == 45  # The first is a minute old at 60.
    assert counted.seconds_to_wait("a", now=59) == 1  # Asking in vain counts for nothing.
    assert counted.seconds_to_wait("a", now=60) == 0
    assert counted.seconds_to_wait("a", now=61) == 9  # The second is a minute old at 70.


def test_addresses_do_not_wait_for_each_other() -> None:
    counted = Pace(1)
    assert counted.seconds_to_wait("a", now=0) == 0
    assert counted.seconds_to_wait("b", now=0) == 0


def test_the_memory_is_limited() -> None:
    counted = Pace(1)
    for number in range(pace.REMEMBERED + 1):
        counted.seconds_to_wait(str(number), now=0)
    assert counted.seconds_to_wait("0", now=0) == 0  # Forgotten.
    assert counted.seconds_to_wait(str(pace.REMEMBERED), now=0) == 60
