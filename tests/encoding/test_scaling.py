"""Embeddings that lie close together come out apart, and the same from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.encoding.scaling import Scaling

RNG = np.random.default_rng(0)
CLOSE = np.asarray(np.full((50, 16), 0.25) + 0.001 * RNG.normal(size=(50, 16)), dtype=np.float32)


def test_what_is_close_is_spread_around_nought() -> None:
    spread = Scaling.fit(CLOSE, 8.0)(CLOSE)
    assert np.allclose(spread.mean(axis=0), 0, atol=1e-2)
    assert np.isclose(np.linalg.norm(spread, axis=1).mean(), 8.0, atol=0.05)


def test_an_axis_that_says_little_goes_on_saying_little() -> None:
    told = CLOSE * np.array([1.0] * 15 + [0.01], dtype=np.float32)
    deviations = Scaling.fit(told, 1.0)(told).std(axis=0)
    assert deviations[15] < 0.05 * deviations[0]


def test_without_any_spread_it_stays_finite() -> None:
    flat = np.ones((3, 4), dtype=np.float32)
    assert np.isfinite(Scaling.fit(flat, 1.0)(flat)).all()
    assert np.isfinite(Scaling.fit(flat, 1.0)(np.zeros(4, dtype=np.float32))).all()


def test_it_comes_back_from_disk(tmp_path: Path) -> None:
    scaling = Scaling.fit(CLOSE, 1.0)
    scaling.save(tmp_path / "scaling.npz")
    again = Scaling.load(tmp_path / "scaling.npz")
    assert np.array_equal(again(CLOSE), scaling(CLOSE))
