"""Tells a run of the scale benchmark: terminal, JSON, a page with plots, the docs' tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bot.evaluation import plots
from bot.evaluation.marked_place import fill
from bot.evaluation.page import element, figure_element, page, table_element
from bot.evaluation.scale.hits import Hits
from bot.evaluation.scale.index_figures import NEIGHBOURS, IndexFigures
from bot.evaluation.scale.ranker_figures import RankerFigures
from bot.evaluation.tables import Figure, Table, as_markdown, as_text

BEGIN, END = "<!-- scale:begin -->", "<!-- scale:end -->"


@dataclass(frozen=True)
class ScaleRun:
    """All figures of a run, and what they were measured on."""

    answers: int
    passages: int
    asked: int
    indexes: Sequence[IndexFigures]
    hits: Sequence[Hits]
    rankers: Sequence[RankerFigures] = ()

    @property
    def tables(self) -> list[Table]:
        """The tables."""
        return [_index_table(self), _hits_table(self), _ranker_table(self)]


def _index_table(run: ScaleRun) -> Table:
    columns = (
        "passages",
        "index",
        "build, s",
        "memory, MB",
        "file, MB",
        "one query, median ms",
        "p95 ms",
        f"recall of {NEIGHBOURS}",
    )
    rows = [
        (
            f.size,
            f.kind,
            f"{f.build_seconds:.2f}",
            f"{f.memory_megabytes:.1f}",
            f"{f.file_megabytes:.1f}",
            f"{f.median_milliseconds:.3f}",
            f"{f.p95_milliseconds:.3f}",
            f"{f.recall:.4f}",
        )
        for f in run.indexes
    ]
    note = "Recall is against brute force without an index. A query runs on one thread."
    return Table("The index, by number of passages", columns, rows, note)


def _hits_table(run: ScaleRun) -> Table:
    rows = [(h.system, h.at_1, h.at_10) for h in run.hits]
    title = f"A question's own answer among {run.answers:,} ({run.passages:,} passages)"
    note = (
        f"{run.asked:,} questions, sampled with a seed. An answer ranks by its best passage. The "
        "corpus answers many questions more than once; only the answer a question stands beside "
        "counts. In brackets: 95 % interval."
    )
    return Table(title, ("system", "hit@1", "hit@10"), rows, note)


def _ranker_table(run: ScaleRun) -> Table:
    columns = ("answers", "passages", "train once, s", "memory, MB", "one query, median ms")
    rows = [
        (
            f.targets,
            f.entries,
            f"{f.train_seconds:.1f}",
            f"{f.memory_megabytes:.0f}",
            f"{f.median_milliseconds:.2f}",
        )
        for f in run.rankers
    ]
    note = (
        "The index with the two linear models of `bot/retrieval/ranker.py`, each answer being a "
        "target and its passages the entries. A query without its encoding."
    )
    return Table("The whole ranker, by number of answers", columns, rows, note)


def figures(run: ScaleRun) -> list[Figure]:
    """Lists the plots: one a measure, a line an index, sizes on a logarithmic axis."""
    x = "passages"
    drawn: list[tuple[str, Callable[[IndexFigures], float], bool]] = [
        ("time to build, s", lambda f: f.build_seconds, True),
        ("size in memory and on disk, MB", lambda f: f.file_megabytes, True),
        ("one query, median ms", lambda f: f.median_milliseconds, True),
        (f"recall of {NEIGHBOURS}", lambda f: f.recall, False),
    ]
    return [
        Figure(
            y[0].upper() + y[1:],
            partial(plots.log_lines, _lines(run, value), x=x, y=y, log_y=log_y),
        )
        for y, value, log_y in drawn
    ]


def _lines(
    run: ScaleRun, value: Callable[[IndexFigures], float]
) -> dict[str, list[tuple[float, float]]]:
    lines: dict[str, list[tuple[float, float]]] = {}
    for f in run.indexes:
        lines.setdefault(f.kind, []).append((float(f.size), value(f)))
    return lines


def as_plain(run: ScaleRun) -> str:
    """Returns what the terminal shows."""
    return "\n\n".join(as_text(table) for table in run.tables)


def write_results(run: ScaleRun, folder: Path) -> list[Path]:
    """Writes scale.json and scale.html; returns where."""
    folder.mkdir(parents=True, exist_ok=True)
    data, shown = folder / "scale.json", folder / "scale.html"
    data.write_text(json.dumps(asdict(run), indent=1) + "\n", encoding="utf-8")
    parts = [
        element("h1", "The passage index at scale"),
        *(table_element(table) for table in run.tables),
        *(figure_element(figure) for figure in figures(run)),
    ]
    shown.write_text(page("Scale", parts), encoding="utf-8")
    return [data, shown]


def write_docs(run: ScaleRun, path: Path) -> None:
    """Puts the tables into the marked place of docs/scale.md."""
    fill(path, BEGIN, END, "\n\n".join(as_markdown(table) for table in run.tables))
