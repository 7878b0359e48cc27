"""The joint model weighs signals; each feature says what its name says."""

import numpy as np
import pytest

from bot.safety import PatternDetector
from bot.safety.joint import FEATURE_NAMES, JointModel, Signals, features, log_odds

CALM = Signals(0.5, 0.5, 0.5, 0.5, 0.5, 0.5)


def row(text: str, signals: Signals = CALM) -> dict[str, float]:
    values = features(signals, PatternDetector().examine(text), text)
    return dict(zip(FEATURE_NAMES, values.tolist(), strict=True))


def test_log_odds_of_a_half_is_nothing_and_edges_are_finite() -> None:
    assert log_odds(0.5) == pytest.approx(0.0)
    assert np.isfinite(log_odds(np.array([0.0, 1.0, 1.5]))).all()


def test_what_the_patterns_found_is_there() -> None:
    found = row("no chills, but I have chest pain and a fever")
    assert found["patterns: urgent"] == 1
    assert found["patterns: families, log"] == pytest.approx(np.log(3))  # chest and fever
    assert found["patterns: something denied"] == 1
    assert found["patterns: crisis"] == 0
    assert found["words, log"] == pytest.approx(np.log(11))  # ten words


def test_probabilities_become_log_odds() -> None:
    # 0.8 against 0.2 is four to one; urgent and crisis together 0.9 against 0.1.
    found = row("well", Signals(0.8, 0.1, 0.5, 0.5, 0.5, 0.5))
    assert found["urgent by meaning"] == pytest.approx(np.log(4))
    assert found["any alarm by meaning"] == pytest.approx(np.log(9))


def test_it_learns_which_feature_matters() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(400, len(FEATURE_NAMES)))
    model = JointModel.fit(table, (table[:, 3] > 0).tolist())
    assert int(np.argmax(np.abs(model.weights))) == 3
    high, low = np.zeros(len(FEATURE_NAMES)), np.zeros(len(FEATURE_NAMES))
    high[3], low[3] = 2.0, -2.0
    assert model.probability(high) > 0.9
    assert model.probability(low) < 0.1
