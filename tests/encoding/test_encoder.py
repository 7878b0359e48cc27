"""Vectors that are remembered between trainings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.encoding import Vectors, remembering


class Counting:
    """Gives each text its length, and counts the texts that it was asked for."""

    dimension = 1

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Returns one row a text."""
        self.asked += texts
        return np.array([[len(text)] for text in texts], dtype=np.float32)


def test_each_user_of_an_encoder_remembers_apart(tmp_path: Path) -> None:
    encoder = Counting()
    for _ in range(2):
        found = remembering(encoder, "key", "retriever", tmp_path).encode(["one", "three"])
        assert found[:, 0].tolist() == [3, 5]
    assert encoder.asked == ["one", "three"]
    remembering(encoder, "key", "detector", tmp_path).encode(["one"])
    assert encoder.asked == ["one", "three", "one"]


def test_the_vectors_of_the_last_two_encoders_are_kept(tmp_path: Path) -> None:
    for age, key in enumerate(["oldest", "older"]):
        remembering(Counting(), key, "retriever", tmp_path).encode(["one"])
        os.utime(tmp_path / f"embeddings-{key}-retriever.npz", (age, age))
    remembering(Counting(), "oldest", "detector", tmp_path).encode(["one"])
    remembering(Counting(), "newest", "retriever", tmp_path).encode(["one"])
    assert {p.name for p in tmp_path.iterdir()} == {
        "embeddings-older-retriever.npz",
        "embeddings-newest-retriever.npz",
        "embeddings-oldest-detector.npz",
    }
