"""Three signals against what they say they compute; saved and loaded they score the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.encoding import Vectors
from bot.retrieval.entries import Entry, EntryKind
from bot.retrieval.linear import (
    FEATURES,
    CharacterFeatures,
    LinearModel,
    count_characters,
    fit_lexical,
    fit_probe,
)
from bot.retrieval.ranker import (
    LEXICAL_WEIGHT,
    NEIGHBOURS,
    POOL,
    SIMILARITY_WEIGHT,
    Ranker,
    Signals,
)
from bot.retrieval.vectors import VectorIndex

RNG = np.random.default_rng(0)


def ranker_of(owners: list[int], vectors: Vectors) -> Ranker:
    """A ranker whose linear models say nothing, so that similarity alone is looked at."""
    targets = [f"t{i}" for i in range(max(owners) + 1)]
    nothing = LinearModel(
        np.zeros((len(targets), vectors.shape[1]), np.float32), np.zeros(len(targets), np.float32)
    )
    silent = LinearModel(
        np.zeros((len(targets), FEATURES), np.float32), np.zeros(len(targets), np.float32)
    )
    characters = CharacterFeatures(np.ones(FEATURES, np.float32))
    index = VectorIndex.build(vectors)
    return Ranker(targets, np.array(owners), index, nothing, silent, characters)


def pooled_by_hand(query: Vectors, vectors: Vectors, owners: list[int]) -> list[float]:
    """The mean of each target's best three of the 96 nearest, short ones padded with the 96th."""
    cosines = vectors @ query
    near = np.argsort(-cosines)[:NEIGHBOURS]
    floor = float(cosines[near[-1]])
    pooled = []
    for target in range(max(owners) + 1):
        best = [float(cosines[n]) for n in near if owners[n] == target][:POOL]
        pooled.append(sum(best + [floor] * (POOL - len(best))) / POOL)
    return pooled


@pytest.mark.parametrize("entries", [4, NEIGHBOURS, 300], ids=["few", "as many", "more"])
def test_similarity_is_the_mean_of_the_best_three(entries: int) -> None:
    vectors = RNG.normal(size=(entries, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    owners = [0, 1, 2, 2, *RNG.integers(0, 9, entries).tolist()][:entries]
    queries = np.ascontiguousarray(vectors[:4] + 0.1, dtype=np.float32)
    signals = ranker_of(owners, vectors).signals(["", "a", "b", "c"], queries)
    for row, query in enumerate(queries):
        expected = pooled_by_hand(query, vectors, owners)
        np.testing.assert_allclose(signals.similarity[row], expected, atol=1e-5)


def test_similarity_in_the_head() -> None:
    # Axes: the query is axis 0. Target 0 owns three copies of it and one stranger: mean 1.
    # Target 1 owns one copy; the last of six hits scores 0, so (1 + 0 + 0) / 3.
    axes = np.eye(4, dtype=np.float32)
    vectors = np.stack([axes[0], axes[0], axes[0], axes[1], axes[0], axes[2]])
    signals = ranker_of([0, 0, 0, 0, 1, 2], vectors).signals(["q"], axes[:1])
    np.testing.assert_allclose(signals.similarity, [[1.0, 1 / 3, 0.0]], atol=1e-6)


def test_fused_is_the_weighted_sum_of_standardised_signals() -> None:
    # (1, 3) has mean 2 and deviation 1, so it becomes (-1, 1); a constant signal becomes 0.
    one = np.array([[1.0, 3.0]], np.float32)
    flat = np.array([[5.0, 5.0]], np.float32)
    probe = Signals(flat, one, flat).fused
    np.testing.assert_allclose(probe, [[-1.0, 1.0]])
    np.testing.assert_allclose(Signals(one, flat, flat).fused, SIMILARITY_WEIGHT * probe)
    np.testing.assert_allclose(
        Signals(one, flat, one * 10).fused, (SIMILARITY_WEIGHT + LEXICAL_WEIGHT) * probe
    )


def test_a_linear_model_is_a_dot_product_and_loads_equal(tmp_path: Path) -> None:
    # Halves and quarters survive float16, in which weights are stored.
    model = LinearModel(
        np.array([[1.0, 0.5], [-2.0, 0.25]], np.float32), np.array([0.5, 0.0], np.float32)
    )
    x = np.array([[2.0, 4.0]], np.float32)
    # 2*1 + 4*0.5 + 0.5 = 4.5; 2*-2 + 4*0.25 = -3
    np.testing.assert_allclose(model.scores(x), [[4.5, -3.0]])
    model.save(tmp_path / "model.npz")
    np.testing.assert_array_equal(
        LinearModel.load(tmp_path / "model.npz").scores(x), model.scores(x)
    )


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("fit", [fit_probe, fit_lexical])
def test_fitted_models_know_their_examples_and_never_name_the_unseen(
    fit: Callable[..., LinearModel], classes: int
) -> None:
    # Target number `classes` has no example; scikit-learn keeps one row for two classes.
    x = np.repeat(np.eye(classes, dtype=np.float32), 3, axis=0)
    owners = np.repeat(np.arange(classes), 3)
    scores = fit(x, owners, classes + 1).scores(np.eye(classes, dtype=np.float32))
    assert scores.argmax(axis=1).tolist() == list(range(classes))
    assert (scores[:, classes] < scores[:, :classes].min(axis=1)).all()


def test_character_features_have_length_one_and_forgive_spelling() -> None:
    features = CharacterFeatures.fit(
        count_characters(["leukapheresis", "what is the infusion", "the cost"])
    )
    x = features.transform(["leukapheresis", "lukapheresis", "infusion"]).toarray()
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1.0, atol=1e-5)
    close, far = x[0] @ x[1], x[0] @ x[2]
    assert close > 0.6 > 0.1 > far


@pytest.mark.parametrize("text", ["", " ", "🙂", "\x00", "中"])
def test_character_features_take_any_text(text: str) -> None:
    x = CharacterFeatures.fit(count_characters(["some words"])).transform([text])
    assert x.shape == (1, FEATURES)
    assert np.isfinite(x.toarray()).all()


def test_rare_buckets_weigh_more() -> None:
    features = CharacterFeatures.fit(count_characters(["zebra the", "the", "the", "the"]))
    zebra = features._hash.transform(["zebra"]).indices
    the = features._hash.transform(["the"]).indices
    assert features.idf[zebra].min() > features.idf[the].max()


def test_saved_and_loaded_it_scores_equally(tmp_path: Path) -> None:
    vectors = RNG.normal(size=(30, 8)).astype(np.float32)
    entries = [
        Entry(f"t{i % 5}", EntryKind.QUESTION, f"question {i} of {i % 5}") for i in range(30)
    ]
    ranker = Ranker.fit(entries, vectors)
    ranker.save(tmp_path)
    again = Ranker.load(tmp_path, ranker.targets)
    texts = ["question 3", "anything", ""]
    before, after = ranker.signals(texts, vectors[:3]), again.signals(texts, vectors[:3])
    np.testing.assert_array_equal(before.similarity, after.similarity)
    np.testing.assert_array_equal(before.probe, after.probe)
    with np.load(tmp_path / "lexical.npz") as stored:
        assert stored["weights"].dtype == np.float16
        assert (tmp_path / "lexical.npz").stat().st_size < 0.5 * stored["weights"].nbytes
    assert (tmp_path / "index.faiss").stat().st_size < 2 * vectors.size + 400
    np.testing.assert_array_equal(before.lexical, after.lexical)
