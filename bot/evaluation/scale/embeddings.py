"""Encodes many texts in blocks that are kept on disk, so that a run can stop and go on."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.encoding import Encoder, Vectors
from bot.evaluation.progress import shown

BLOCK = 1000
"""Texts a file: about half a minute of two cores, which is what a stopped run loses."""


def embed(
    texts: Sequence[str], encoder: Encoder, key: str, folder: Path, *, seconds: float | None = None
) -> Vectors | None:
    """Returns one vector a text, shape (len(texts), d), or None if the time was up before the end.

    Args:
        texts: what is encoded.
        encoder: gives the vectors that are not on disk yet.
        key: names the encoder: another one's files are not read.
        folder: where the blocks are kept.
        seconds: how long to encode; None goes on to the end. One block is always made.
    """
    end = None if seconds is None else time.monotonic() + seconds
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(texts), BLOCK)
    blocks = []
    for start in shown("encoding, blocks of passages", starts):
        block = texts[start : start + BLOCK]
        path = folder / f"{_name(block, key)}.npy"
        if not path.is_file():
            if end is not None and time.monotonic() >= end:
                return None
            _write(path, encoder.encode(block))
        blocks.append(np.load(path, allow_pickle=False))
    if not blocks:
        return np.zeros((0, encoder.dimension), dtype=np.float32)
    return np.asarray(np.concatenate(blocks), dtype=np.float32)


def _name(texts: Sequence[str], key: str) -> str:
    digest = hashlib.sha256(key.encode())
    for text in texts:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()[:24]


def _write(path: Path, vectors: Vectors) -> None:
    draft = path.with_suffix(f".{os.getpid()}.tmp.npy")
    np.save(draft, vectors)
    draft.replace(path)
