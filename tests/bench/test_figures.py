"""The statistics, held against numbers worked out by hand."""

from __future__ import annotations

import pytest

from bot.bench.figures import Aim, Latency, Spread, Turn, aims, growth, latency, percentile, spread


def turn(number: int, ms: float, *, fresh: bool, cpu_ms: float = 0.0, replies: int = 1) -> Turn:
    return Turn("s", number, fresh, ms / 1000, cpu_ms / 1000, replies)


def numbers(found: Spread) -> tuple[float, float, int]:
    return found.median, found.p95, found.count


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0, 1.0, 2.0], 0.5, 2.0),  # place 0.5 * 2 = 1: the middle one
        ([1.0, 2.0, 3.0, 10.0], 0.5, 2.5),  # place 1.5: half-way from 2 to 3
        ([0.0, 10.0], 0.95, 9.5),  # place 0.95
        ([float(n) for n in range(1, 12)], 0.95, 10.5),  # place 9.5: half-way from 10 to 11
        ([1.0, 2.0], 0.0, 1.0),
        ([1.0, 2.0], 1.0, 2.0),
        ([7.0], 0.95, 7.0),
    ],
    ids=["odd", "even", "two", "eleven", "lowest", "highest", "single"],
)
def test_percentile(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == pytest.approx(expected)


def test_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_spread_is_in_milliseconds() -> None:
    # Median 20 ms; p95 at place 1.9: 20 + 0.9 * (40 - 20) = 38 ms.
    assert numbers(spread([0.020, 0.010, 0.040])) == pytest.approx((20.0, 38.0, 3))


def test_latency_takes_the_fifth_turn_and_the_eleven_late_ones() -> None:
    fresh = [turn(n, 10.0 * n, fresh=True, cpu_ms=n) for n in range(1, 11)]
    long = [turn(n, float(n), fresh=False, cpu_ms=2 * n) for n in range(1, 31)]
    found = latency([*fresh, *long], late=20)
    assert numbers(found.early) == pytest.approx((50.0, 50.0, 1))
    # 10, 20, ... 100 ms: place 4.5 between 50 and 60; place 8.55 between 90 and 100.
    assert numbers(found.fresh) == pytest.approx((55.0, 95.5, 10))
    # Turns 15 to 25: the middle one is 20; place 9.5 between 24 and 25.
    assert numbers(found.late) == pytest.approx((20.0, 24.5, 11))
    assert found.fresh_cpu == pytest.approx(5.5)  # mean of 1 to 10
    assert found.late_cpu == pytest.approx(40.0)  # twice the mean of 15 to 25
    assert found.late_to_early == pytest.approx(0.4)  # 20 / 50


def test_silent_turns_are_counted() -> None:
    turns = [turn(5, 1, fresh=True, replies=0), turn(20, 1, fresh=False, replies=2)]
    assert latency(turns, late=20).silent == 1


def test_growth_has_a_median_for_each_fifty_turns() -> None:
    # Turn n takes n ms; the middle of 1-50 is 25.5, of 51-100 is 75.5; 101 stands alone.
    # Two long conversations: each step's turns are taken together.
    turns = [turn(n, n, fresh=False) for n in range(1, 102)] * 2
    assert growth(turns) == pytest.approx([25.5, 75.5, 101.0])


def made(early: float, late: float) -> Latency:
    here = Spread(early, early, 1)
    return Latency(here, here, Spread(late, late, 1), 0.0, 0.0, [], 0)


def test_aims_compare_medians_with_the_stock_bot_and_with_itself() -> None:
    fifth, late, own = aims(made(early=20, late=35), made(early=40, late=70))
    assert (fifth.value, late.value, own.value) == pytest.approx((0.5, 0.5, 1.75))
    assert (fifth.held, late.held, own.held) == (True, True, False)


@pytest.mark.parametrize(("value", "held"), [(1.49, True), (1.5, True), (1.51, False)])
def test_an_aim_is_held_on_its_limit(value: float, held: bool) -> None:
    assert Aim("a", value, 1.5).held is held
