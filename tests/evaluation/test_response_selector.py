"""Rasa's own selector as a baseline: what it is trained on, its cache, its ranking."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from bot.errors import GuideError
from bot.evaluation import __main__ as program
from bot.evaluation import response_selector
from bot.evaluation.baselines import Ranked
from bot.evaluation.response_selector import (
    INTENT,
    ResponseSelectorBaseline,
    project,
    questions_by_passage,
    trained_selector,
)
from bot.evaluation.run import evaluate
from bot.knowledge.base import KnowledgeBase, load_knowledge
from tests.evaluation.fakes import SilentBot, WordEncoder
from tests.fakes import write_knowledge

CELLS, SLEEP = "doc/cells/red-cells-carry-air", "doc/sleep/rest-at-night"
BODY = "## Cells\n\nRed cells carry air.\n\n## Sleep\n\nRest at night.\n"


def knowledge(folder: Path, question: str = "what carries [air]?") -> KnowledgeBase:
    questions = f'passages:\n  - id: {CELLS}\n    label: Cells\n    questions: ["{question}"]\n'
    return load_knowledge(write_knowledge(folder, {"doc": BODY}, questions={"doc.yml": questions}))


def read(model: Path, intent: str, texts: Sequence[str]) -> list[list[tuple[str, float]]]:
    return [[("p1", 0.75), ("p0", 0.25)] for _ in texts]


def test_it_is_trained_on_the_questions_and_without_any_on_the_words(tmp_path: Path) -> None:
    found = questions_by_passage(knowledge(tmp_path))
    assert found[CELLS] == ["Cells", "what carries [air]?"]
    assert found[SLEEP] == ["Rest at night."]


def test_the_project_has_one_response_key_a_passage(tmp_path: Path) -> None:
    base = knowledge(tmp_path)
    files = project(questions_by_passage(base), {p.id: p.quote for p in base.passages})
    nlu = yaml.safe_load(files["nlu.yml"])["nlu"]
    assert [block["intent"] for block in nlu] == [f"{INTENT}/p0", f"{INTENT}/p1"]
    assert nlu[0]["examples"] == "- Cells\n- what carries air ?\n"  # no entity is marked
    responses = yaml.safe_load(files["domain.yml"])["responses"]
    assert responses[f"utter_{INTENT}/p1"] == [{"text": "Rest at night."}]
    selector = yaml.safe_load(files["config.yml"])["pipeline"][-1]
    assert (selector["name"], selector["retrieval_intent"]) == ("ResponseSelector", INTENT)


def test_keys_become_passages_again(tmp_path: Path) -> None:
    baseline = ResponseSelectorBaseline(tmp_path, [CELLS, SLEEP], read)
    assert baseline.rank(["a", "b"]) == [Ranked((SLEEP, CELLS), 0.75)] * 2


def test_the_same_questions_are_trained_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[Path] = []

    def train(files: dict[str, str], model: Path) -> None:
        trained.append(model)
        model.parent.mkdir(exist_ok=True)
        model.touch()

    monkeypatch.setattr(response_selector, "_train", train)
    cache = tmp_path / "cache"
    for question in ("one", "one", "two"):
        base = knowledge(tmp_path / question, question)
        assert trained_selector(base, cache, read).rank(["x"])[0].passages == (SLEEP, CELLS)
    assert len(set(trained)) == len(trained) == 2


def test_a_training_that_fails_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(GuideError, match="not trained"):
        trained_selector(knowledge(tmp_path), tmp_path / "cache", read)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_baseline_that_cannot_be_trained_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> ResponseSelectorBaseline:
        raise GuideError("no TensorFlow")

    monkeypatch.setattr(program, "trained_selector", fail)
    found, absent = program._selector(argparse.Namespace(no_selector=False))
    assert found == []
    assert absent == [f"{ResponseSelectorBaseline.name} (no TensorFlow)"]
    assert program._selector(argparse.Namespace(no_selector=True))[0] == []


def test_it_stands_beside_the_others(tmp_path: Path) -> None:
    baseline = ResponseSelectorBaseline(tmp_path, [CELLS, SLEEP], read)
    results = evaluate(SilentBot(), split="dev", encoder=WordEncoder(), more=[baseline])
    systems = [row[0] for row in results.sections[0].tables[0].rows]
    assert systems[0] == "the bot"
    assert systems[-1] == ResponseSelectorBaseline.name
    assert len(systems) == 5
