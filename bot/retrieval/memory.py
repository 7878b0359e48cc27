"""What was fitted is remembered by what it was fitted on, so that nothing is fitted twice.

The linear models learn from questions, and an edit of a passage changes none of those: all but the
index and what is calibrated on its scores is then as it was.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bot.encoding import scaling
from bot.retrieval import linear
from bot.retrieval.linear import LinearModel
from bot.settings import ROOT

FITTED = ROOT / ".rasa" / "fitted"

KEPT = 24
"""Models that are kept: those of about two trainings, some 40 MB."""


class FitMemory:
    """Linear models by the data that they were fitted on; without a folder nothing is remembered.

    For training only. A model is kept as it is stored in the archive, so that one that is found
    again equals one that is fitted anew.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def model(self, data: Iterable[Any], fit: Callable[[], LinearModel]) -> LinearModel:
        """Returns the model that `fit` makes of `data`, or made of the same data before.

        Args:
            data: all that the fit depends on: arrays, sparse matrices, numbers and words.
            fit: called if the model is not remembered.
        """
        if self._folder is None:
            return fit()
        path = self._folder / f"{_digest(data)}.npz"
        found = _load(path)
        if found is not None:
            with suppress(OSError):
                path.touch()  # The oldest go first.
            return found
        fitted = fit()
        with suppress(OSError):  # A full disk costs the next training its time, not this one.
            self._keep(path, fitted)
        return fitted

    def _keep(self, path: Path, model: LinearModel) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.stem}.{os.getpid()}.draft.npz")
        try:
            model.save(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        kept = {p: p.stat().st_mtime for p in path.parent.glob("*.npz")}
        for old in sorted(kept, key=lambda p: kept[p])[:-KEPT]:
            old.unlink(missing_ok=True)


def _load(path: Path) -> LinearModel | None:
    if not path.is_file():
        return None
    try:
        return LinearModel.load(path)
    except Exception:  # A damaged archive fails in a dozen ways; it is fitted and written anew.
        return None


@lru_cache(maxsize=1)
def _code() -> bytes:
    """Hashes what fits beside the data: our modules, and the libraries' versions."""
    digest = hashlib.sha256()
    for module in (linear, scaling):
        digest.update(Path(str(module.__file__)).read_bytes())
    for library in ("numpy", "scipy", "scikit-learn"):
        digest.update(f"{library} {version(library)}".encode())
    return digest.digest()


def _digest(data: Iterable[Any]) -> str:
    digest = hashlib.sha256(_code())
    for part in data:
        if hasattr(part, "indptr"):  # Sparse rows.
            digest.update(repr(part.shape).encode())
            arrays = [part.data, part.indices, part.indptr]
        elif isinstance(part, np.ndarray):
            arrays = [part]
        else:
            digest.update(repr(part).encode() + b"\0")
            continue
        for array in arrays:
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]
