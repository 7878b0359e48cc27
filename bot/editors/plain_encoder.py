"""The packaged encoder as it is, loaded when a text comes that it has not encoded before."""

from __future__ import annotations

from collections.abc import Sequence

from bot.encoding import (
    DEFAULT_MODEL,
    CachingEncoder,
    Vectors,
    load_encoder,
    remembering,
    weights_digest,
)


class _OnDemand:
    """Loads the model at the first text: eight seconds that an unchanged folder need not wait."""

    @property
    def dimension(self) -> int:
        return load_encoder(DEFAULT_MODEL).dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        return load_encoder(DEFAULT_MODEL).encode(texts)


def plain_encoder() -> CachingEncoder:
    """Returns the packaged encoder; it remembers its vectors in `.rasa/`, as training does."""
    return remembering(_OnDemand(), weights_digest(DEFAULT_MODEL))
