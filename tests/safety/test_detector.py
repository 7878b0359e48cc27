"""Either half raises the alarm; a broken classifier leaves the patterns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.safety import Detector, Level, PatternDetector, UrgencyClassifier, split_clauses
from bot.safety.classifier import Scores, Thresholds

TRAINING = {
    "urgent": ["alpha alpha", "alpha one", "alpha two"],
    "crisis": ["beta beta", "beta one", "beta two"],
    "neither": ["gamma gamma", "gamma one", "gamma two"],
}


def encode(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    """Counts three words: an embedding that can be computed in the head."""
    return np.array([[t.count(w) for w in ("alpha", "beta", "gamma")] for t in texts], dtype=float)


@pytest.fixture(scope="module")
def classifier() -> UrgencyClassifier:
    texts = [text for group in TRAINING.values() for text in group]
    labels = [label for label, group in TRAINING.items() for _ in group]
    return UrgencyClassifier(thresholds=Thresholds(0.5, 0.5, 1.0)).fit(texts, labels, encode)


def detect(text: str, classifier: Any) -> Any:
    clauses = split_clauses(text)
    vectors = encode([text, *(c.text for c in clauses)])
    detector = Detector(PatternDetector(), classifier)
    return detector.detect(text, whole=vectors[0], clauses=clauses, clause_vectors=vectors[1:])


@pytest.mark.parametrize(
    ("text", "level"),
    [("alpha again", "urgent"), ("beta again", "crisis"), ("gamma again", "none")],
)
def test_classifier_alone_raises_the_alarm(
    classifier: UrgencyClassifier, text: str, level: str
) -> None:
    verdict = detect(text, classifier)
    assert verdict.level == Level(level)
    assert all(f.source == "classifier" for f in verdict.findings)


def test_patterns_alone_raise_the_alarm(classifier: UrgencyClassifier) -> None:
    assert detect("gamma gamma I have a fever", classifier).families == ("fever_chills",)


def test_denial_holds_the_classifier_back(classifier: UrgencyClassifier) -> None:
    assert detect("alpha, no fever", classifier).level == Level.NONE


class Broken:
    thresholds = Thresholds()

    def scores(self, *_: Any, **__: Any) -> Scores:
        raise OSError("gone")


def test_broken_classifier_leaves_the_patterns() -> None:
    assert detect("I have a fever", Broken()).urgent


def test_vectors_that_are_not_numbers_leave_the_patterns(classifier: UrgencyClassifier) -> None:
    detector = Detector(PatternDetector(), classifier)
    verdict = detector.detect("I have a fever", whole=[float("nan")] * 3)
    assert verdict.families == ("fever_chills",)


def test_untrained_classifier_says_so() -> None:
    with pytest.raises(RuntimeError, match="not trained"):
        UrgencyClassifier().scores([0.0, 0.0, 0.0])


def test_save_and_load_score_alike(classifier: UrgencyClassifier, tmp_path: Path) -> None:
    classifier.save(tmp_path)
    loaded = UrgencyClassifier.load(tmp_path)
    vector = encode(["alpha beta"])[0]
    before, after = (c.scores(vector, texts=["alpha beta"]) for c in (classifier, loaded))
    assert after.urgent == pytest.approx(before.urgent, abs=1e-5)
    assert loaded.thresholds == classifier.thresholds
