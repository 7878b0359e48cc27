"""What a larger model says reaches the small one: of its own texts, and of texts without a label."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from bot.encoding.adaptation import (
    Recipe,
    Task,
    _examples,
    adapted_folder,
    fingerprint,
    load_adapted,
    load_heads,
)
from bot.encoding.holdout import held_out
from bot.encoding.taught import Taught
from bot.errors import ModelError
from bot.safety.training import load_examples, load_taught
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
    broken = replace(TAUGHT, more=("Hi\nI am cold,", *MILD[1:]))
    broken.save(tmp_path / "taught.npz")
    assert Taught.load(tmp_path / "taught.npz").more[0] == "Hi\nI am cold,"
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


def whole() -> bytes:
    """The bytes of a file that can be read."""
    with TemporaryDirectory() as folder:
        TAUGHT.save(path := Path(folder) / "taught.npz")
        return path.read_bytes()


@pytest.mark.parametrize("place", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
def test_a_flipped_bit_is_named_or_harmless(tmp_path: Path, place: float) -> None:
    content = bytearray(whole())
    content[int(place * len(content))] ^= 0x5A
    (path := tmp_path / "taught.npz").write_bytes(content)
    with suppress(ModelError):
        assert Taught.load(path).labels == TAUGHT.labels


@pytest.mark.parametrize(
    "content", [b"", b"not a zip file", b"PK\x03\x04cut off", whole()[:-40], whole()[:300]]
)
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


def test_a_teacher_weighs_beside_the_label_of_a_text(tmp_path: Path) -> None:
    model = str(make_tiny_model(tmp_path / "tiny"))
    doubt = Taught.of(("cold", "hot"), HOT, np.array([[1.0, 0.0]] * 5), (), np.zeros((0, 2)))
    found = []
    for weight in (0.0, 1.0):
        recipe = replace(RECIPE, taught=weight)
        folder = adapted_folder(
            model, [replace(TASK, taught=doubt)], recipe, cache=tmp_path / f"{weight}"
        )
        encoder, head = load_adapted(model, folder), load_heads(folder)["warmth"]
        found.append(head.probabilities(encoder.encode(HOT))[:, head.labels.index("hot")])
    assert (found[0] > 0.5).all()  # Its label alone.
    assert (found[1] < 0.5).all()  # Its teacher alone.


def test_texts_that_only_the_teacher_labels_are_seen_in_part() -> None:
    counts = [
        sum(label >= 10 for label in _examples(TASK, replace(RECIPE, more=more))["label"])
        for more in (0.0, 0.2, 1.0)
    ]
    assert counts[0] == 0
    assert counts[2] == len(MILD) * RECIPE.epochs
    assert 0 < counts[1] < counts[2] / 2


def test_what_the_repository_holds_is_of_the_labels_that_are_learned() -> None:
    taught = load_taught()
    assert taught is not None
    known = {name for example in load_examples() for name in example.right}
    assert set(taught.labels) == known
    texts = [e.text for e in load_examples() if not held_out(e.text)]
    seen = taught.table(texts, sorted(known))[: len(texts)].sum(axis=1) > 0
    assert seen.mean() > 0.9  # Ask the teacher again when many messages are new.


def test_other_answers_are_another_adaptation(tmp_path: Path) -> None:
    model = str(make_tiny_model(tmp_path / "tiny"))
    more = Taught.of(("cold", "hot"), [HOT[0]], np.array([[0.2, 0.8]]), (), np.zeros((0, 2)))
    tasks = [TASK, replace(TASK, taught=None), replace(TASK, taught=more)]
    assert len({fingerprint(model, [task], RECIPE) for task in tasks}) == 3
