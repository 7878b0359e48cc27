"""Measures one index in a process of its own: building, memory, latency, recall."""

from __future__ import annotations

import gc
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.encoding import Vectors
from bot.retrieval.vectors import VectorIndex

KINDS: dict[str, Callable[[Vectors], VectorIndex]] = {
    "exact": VectorIndex.build,
    "HNSW": VectorIndex.build_approximate,
}

NEIGHBOURS = 10
"""Recall counts how many of the ten nearest are found."""

TIE = 1e-6
"""Cosines this close are equal: either passage is one of the nearest."""


@dataclass(frozen=True)
class IndexFigures:
    """What an index over `size` passages costs and finds.

    Seconds to build; megabytes on disk, and of this process once it is loaded; milliseconds
    for one query; the share of the ten nearest that it finds.
    """

    kind: str
    size: int
    build_seconds: float
    file_megabytes: float
    memory_megabytes: float
    median_milliseconds: float
    p95_milliseconds: float
    recall: float


def measure_index(kind: str, vectors: Path, size: int, queries: Vectors) -> IndexFigures:
    """Measures an index over the first `size` rows of a .npy file, in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure_here, (kind, vectors, size, queries))


def measure_here(kind: str, vectors: Path, size: int, queries: Vectors) -> IndexFigures:
    """Measures in this process: build, save, load as a server does, then one query at a time."""
    rows = np.array(np.load(vectors, mmap_mode="r")[:size])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.faiss"
        began = time.perf_counter()
        built = KINDS[kind](rows)
        build_seconds = time.perf_counter() - began
        built.save(path)
        file_megabytes = path.stat().st_size / 2**20
        true = brute_force(rows, queries)
        del built, rows
        gc.collect()
        before = resident()
        index = VectorIndex.load(path)
        memory = resident() - before
        found, taken = [], []
        for query in queries:
            began = time.perf_counter()
            scores, _ = index.search(query[None, :], NEIGHBOURS)
            taken.append(1000 * (time.perf_counter() - began))
            found.append(scores[0])
    return IndexFigures(
        kind,
        size,
        build_seconds,
        file_megabytes,
        memory,
        float(np.median(taken)),
        float(np.percentile(taken, 95)),
        recall(found, true),
    )


def brute_force(rows: Vectors, queries: Vectors) -> NDArray[np.float32]:
    """Returns each query's highest cosines without any index, best first."""
    found = []
    for query in queries:  # One by one: all at once are 200 MB a thousand queries.
        found.append(np.sort(rows @ query)[::-1][:NEIGHBOURS])
    return np.array(found, dtype=np.float32)


def recall(found: list[NDArray[np.float32]], true: NDArray[np.float32]) -> float:
    """Returns the share of the true neighbours that were found, ties counting as found."""
    hits = sum(int((f >= t[-1] - TIE).sum()) for f, t in zip(found, true, strict=True))
    return hits / true.size


def resident() -> float:
    """Returns the megabytes that this process holds."""
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20
