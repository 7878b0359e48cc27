"""Nearest-neighbour search, exact unless asked otherwise: the only module that imports faiss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.encoding import Vectors
from bot.errors import ModelError

LINKS = 32
"""Neighbours that an approximate index keeps of each vector (HNSW's M)."""

BUILD_REACH, SEARCH_REACH = 200, 128
"""Candidates looked at while building and searching one; `make bench-scale` measures what recall
of the exact index's results they give."""


class VectorIndex:
    """Inner-product search over L2-normalised vectors, so scores are cosines."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> VectorIndex:
        """Builds an exact index; row i of `vectors`, shape (n, d), becomes number i."""
        import faiss

        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def build_approximate(cls, vectors: Vectors) -> VectorIndex:
        """Builds an HNSW graph, for far more passages than a clinic has (docs/scale.md)."""
        import faiss

        index = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = BUILD_REACH
        index.hnsw.efSearch = SEARCH_REACH
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    def vector(self, number: int) -> Vectors:
        """Returns the vector of that number, shape (d,)."""
        return np.asarray(self._index.reconstruct(number), dtype=np.float32)

    def search(self, queries: Vectors, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Returns cosines and numbers, shape (len(queries), min(k, n)), best first."""
        k = min(k, len(self))
        scores, numbers = self._index.search(np.ascontiguousarray(queries, dtype=np.float32), k)
        return scores, numbers

    def save(self, path: Path, *, half: bool = False) -> None:
        """Writes the index in FAISS' own format; an exact one in half precision if asked.

        Half of it is then left to pack and to read, and no cosine moves by a thousandth.
        """
        import faiss

        index = self._index
        if half and isinstance(index, faiss.IndexFlat):
            kind = faiss.ScalarQuantizer.QT_fp16
            index = faiss.IndexScalarQuantizer(self.dimension, kind, faiss.METRIC_INNER_PRODUCT)
            index.add(self._index.reconstruct_n(0, len(self)))
        faiss.write_index(index, str(path))

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        """Reads an index.

        Raises:
            ModelError: if the file is missing or damaged.
        """
        import faiss

        # For one query at a time a second thread only spins (half of the server's CPU time).
        faiss.omp_set_num_threads(1)
        try:
            index = faiss.read_index(str(path))
            if isinstance(index, faiss.IndexScalarQuantizer):  # Searched faster at full length.
                return cls.build(index.reconstruct_n(0, index.ntotal))
            return cls(index)
        except RuntimeError as error:
            raise ModelError(
                f"The passage index in the model is missing or damaged ({path.name}). "
                "Run `make train` to build it again."
            ) from error
