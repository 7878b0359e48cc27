"""Retrieval, intents and whole runs, on a handful of messages whose counts are plain to see."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bot import contract
from bot.evaluation.baselines import (
    BM25Baseline,
    CentroidIntents,
    NearestBaseline,
    majority_intent,
    word_list_alarm,
)
from bot.evaluation.metrics import Rate
from bot.evaluation.retrieval import (
    Asked,
    answered_right,
    answered_wrong,
    confusion,
    held_back,
    measure,
    nearest_right,
    nearest_wrong,
    right_or_offered,
    score_baseline,
)
from bot.evaluation.run import evaluate
from bot.evaluation.sets import Example, Row, load_set, write_rows
from bot.evaluation.tables import Metric
from bot.knowledge.base import load_knowledge
from bot.settings import ROOT
from tests.evaluation.fakes import SilentBot, WordEncoder, parsed

ANSWER, RELATED = contract.UTTER_ANSWER, contract.UTTER_CARE_TEAM_RELATED


def asked() -> Asked:
    """Four questions answered by p: right, wrong, offered, a wrong passage beside the team."""
    messages = [
        parsed(ANSWER, passage="p"),
        parsed(ANSWER, passage="q"),
        parsed(contract.UTTER_CLARIFY, offered=["q", "p"]),
        parsed(RELATED, passage="q"),
    ]
    return Asked([{"text": "words", "passages": ["p"]}] * 4, [frozenset({"p"})] * 4, messages)


def test_retrieval_counts() -> None:
    assert answered_right(asked()) == Rate(1, 4)
    assert answered_wrong(asked()) == Rate(1, 4)
    assert right_or_offered(asked()) == Rate(2, 4)
    assert nearest_right(asked()) == nearest_wrong(asked()) == Rate(0, 4)


def test_the_nearest_text_is_right_or_not_and_never_wrong_as_an_answer() -> None:
    messages = [parsed(contract.UTTER_NEAREST, passage=i) for i in ("p", "q", "q")]
    some = Asked([{"text": "w", "passages": ["p"]}] * 3, [frozenset({"p"})] * 3, messages)
    assert (answered_right(some), answered_wrong(some)) == (Rate(0, 3), Rate(0, 3))
    assert (nearest_right(some), nearest_wrong(some)) == (Rate(1, 3), Rate(2, 3))
    assert held_back(messages) == Rate(3, 3)


def test_confusion_counts_gold_against_first_ranked() -> None:
    messages = [parsed(ANSWER, passage=i, ranked=[i]) for i in ("p", "q", "q", "r")]
    rows: list[Row] = [{"text": "words", "passages": [i]} for i in ("p", "p", "p", "r")]
    gold = [frozenset(row["passages"]) for row in rows]
    names, grid = confusion(Asked(rows, gold, messages), {"p": "P"})
    assert names == ["P", "q"]  # r is confused with nothing
    assert grid == [[1, 2], [0, 0]]


def test_every_wrong_answer_is_in_the_report_with_its_words() -> None:
    knowledge = load_knowledge(ROOT / "knowledge")
    right, wrong, offered = (p.id for p in knowledge.passages[1:4])
    messages = [
        parsed(ANSWER, text="one", passage=right, ranked=[right], confidence=0.9),
        parsed(ANSWER, text="two", passage=wrong, ranked=[wrong], confidence=0.8),
        parsed(contract.UTTER_CLARIFY, text="three", offered=[offered], ranked=[offered]),
    ]
    rows: list[Row] = [{"text": m.text, "passages": [right], "style": "plain"} for m in messages]
    asked = Asked(rows, [frozenset({right})] * 3, messages)
    section = measure(asked, {}, [], {}, knowledge, lines=True)
    tables = {t.title: t for t in section.tables}
    quotes = knowledge.by_id
    assert list(tables["Wrong answers, in full"].rows) == [
        ("two", quotes[wrong].quote, quotes[right].quote, "answered", 0.8)
    ]
    assert len(tables["Questions without their passage, in full"].rows) == 2
    titles = [f.title for f in section.figures]
    for word in ("Coverage against accuracy", "Reliability", "Confusion between passages"):
        assert any(word in title for title in titles)
    assert "By section" in tables
    silent = measure(asked, {}, [], {}, knowledge, lines=False)
    assert not [t.title for t in silent.tables if "in full" in t.title]


def test_only_a_plain_answer_claims_to_know() -> None:
    messages = [parsed(ANSWER, passage="p"), parsed(RELATED, passage="p"), parsed(None)]
    assert held_back(messages) == Rate(2, 3)


def test_nearest_baseline_takes_the_best_entry_of_a_passage() -> None:
    nearest = NearestBaseline("n", WordEncoder(), ["p", "q", "p"], ["red", "green", "blue sky"])
    first, second = nearest.rank(["blue", "green"])
    assert first.passages == ("p", "q")
    assert first.score == pytest.approx(1 / math.sqrt(2))  # one word of the two
    assert second.passages[0] == "q"
    assert second.score == pytest.approx(1.0)


def test_a_baselines_threshold_comes_from_near_dev_alone() -> None:
    nearest = NearestBaseline("n", WordEncoder(), ["p", "q"], ["red", "green"])
    rows = [{"text": "red"}, {"text": "red house"}, {"text": "green"}]
    gold = [frozenset({"p"})] * 3
    question = Asked(rows, gold, [parsed(None)] * 3)
    # 'red house' scores 0.71 on dev and is held back, so only a cosine of 1 is answered.
    scored = score_baseline(nearest, question, {"near": ["red", "dog"]}, ["red house"])
    assert (scored.right, scored.wrong) == (Rate(1, 3), Rate(1, 3))
    assert scored.held == {"near": Rate(1, 2)}


def test_bm25_finds_a_passage_by_its_rare_word() -> None:
    knowledge = load_knowledge(ROOT / "knowledge")
    ranked = BM25Baseline(knowledge).rank(["leukapheresis", "zzz"])
    assert "leukapheresis" in knowledge.by_id[ranked[0].passages[0]].quote.lower()
    assert ranked[1].score == 0.0


def test_intent_baselines() -> None:
    examples = [Example("red", "warm"), Example("blue", "cold"), Example("blue ice", "cold")]
    assert majority_intent(examples) == "cold"
    assert majority_intent(examples[:2]) == "cold"  # equal counts: by name
    assert CentroidIntents(examples, WordEncoder()).predict(["ice", "red"]) == ["cold", "warm"]


@pytest.mark.parametrize(
    ("text", "alarm"),
    [
        ("He FAINTED", True),
        ("she is confused", True),
        ("short of breath", True),
        ("feverishness", False),
        ("cannot breathe", False),
    ],
)
def test_word_list(text: str, alarm: bool) -> None:
    assert word_list_alarm(text) is alarm


def test_absent_outside_sets_are_not_run_and_never_passed(tmp_path: Path) -> None:
    results = evaluate(SilentBot(), split="dev", data=tmp_path, encoder=WordEncoder())
    assert [n.split(" ")[0] for n in results.not_run] == ["blood_cancer", "everyday", "clinical"]
    assert not [name for name in results.metrics if name.startswith(("blood", "every", "clin"))]
    assert results.metrics["near_oos.held_back"].value == 1.0
    assert results.metrics["retrieval.answered_right"].value == 0.0
    # The silent bot escalates on the word alone: each figure counts the lines that hold it.
    quiet = [row for n in ("negated", "other_sense", "benign", "near_crisis") for row in dev(n)]
    assert results.metrics["escalation.quiet_false_alarms"] == Metric.of(fever(quiet), lower=True)
    inscope = Metric.of(fever(dev("retrieval")), informative=True)
    assert results.metrics["escalation.inscope_alarms"] == inscope


def dev(name: str) -> list[Row]:
    return load_set(name, "dev")


def fever(rows: list[Row]) -> Rate:
    return Rate.of(["fever" in row["text"] for row in rows])


def test_outside_sets_are_run_when_they_are_there(tmp_path: Path) -> None:
    write_rows(tmp_path / "far_out_of_scope.jsonl", [{"text": "play fever"}, {"text": "stop"}])
    clinical = {"core": True, "ext": False}
    rows = [
        {"sentence": "fever", "concept": "fever", "negation": "Affirmed", **clinical},
        {"sentence": "fever", "concept": "fever", "negation": "Negated", **clinical},
        {
            "sentence": "cough",
            "concept": "cough",
            "negation": "Negated",
            "core": False,
            "ext": False,
        },
    ]
    write_rows(tmp_path / "negation_clinical.jsonl", rows)
    results = evaluate(SilentBot(), split="dev", data=tmp_path, encoder=WordEncoder())
    assert [n.split(" ")[0] for n in results.not_run] == ["blood_cancer"]
    assert results.metrics["escalation.everyday_false_alarms"].value == 0.5
    assert results.metrics["clinical.affirmed_recall"].value == 1.0
    assert results.metrics["clinical.negated_false_alarms"].count == 1
