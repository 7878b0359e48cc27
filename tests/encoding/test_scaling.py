"""Embeddings that lie close together come out apart, and the same from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.encoding.scaling import Scaling

RNG = np.random.default_rng(0)
CLOSE = np.asarray(np.full((50, 16), 0.25) + 0.001 * RNG.normal(size=(50, 16)), dtype=np.float32)


def test_what_is_close_is_spread_around_nought() -> None:
    spread = Scaling.fit(CLOSE)(CLOSE)
    assert np.allclose(spread.mean(axis=0), 0, atol=1e-3)
    # Each of 16 axes has variance 1/16, so the mean square of the lengths is 1.
    assert np.isclose((spread**2).sum(axis=1).mean(), 1, atol=0.01)


def test_an_axis_without_any_spread_stays_finite() -> None:
    flat = np.ones((3, 4), dtype=np.float32)
    assert np.isfinite(Scaling.fit(flat)(flat)).all()
    assert np.isfinite(Scaling.fit(flat)(np.zeros(4, dtype=np.float32))).all()


def test_it_comes_back_from_disk(tmp_path: Path) -> None:
    scaling = Scaling.fit(CLOSE)
    scaling.save(tmp_path / "scaling.npz")
    again = Scaling.load(tmp_path / "scaling.npz")
    assert np.array_equal(again(CLOSE), scaling(CLOSE))
