"""What a larger model says reaches the small one: of its own texts, and of texts without a label."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.encoding.adaptation import (
    Recipe,
    Task,
    adapted_folder,
    fingerprint,
    load_adapted,
    load_heads,
)
from bot.encoding.taught import Taught
from bot.errors import ModelError
from tests.encoding.tiny import make_tiny_model

HOT = tuple(f"the {thing} is burning hot" for thing in ("soup", "road", "tea", "iron", "sand"))
COLD = tuple(f"the {thing} is freezing cold" for thing in ("lake", "wind", "snow", "cellar", "ice"))
MILD = tuple(f"the {thing} is mild today" for thing in ("air", "night", "west", "south", "dusk"))
TAUGHT = Taught.of(
    ("cold", "hot"),
    [HOT[0]],
    np.array([[0.1, 0.9]]),
    MILD,
    np.array([[0.5, 0.5]] * 5),
)
TASK = Task("warmth", HOT + COLD, (("hot",),) * 5 + (("cold",),) * 5, taught=TAUGHT)
RECIPE = Recipe(
    epochs=60, learning_rate=3e-3, head_rate=3e-2, frozen_layers=0, batch=5, centring=0.0
)


def test_it_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    TAUGHT.save(tmp_path / "taught.npz")
    found = Taught.load(tmp_path / "taught.npz")
    assert found.digest == TAUGHT.digest
    assert (found.labels, found.more) == (TAUGHT.labels, MILD)
    nothing = Taught.of(("a",), [], np.zeros((0, 1)), [], np.zeros((0, 1)))
    nothing.save(tmp_path / "nothing.npz")
    assert Taught.load(tmp_path / "nothing.npz").more == ()


def test_rows_are_in_the_order_of_texts_and_labels() -> None:
    table = TAUGHT.table(["unseen", HOT[0]], ["hot", "cold"])
    assert table.shape == (2 + len(MILD), 2)
    assert table[0].tolist() == [0, 0]
    assert table[1] == pytest.approx([0.9, 0.1], abs=0.01)
    assert table[2:].sum(axis=1) == pytest.approx(np.ones(5))


def test_a_teacher_of_other_labels_is_refused() -> None:
    with pytest.raises(ModelError, match="other labels \\('mild'\\)") as error:
        TAUGHT.table([], ["hot", "cold", "mild"])
    assert "python -m bot.teach" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"PK\x03\x04cut off"])
def test_damaged_answers_are_named_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "taught.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read") as error:
        Taught.load(path)
    assert str(path) in str(error.value)
    assert "git checkout" in str(error.value)


@pytest.mark.parametrize("hot", [0.0, 1.0])
def test_texts_without_a_label_are_learned_from_their_teacher_only(
    tmp_path: Path, hot: float
) -> None:
    model = str(make_tiny_model(tmp_path / "tiny"))
    said = np.array([[1 - hot, hot]] * len(MILD))
    taught = Taught.of(("cold", "hot"), [], np.zeros((0, 2)), MILD, said)
    task = replace(TASK, taught=taught)
    folder = adapted_folder(model, [task], RECIPE, cache=tmp_path / "cache")
    encoder, head = load_adapted(model, folder), load_heads(folder)["warmth"]
    column = head.labels.index("hot")
    known = head.probabilities(encoder.encode([*HOT, *COLD]))[:, column]
    assert (known[:5] > 0.5).all()
    assert (known[5:] < 0.5).all()
    found = head.probabilities(encoder.encode(MILD))[:, column]
    assert (abs(found - hot) < 0.5).all()


def test_other_answers_are_another_adaptation(tmp_path: Path) -> None:
    model = str(make_tiny_model(tmp_path / "tiny"))
    more = Taught.of(("cold", "hot"), [HOT[0]], np.array([[0.2, 0.8]]), (), np.zeros((0, 2)))
    tasks = [TASK, replace(TASK, taught=None), replace(TASK, taught=more)]
    assert len({fingerprint(model, [task], RECIPE) for task in tasks}) == 3
