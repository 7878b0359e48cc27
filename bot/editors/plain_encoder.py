"""The packaged encoder as it is, loaded when a text comes that it has not encoded before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from bot.encoding import (
    DEFAULT_MODEL,
    CachingEncoder,
    Vectors,
    load_encoder,
    weights_digest,
)
from bot.settings import ROOT


class _OnDemand:
    """Loads the model at the first text: eight seconds that an unchanged folder need not wait."""

    @property
    def dimension(self) -> int:
        return load_encoder(DEFAULT_MODEL).dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        return load_encoder(DEFAULT_MODEL).encode(texts)


def not_remembered(texts: Iterable[str]) -> int:
    """Counts the texts that the packaged encoder has not encoded on this machine yet."""
    try:
        with np.load(_memory(), allow_pickle=False) as data:
            known = set(data["keys"].tolist())
    except (OSError, ValueError, KeyError):  # None yet, or damaged.
        known = set()
    wanted = {hashlib.sha256(t.encode("utf-8", "replace")).hexdigest() for t in texts}
    return len(wanted - known)


def _memory() -> Path:
    return ROOT / ".rasa" / f"embeddings-{weights_digest(DEFAULT_MODEL)}.npz"


def plain_encoder() -> CachingEncoder:
    """Returns the packaged encoder; it remembers its vectors in `.rasa/`, as training does."""
    return CachingEncoder(_OnDemand(), _memory())
