"""A tiny MPNet learns a task with its upper layers alone, and is asked in the same way."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bot import teach
from bot.encoding.holdout import held_out
from bot.encoding.teacher import Teacher, TeacherRecipe
from bot.safety.clauses import message_clauses
from bot.safety.training import load_examples
from tests.encoding.test_taught import COLD, HOT, MILD
from tests.encoding.tiny import write_base

RECIPE = TeacherRecipe(layers=1, epochs=40, learning_rate=3e-3, head_rate=3e-2, batch=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MPNet of two small layers with random weights, and the packaged model's word pieces."""
    from transformers import MPNetConfig, MPNetModel

    made = tmp_path_factory.mktemp("mpnet")
    write_base(made, MPNetConfig, MPNetModel)
    return made


def test_it_learns_and_says_what_it_makes_of_texts(folder: Path) -> None:
    teacher = Teacher(folder, ("cold", "hot", "warm"), RECIPE)
    texts = teacher.halfway([*HOT, *COLD])
    assert (len(texts), texts.states.shape[1]) == (10, 32)
    before = teacher.probabilities(texts)
    teacher.fit(texts, [("hot", "warm")] * 5 + [("cold",)] * 5)
    after = teacher.probabilities(texts)
    assert after.sum(axis=1) == pytest.approx(np.ones(10), abs=1e-3)
    assert (after[:5, 0] < 0.5).all()
    assert (after[5:, 0] > 0.5).all()
    assert not np.allclose(before, after, atol=0.05)


def test_padding_changes_nothing(folder: Path) -> None:
    teacher = Teacher(folder, ("cold", "hot"), RECIPE)
    alone = teacher.probabilities(teacher.halfway([HOT[0]]))
    beside = teacher.probabilities(teacher.halfway([HOT[0], " ".join(COLD)]))
    assert beside[0] == pytest.approx(alone[0], abs=0.02)  # bfloat16 has three digits.


def test_another_model_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert teach.main([str(folder)]) == 1
    assert teach.main([str(folder / "missing")]) == 1
    assert capsys.readouterr().err.count("decision 8") == 2


def test_no_clause_that_is_a_message_or_held_out_is_asked_about() -> None:
    messages = [e.text for e in load_examples()]
    texts = [f"{first}, but {second}" for first, second in pairwise(messages)]
    found = teach.clauses_of([*texts[:200], *MILD])
    assert len(found) == len(set(found)) > 100
    assert not set(found) & set(messages)
    assert not any(held_out(clause) for clause in found)
    fresh = next(t for t in messages if held_out(t) and len(message_clauses(t)) > 1)
    assert not set(teach.clauses_of([fresh])) & {c.text for c in message_clauses(fresh)}
