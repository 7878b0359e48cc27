"""The figures, held against numbers worked out by hand."""

from __future__ import annotations

import math
import random

import pytest

from bot.evaluation.metrics import (
    Rate,
    accuracy,
    calibration_error,
    class_scores,
    confusions,
    coverage_curve,
    hit_at,
    holding_threshold,
    macro_f1,
    reliability,
)

GOLD = ["a", "a", "a", "b", "b", "c"]
SAID = ["a", "a", "b", "b", "c", "c"]


def test_rate_counts_the_true_ones() -> None:
    assert Rate.of([True, False, True, True]) == Rate(3, 4)
    assert Rate(3, 4).value == 0.75


def test_interval_is_wilsons() -> None:
    # n 10, p 0.8, z2 3.8415: centre (0.8 + 0.19207) / 1.38415 = 0.71674;
    # half 1.95996 / 1.38415 * sqrt(0.016 + 0.0096036) = 0.22657.
    low, high = Rate(8, 10).interval
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)


@pytest.mark.parametrize(
    ("rate", "low", "high"),
    [(Rate(0, 0), 0.0, 1.0), (Rate(0, 20), 0.0, 0.1611), (Rate(20, 20), 0.8389, 1.0)],
    ids=["nothing", "none of 20", "all of 20"],
)  # 3.8415 / (20 + 3.8415) = 0.1611
def test_interval_at_the_ends(rate: Rate, low: float, high: float) -> None:
    assert rate.interval == pytest.approx((low, high), abs=1e-4)


def test_class_scores() -> None:
    # a: said 2, both right, of 3 -> P 1, R 2/3, F1 0.8. b: said 2, one right, of 2 -> all 0.5.
    # c: said 2, one right, of 1 -> P 0.5, R 1, F1 2/3.
    a, b, c = class_scores(GOLD, SAID)
    assert (a.precision, a.recall, a.f1, a.support) == pytest.approx((1, 2 / 3, 0.8, 3))
    assert (b.precision, b.recall, b.f1, b.support) == pytest.approx((0.5, 0.5, 0.5, 2))
    assert (c.precision, c.recall, c.f1, c.support) == pytest.approx((0.5, 1, 2 / 3, 1))


def test_accuracy_and_macro_f1() -> None:
    assert accuracy(GOLD, SAID) == Rate(4, 6)
    assert macro_f1(GOLD, SAID) == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)


def test_macro_f1_equals_scikit_learns() -> None:
    from sklearn.metrics import f1_score

    chance = random.Random(7)
    gold = [chance.choice("abcd") for _ in range(200)]
    said = [chance.choice("abcde") for _ in range(200)]
    theirs = f1_score(gold, said, average="macro", labels=sorted(set(gold)))
    assert macro_f1(gold, said) == pytest.approx(theirs)


def test_a_label_that_is_never_predicted_scores_nothing() -> None:
    assert class_scores(["a"], ["b"])[0].f1 == 0.0
    assert macro_f1([], []) == 0.0


def test_confusions_most_frequent_first() -> None:
    assert confusions(["a", "b", "a", "a"], ["b", "a", "b", "a"]) == [("a", "b", 2), ("b", "a", 1)]


def test_hit_at() -> None:
    gold = [frozenset({"p"}), frozenset({"q", "r"}), frozenset({"s"}), frozenset({"t"})]
    ranked = [["p", "x"], ["x", "r"], ["x", "y", "z", "s"], []]
    assert hit_at(gold, ranked, 1) == Rate(1, 4)
    assert hit_at(gold, ranked, 3) == Rate(2, 4)


@pytest.mark.parametrize(("share", "held"), [(0.0, 0), (0.5, 2), (0.6, 3), (0.75, 3), (1.0, 4)])
def test_threshold_holds_back_at_least_the_share(share: float, held: int) -> None:
    scores = [0.4, 0.1, 0.3, 0.2]
    threshold = holding_threshold(scores, share)
    assert sum(s < threshold for s in scores) == held


def test_threshold_lies_just_above_the_last_score_held_back() -> None:
    threshold = holding_threshold([0.1, 0.2, 0.3, 0.4], 0.5)
    assert threshold > 0.2  # on it: held back
    assert threshold <= math.nextafter(0.2, 1)  # a hair above: answered


def test_coverage_curve() -> None:
    # By falling score: right, wrong, right and right together (equal scores).
    points = coverage_curve([0.5, 0.9, 0.5, 0.8], [True, True, True, False])
    assert points == [(0.25, 1.0), (0.5, 0.5), (1.0, 0.75)]


def test_reliability_bins_and_calibration_error() -> None:
    # Bin 0-0.5: 0.1 and 0.3, one right -> 0.2 against 0.5. Bin 0.5-1: 0.5 and 1.0, both right
    # -> 0.75 against 1. Error: (2 * 0.3 + 2 * 0.25) / 4 = 0.275.
    bins = reliability([0.1, 0.3, 0.5, 1.0], [True, False, True, True], bins=2)
    assert [(b.right, b.count) for b in bins] == [(0.5, 2), (1.0, 2)]
    assert [b.confidence for b in bins] == pytest.approx([0.2, 0.75])
    assert calibration_error(bins) == pytest.approx(0.275)
    assert calibration_error([]) == 0.0
