"""What a larger model says of texts, for a small encoder to learn from.

Knowledge distillation: Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network"
(2015). The larger model is asked once, by `python -m bot.teach`; its answers are data.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelError

_STEPS = 255
"""Probabilities are kept in one byte: the teacher is not surer than that of anything."""


def text_key(text: str) -> int:
    """Returns a number that stands for a text: 64 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


@dataclass(frozen=True)
class Taught:
    """Probabilities of labels, of texts that have a label of their own and of more that have none.

    Attributes:
        labels: names of the columns.
        keys: `text_key` of each labelled text, shape (n,).
        shares: its probabilities in 255ths, shape (n, labels).
        more: texts without a label.
        more_shares: their probabilities in 255ths, shape (more, labels).
    """

    labels: tuple[str, ...]
    keys: NDArray[np.uint64]
    shares: NDArray[np.uint8]
    more: tuple[str, ...]
    more_shares: NDArray[np.uint8]

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        texts: Sequence[str],
        probabilities: NDArray[np.float64],
        more: Sequence[str],
        more_probabilities: NDArray[np.float64],
    ) -> Taught:
        """Rounds what a model says; shapes (texts, labels) and (more, labels)."""
        return cls(
            tuple(labels),
            np.array([text_key(text) for text in texts], dtype=np.uint64),
            np.rint(np.asarray(probabilities) * _STEPS).astype(np.uint8),
            tuple(more),
            np.rint(np.asarray(more_probabilities) * _STEPS).astype(np.uint8),
        )

    @cached_property
    def digest(self) -> str:
        """Tells one teacher's answers from another's."""
        digest = hashlib.sha256(repr((self.labels, self.more)).encode())
        for array in (self.keys, self.shares, self.more_shares):
            digest.update(array.tobytes())
        return digest.hexdigest()

    def table(self, texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.float32]:
        """Returns the probabilities of texts, then of `more`, shape (texts + more, labels).

        A text that the teacher has not seen has a row of zeros.

        Raises:
            ModelError: if the teacher knows other labels.
        """
        if set(labels) != set(self.labels):
            other = sorted(set(labels) ^ set(self.labels))[0]
            remedy = "ask the teacher again (python -m bot.teach), or delete its answers"
            raise ModelError(f"The teacher knows other labels ('{other}'): {remedy}")
        columns = [self.labels.index(name) for name in labels]
        rows = {int(key): row for row, key in enumerate(self.keys)}
        found = np.zeros((len(texts) + len(self.more), len(columns)), dtype=np.float32)
        for number, text in enumerate(texts):
            row = rows.get(text_key(text))
            if row is not None:
                found[number] = self.shares[row][columns]
        found[len(texts) :] = self.more_shares[:, columns]
        shares: NDArray[np.float32] = found / np.maximum(found.sum(axis=1, keepdims=True), 1)
        return shares

    def save(self, path: Path) -> None:
        """Writes one compressed file, whole or not at all."""
        draft = path.with_name(f".{path.name}")  # Of the same ending, which numpy would add.
        np.savez_compressed(
            draft,
            labels=np.array(self.labels),
            keys=self.keys,
            shares=self.shares,
            more=np.frombuffer(json.dumps(self.more).encode(), dtype=np.uint8),
            more_shares=self.more_shares,
        )
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Taught:
        """Reads what `save` wrote.

        Raises:
            ModelError: if the file is damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                found = cls(
                    tuple(data["labels"].tolist()),
                    data["keys"],
                    data["shares"],
                    tuple(json.loads(data["more"].tobytes())),
                    data["more_shares"],
                )
            columns = len(found.labels)
            shapes = ((len(found.keys), columns), (len(found.more), columns))
            if (found.shares.shape, found.more_shares.shape) != shapes:
                raise ValueError("rows and texts do not agree")
            return found
        except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
            remedy = "restore it (git checkout), or make it anew (python -m bot.teach)"
            raise ModelError(f"The teacher's answers in {path} cannot be read: {remedy}") from error
