"""Calibration: sure of what was right, unsure of what was wrong, never sure without evidence."""

from __future__ import annotations

import numpy as np
import pytest

from bot.retrieval.entries import OFF_TOPIC
from bot.retrieval.gate import FEATURE_NAMES, Gate, alike_matrix, gate_features
from bot.retrieval.ranker import LEXICAL_WEIGHT, SIMILARITY_WEIGHT, Signals


def test_probability_is_the_logistic_of_the_weighted_features() -> None:
    gate = Gate([2.0, 0.0], 0.0, [1.0, 5.0], [0.5, 1.0])
    # (1 - 1) / 0.5 * 2 = 0 -> 0.5; (1.5 - 1) / 0.5 * 2 = 2 -> 1 / (1 + e^-2) = 0.8808
    found = gate.probability(np.array([[1.0, 9.0], [1.5, 9.0]]))
    np.testing.assert_allclose(found, [0.5, 0.8808], atol=1e-4)


def test_fit_tells_right_from_wrong() -> None:
    features = np.array([[x, 0.0] for x in np.linspace(0, 1, 40)])
    gate = Gate.fit(features, features[:, 0] > 0.5)
    low, middle, high = gate.probability(np.array([[0.1, 0.0], [0.5, 0.0], [0.9, 0.0]]))
    assert low < 0.1
    assert 0.35 < middle < 0.65
    assert high > 0.9


@pytest.mark.parametrize(("right", "sure"), [(True, True), (False, False)])
def test_without_a_contrast_it_believes_what_it_saw(right: bool, sure: bool) -> None:
    features = np.random.default_rng(0).normal(size=(9, 3))
    gate = Gate.fit(features, np.full(9, right))
    found = gate.probability(features)
    assert ((found > 0.9) if sure else (found < 0.1)).all()


def test_a_feature_that_never_varies_does_no_harm() -> None:
    features = np.array([[0.0, 1.0], [1.0, 1.0], [0.1, 1.0], [0.9, 1.0]])
    gate = Gate.fit(features, np.array([False, True, False, True]))
    assert np.isfinite(gate.probability(np.array([[0.5, 7.0]]))).all()


WEIGHT = 1 + SIMILARITY_WEIGHT + LEXICAL_WEIGHT
TARGETS = ["a", "b", "topic:cost", OFF_TOPIC]


def signals(*rows: list[float]) -> Signals:
    """All three signals the same, so that `fused` is WEIGHT times the standardised row."""
    scores = np.array(rows, dtype=np.float32)
    return Signals(scores, scores, scores)


def test_features_in_the_head() -> None:
    # (3, 1, -1, -3) has mean 0 and deviation sqrt(5): fused is WEIGHT / sqrt(5) * (3, 1, -1, -3).
    unit = WEIGHT / np.sqrt(5)
    (row,) = gate_features(signals([3.0, 1.0, -1.0, -3.0]), TARGETS, np.array([4]))
    found = dict(zip(FEATURE_NAMES, row, strict=True))
    powers = np.exp(unit * np.array([3.0, 1.0, -1.0, -3.0]))
    shares = powers / powers.sum()
    expected = {
        "best passage's share": shares[0],
        "lead over the next passage": 2 * unit,
        "passages' share": shares[0] + shares[1],
        "topics' share": shares[2],
        "off-topic share": shares[3],
        "lead over the best non-passage": 4 * unit,
        "best passage's similarity": 3.0,
        "best passage's character score": 3.0,
        "signals that agree": 3.0,
        "words, log": np.log(5),
    }
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_topic_ahead_gives_a_negative_lead() -> None:
    (row,) = gate_features(signals([1.0, 0.0, 3.0, 0.0]), TARGETS, np.array([1]))
    found = dict(zip(FEATURE_NAMES, row, strict=True))
    assert found["lead over the best non-passage"] < 0
    assert found["lead over the next passage"] > 0


@pytest.mark.parametrize("targets", [["a"], ["a", OFF_TOPIC], ["a", "b"]])
def test_features_exist_for_the_smallest_knowledge_bases(targets: list[str]) -> None:
    rows = gate_features(signals([1.0, 0.5][: len(targets)]), targets, np.array([2]))
    assert rows.shape == (1, len(FEATURE_NAMES))
    assert np.isfinite(rows).all()


def test_passages_that_are_as_good_are_no_rivals() -> None:
    targets = ["a", "b", "c", "topic:cost", OFF_TOPIC]
    scores = signals([3.0, 2.9, 0.0, -1.0, -2.0])
    alike = alike_matrix(targets, [("b", "a"), ("a", "of another model")])
    (apart,) = gate_features(scores, targets, np.array([4]))
    (together,) = gate_features(scores, targets, np.array([4]), alike)
    before, after = (dict(zip(FEATURE_NAMES, row, strict=True)) for row in (apart, together))
    assert after["best passage's share"] > before["best passage's share"]
    assert after["lead over the next passage"] > 10 * before["lead over the next passage"]
    same = set(FEATURE_NAMES) - {"best passage's share", "lead over the next passage"}
    assert {n: after[n] for n in same} == {n: before[n] for n in same}


def test_signals_agree_when_each_prefers_one_of_two_that_are_as_good() -> None:
    a, b = np.array([[2.0, 1.9, 0.0]]), np.array([[1.9, 2.0, 0.0]])
    scores = Signals(a, b, a)
    at = FEATURE_NAMES.index("signals that agree")
    words = np.array([3])
    assert gate_features(scores, ["a", "b", OFF_TOPIC], words)[0, at] == 2
    alike = alike_matrix(["a", "b", OFF_TOPIC], [("a", "b")])
    assert gate_features(scores, ["a", "b", OFF_TOPIC], words, alike)[0, at] == 3
