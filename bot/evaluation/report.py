"""Writes the results: terminal, metrics.json, one self-contained HTML page, the docs' table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.evaluation.marked_place import fill
from bot.evaluation.page import element, figure_element, page, table_element
from bot.evaluation.parsed import ModelCard
from bot.evaluation.tables import Metric, Section, Table, as_markdown, as_text

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"


@dataclass(frozen=True)
class Results:
    """Everything one run measured."""

    split: str
    model: ModelCard
    sections: Sequence[Section]
    not_run: Sequence[str] = ()
    warnings: Sequence[str] = field(default=())

    @property
    def metrics(self) -> dict[str, Metric]:
        """All named figures."""
        return {name: m for section in self.sections for name, m in section.metrics.items()}

    @property
    def headline(self) -> Table:
        """The figures in one table."""
        rows = [
            (
                name,
                m.count,
                f"{m.value:.3f}",
                f"{m.interval[0]:.3f}-{m.interval[1]:.3f}" if m.interval else "-",
                m.better,
            )
            for name, m in self.metrics.items()
        ]
        return Table("Figures", ("figure", "n", "value", "95 % interval", "better"), rows)


def as_plain(results: Results) -> str:
    """Returns what the terminal shows."""
    parts = [f"Split: {results.split}. Model: {results.model.name}"]
    for section in results.sections:
        parts.append(f"\n=== {section.title} ===")
        parts += [as_text(table) + "\n" for table in section.tables if table.terminal]
    parts.append(as_text(results.headline))
    parts += [f"not run: {name}" for name in results.not_run]
    parts += [f"WARNING: {warning}" for warning in results.warnings]
    return "\n".join(parts)


def write_results(results: Results, folder: Path) -> None:
    """Writes metrics.json and report.html."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(_json(results), encoding="utf-8")
    (folder / "report.html").write_text(_page(results), encoding="utf-8")


def _json(results: Results) -> str:
    data = {
        "split": results.split,
        "model": results.model.name,
        "knowledge_hash": results.model.knowledge_hash,
        "not_run": list(results.not_run),
        "warnings": list(results.warnings),
        "metrics": {
            name: {
                "value": round(m.value, 4),
                "n": m.count,
                "better": m.better,
                "interval": [round(b, 4) for b in m.interval] if m.interval else None,
            }
            for name, m in results.metrics.items()
        },
    }
    return json.dumps(data, indent=1) + "\n"


def _page(results: Results) -> str:
    parts = [
        element("h1", f"Evaluation, {results.split} split"),
        element("p", f"Model {results.model.name}, knowledge {results.model.knowledge_hash}."),
        *(element("p", warning, kind="bad") for warning in results.warnings),
        *(element("p", f"Not run: {name}") for name in results.not_run),
        table_element(results.headline),
    ]
    for section in results.sections:
        parts.append(element("h2", section.title))
        parts += [table_element(table) for table in section.tables]
        parts += [figure_element(figure) for figure in section.figures]
    return page("Evaluation", parts)


def write_docs(results: Results, path: Path) -> None:
    """Replaces the marked place of a Markdown page by the main tables: no set line is in them.

    Raises:
        GuideError: if the page has no such place.
    """
    tables = [as_markdown(section.tables[0]) for section in results.sections]
    intro = (
        f"Split `{results.split}`, model `{results.model.name}`, "
        f"knowledge `{results.model.knowledge_hash}`."
    )
    absent = [f"Not run: {name}." for name in results.not_run]
    text = "\n\n".join([intro, *absent, *tables, as_markdown(results.headline)])
    fill(path, BEGIN, END, text)
