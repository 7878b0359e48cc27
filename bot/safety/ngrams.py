"""Hashed word and character n-grams of mended text: what an embedding of meaning smooths away."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bot.safety.library import load_library
from bot.safety.tokens import tokenize

# Collisions cost nothing measurable from 2**15 on, and the weights stay under half a megabyte.
BUCKETS = 2**15
_WORDS = (1, 2, 3)
_CHARS = (3, 4, 5)
_MAX_WORDS = 400  # the longest message is read in clauses


def ngram_buckets(text: str) -> NDArray[np.int64]:
    """Returns the buckets of the n-grams of a text, each once, in order."""
    library = load_library()
    tokens = tokenize(text, library.aliases, library.repair)
    words = ["#" if t.text[0].isdigit() else t.text for t in tokens if t.text != "\n"]
    hashed = {zlib.crc32(gram.encode()) % BUCKETS for gram in _grams(words[:_MAX_WORDS])}
    return np.array(sorted(hashed), dtype=np.int64)


def _grams(words: list[str]) -> Iterator[str]:
    for n in _WORDS:
        for i in range(len(words) - n + 1):
            yield "w" + " ".join(words[i : i + n])
    for word in words:
        padded = f" {word} "
        for n in _CHARS:
            for i in range(len(padded) - n + 1):
                yield "c" + padded[i : i + n]
