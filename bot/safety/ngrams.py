"""Hashed n-grams and word classes of mended text: what an embedding of meaning smooths away."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.safety.library import load_library
from bot.safety.tokens import tokenize

# Collisions cost nothing measurable from 2**15 on, and the weights stay near two megabytes.
_BUCKETS = 2**15
BUCKETS = 2 * _BUCKETS  # n-grams, then word classes
_WORDS = (1, 2, 3)
_CHARS = (3, 4, 5)
_MAX_WORDS = 400  # the longest message is read in clauses
_CLASS_WEIGHT = 0.5  # classes hint, words decide (measured against 1.0 on the dev split)


@dataclass(frozen=True)
class Bag:
    """A sparse row: `weights[i]` at `buckets[i]`."""

    buckets: NDArray[np.int64]
    weights: NDArray[np.float64]


def bag_of(text: str) -> Bag:
    """Returns the n-grams of a text and the word classes of the patterns that occur in it."""
    library = load_library()
    tokens = tokenize(text, library.aliases, library.repair)[:_MAX_WORDS]
    words = ["#" if t.text[0].isdigit() else t.text for t in tokens if t.text != "\n"]
    grams = _hashed(_grams(words))
    tags = _hashed(_pairs([c for c in library.lexicon.tag(tokens) if not c.startswith("=")]))
    weights = [np.full(len(grams), _unit(grams)), np.full(len(tags), _CLASS_WEIGHT * _unit(tags))]
    return Bag(np.concatenate([grams, tags + _BUCKETS]), np.concatenate(weights))


def empty_bag() -> Bag:
    """Returns the bag of a text without n-grams."""
    return Bag(np.empty(0, dtype=np.int64), np.empty(0))


def _hashed(features: Iterable[str]) -> NDArray[np.int64]:
    return np.array(sorted({zlib.crc32(f.encode()) % _BUCKETS for f in features}), dtype=np.int64)


def _unit(buckets: NDArray[np.int64]) -> float:
    return float(1 / np.sqrt(len(buckets))) if len(buckets) else 0.0


def _grams(words: list[str]) -> Iterator[str]:
    for n in _WORDS:
        for i in range(len(words) - n + 1):
            yield "w" + " ".join(words[i : i + n])
    for word in words:
        padded = f" {word} "
        for n in _CHARS:
            for i in range(len(padded) - n + 1):
                yield "c" + padded[i : i + n]


def _pairs(classes: list[str]) -> Iterator[str]:
    for name in classes:
        yield name
        for other in classes:
            if name < other:
                yield f"{name}+{other}"
