"""Either half raises the alarm; a broken classifier leaves the patterns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.encoding.head import Head
from bot.encoding.holdout import held_out
from bot.safety import Detector, Level, PatternDetector, UrgencyClassifier, split_clauses
from bot.safety.classifier import Scores, Thresholds
from bot.safety.pattern_detector import Examination
from bot.safety.training import Example

WORDS = {"urgent": "alpha", "crisis": "beta", "neither": "gamma"}
# Sixty of each, of which about six are held out; some share a pattern's word with the others.
EXAMPLES = [
    Example(f"{word} {tail} {n}", label, ("breathing",) if label == "urgent" else ())
    for label, word in WORDS.items()
    for n in range(30)
    for tail in ("again", "fever" if label == "urgent" else "fever pitch")
]
NOTHING = Examination(PatternDetector().detect(""))


def encode(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    """Counts three words: an embedding that can be computed in the head."""
    return np.array([[t.count(w) for w in ("alpha", "beta", "gamma")] for t in texts], dtype=float)


@pytest.fixture(scope="module")
def classifier() -> UrgencyClassifier:
    return UrgencyClassifier.fit(
        EXAMPLES, encode, PatternDetector(), thresholds=Thresholds(0.5, 0.5)
    )


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


class Sure:
    """A classifier with an opinion that nothing changes."""

    thresholds = Thresholds(0.2, 0.3, doubt=0.1)

    def __init__(self, urgent: float, crisis: float, family: str = "breathing"):
        self._scores = Scores(urgent, crisis, family)

    def scores(self, *_: Any, **__: Any) -> Scores:
        return self._scores


def judged(text: str, urgent: float, crisis: float = 0.0) -> Any:
    detector = Detector(PatternDetector(), Sure(urgent, crisis))  # type: ignore[arg-type]
    return detector.detect(text, whole=[1.0])


@pytest.mark.parametrize(("urgent", "alarm"), [(0.19, False), (0.2, True), (0.21, True)])
def test_threshold_of_urgent_from_both_sides(urgent: float, alarm: bool) -> None:
    assert judged("something is odd", urgent).urgent is alarm


@pytest.mark.parametrize(("crisis", "alarm"), [(0.29, False), (0.3, True), (0.31, True)])
def test_threshold_of_crisis_from_both_sides(crisis: float, alarm: bool) -> None:
    assert judged("something is very odd", 0.0, crisis).crisis is alarm


@pytest.mark.parametrize(("crisis", "alarm"), [(0.49, False), (0.5, True), (0.51, True)])
def test_a_brief_message_must_say_it_clearly(crisis: float, alarm: bool) -> None:
    assert judged("goodbye for now", 0.0, crisis).crisis is alarm


def test_what_only_the_classifier_saw_names_the_family_and_so_the_first_number() -> None:
    verdict = judged("halfway up I had to sit down for my wind", 0.9)
    assert verdict.families == ("breathing",)
    assert verdict.route == "emergency"
    assert {f.source for f in verdict.affirmed} == {"classifier"}


def test_another_sense_that_the_classifier_is_sure_of_is_silenced_not_lost() -> None:
    verdict = judged("he had a seizure of the giggles", 0.01)
    assert verdict.level == Level.NONE
    assert [f.family for f in verdict.findings] == ["seizure"]


@pytest.mark.parametrize(("urgent", "alarm"), [(0.09, False), (0.1, True), (0.11, True)])
def test_in_doubt_a_pattern_stands(urgent: float, alarm: bool) -> None:
    assert judged("he had a seizure of the giggles", urgent).urgent is alarm


def test_a_reading_needs_nobodys_agreement() -> None:
    assert judged("temp 39.2", 0.0).urgent


def test_a_crisis_pattern_stands_while_anything_is_the_matter() -> None:
    assert judged("I want to kill myself", 0.0, 0.1).crisis
    assert not judged("I want to kill myself laughing", 0.0, 0.0).crisis


class Broken:
    thresholds = Thresholds()

    def scores(self, *_: Any, **__: Any) -> Scores:
        raise OSError("gone")


def test_broken_classifier_leaves_the_patterns() -> None:
    assert detect("I have a fever", Broken()).urgent


def test_a_missing_embedding_leaves_the_patterns(classifier: UrgencyClassifier) -> None:
    assert Detector(PatternDetector(), classifier).detect("I have a fever").urgent


def test_vectors_that_are_not_numbers_leave_the_patterns(classifier: UrgencyClassifier) -> None:
    detector = Detector(PatternDetector(), classifier)
    verdict = detector.detect("I have a fever", whole=[float("nan")] * 3)
    assert verdict.families == ("fever_chills",)


def test_too_few_examples_say_what_is_missing() -> None:
    few = [e for e in EXAMPLES if not (e.label == "crisis" and held_out(e.text))]
    with pytest.raises(ValueError, match=r"\['crisis'\] is held out"):
        UrgencyClassifier.fit(few, encode, PatternDetector())


def test_the_encoders_head_is_used_where_there_is_one() -> None:
    labels = ("neither", "self_harm", "breathing", "chest")
    weights = np.array([[0, 0, 9], [0, 9, 0], [9, 0, 0], [8, 0, 0]], dtype=np.float32)
    head = Head(labels, weights, np.zeros(4, dtype=np.float32))
    made = UrgencyClassifier.fit(EXAMPLES, encode, PatternDetector(), head=head)
    scores = made.scores(encode(["alpha again"])[0], texts=["alpha again"], examined=NOTHING)
    assert scores.family == "breathing"
    assert scores.urgent > 0.5 > scores.crisis


def test_save_and_load_score_alike(classifier: UrgencyClassifier, tmp_path: Path) -> None:
    classifier.save(tmp_path)
    loaded = UrgencyClassifier.load(tmp_path)
    vector, texts = encode(["alpha beta"])[0], ["alpha beta"]
    before, after = (c.scores(vector, texts=texts, examined=NOTHING) for c in (classifier, loaded))
    assert after.urgent == pytest.approx(before.urgent, abs=1e-5)
    assert after.family == before.family
    assert loaded.thresholds == classifier.thresholds


def test_a_classifier_of_another_make_is_refused(
    classifier: UrgencyClassifier, tmp_path: Path
) -> None:
    classifier.save(tmp_path)
    facts = (tmp_path / "urgency.json").read_text("utf-8")
    (tmp_path / "urgency.json").write_text(facts.replace("words, log", "words"), "utf-8")
    with pytest.raises(ValueError, match="another make"):
        UrgencyClassifier.load(tmp_path)
