"""The index against a brute-force search, and what a damaged file says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.encoding import Vectors
from bot.errors import ModelError
from bot.retrieval.vectors import VectorIndex


def random_vectors(count: int, dimension: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(2, 24), st.integers(1, 70), st.integers(0, 999))
def test_search_finds_what_brute_force_finds(count: int, dimension: int, k: int, seed: int) -> None:
    vectors = random_vectors(count, dimension, seed)
    queries = random_vectors(3, dimension, seed + 1000)
    scores, numbers = VectorIndex.build(vectors).search(queries, k)
    cosines = queries @ vectors.T
    expected = np.argsort(-cosines, axis=1)[:, :k]  # recall 1.0, and in the same order
    assert scores.shape == numbers.shape == (3, min(k, count))
    np.testing.assert_array_equal(numbers, expected)
    np.testing.assert_allclose(scores, np.take_along_axis(cosines, expected, 1), atol=1e-5)


BUILDERS = pytest.mark.parametrize(
    "build", [VectorIndex.build, VectorIndex.build_approximate], ids=["exact", "approximate"]
)
Build = Callable[[Vectors], VectorIndex]


@BUILDERS
def test_each_vector_finds_itself_first(build: Build) -> None:
    vectors = random_vectors(200, 32, seed=1)
    scores, numbers = build(vectors).search(vectors, 1)
    assert numbers[:, 0].tolist() == list(range(200))
    np.testing.assert_allclose(scores, 1.0, atol=1e-5)


@BUILDERS
def test_size_and_dimension(build: Build) -> None:
    index = build(random_vectors(5, 7, seed=2))
    assert (len(index), index.dimension) == (5, 7)


def test_the_approximate_index_misses_little() -> None:
    vectors, queries = random_vectors(2000, 32, seed=6), random_vectors(50, 32, seed=7)
    found = VectorIndex.build_approximate(vectors).search(queries, 10)[1]
    true = VectorIndex.build(vectors).search(queries, 10)[1]
    hits = sum(len(set(f) & set(t)) for f, t in zip(found, true, strict=True))
    assert hits >= 0.98 * true.size


@BUILDERS
def test_save_and_load_search_equally(tmp_path: Path, build: Build) -> None:
    index = build(random_vectors(50, 16, seed=3))
    index.save(tmp_path / "index.faiss")
    again = VectorIndex.load(tmp_path / "index.faiss")
    queries = random_vectors(9, 16, seed=4)
    before, after = index.search(queries, 50), again.search(queries, 50)
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])


def test_half_precision_is_half_the_file_and_the_same_search(tmp_path: Path) -> None:
    index = VectorIndex.build(random_vectors(200, 64, seed=3))
    whole, half = tmp_path / "whole.faiss", tmp_path / "half.faiss"
    index.save(whole)
    index.save(half, half=True)
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    again = VectorIndex.load(half)
    queries = random_vectors(9, 64, seed=4)
    np.testing.assert_allclose(
        again.search(queries, 50)[0], index.search(queries, 50)[0], atol=1e-3
    )
    assert len(again) == 200
    np.testing.assert_allclose(again.vector(7), index.vector(7), atol=1e-3)


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"IxFI"], ids=lambda c: repr(c))
def test_a_missing_or_damaged_file_is_a_model_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "index.faiss"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"index\.faiss.*make train"):
        VectorIndex.load(path)


def test_a_truncated_file_is_a_model_error(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    VectorIndex.build(random_vectors(50, 16, seed=5)).save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError):
        VectorIndex.load(path)
