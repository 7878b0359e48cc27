"""Writes the results: terminal, metrics.json, one self-contained HTML page, the docs' table."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import GuideError
from bot.evaluation.parsed import ModelCard
from bot.evaluation.tables import Metric, Section, Table, as_markdown, as_text, shown_cell

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}caption{font-weight:600;text-align:left}
td,th{border-bottom:1px solid #ccc;padding:.2rem .7rem;text-align:left;vertical-align:top}
.note{color:#555;max-width:50rem}figure{display:inline-block;margin:1rem 1rem 1rem 0}
img{max-width:100%}.bad{color:#a00;font-weight:600}
"""


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
        f"<h1>Evaluation, {html.escape(results.split)} split</h1>",
        f"<p>Model {html.escape(results.model.name)}, knowledge "
        f"{html.escape(results.model.knowledge_hash)}.</p>",
        *(f'<p class="bad">{html.escape(w)}</p>' for w in results.warnings),
        *(f"<p>Not run: {html.escape(n)}</p>" for n in results.not_run),
        _html_table(results.headline),
    ]
    for section in results.sections:
        parts.append(f"<h2>{html.escape(section.title)}</h2>")
        parts += [_html_table(table) for table in section.tables]
        for figure in section.figures:
            image = base64.b64encode(figure.draw()).decode()
            title = html.escape(figure.title)
            parts.append(
                f'<figure><img alt="{title}" src="data:image/png;base64,{image}">'
                f"<figcaption>{title}</figcaption></figure>"
            )
    body = "\n".join(parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Evaluation</title><style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(c)}</th>" for c in table.columns)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(shown_cell(c))}</td>" for c in row) + "</tr>"
        for row in table.rows
    )
    note = f'<p class="note">{html.escape(table.note)}</p>' if table.note else ""
    return (
        f"<table><caption>{html.escape(table.title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"
    )


def write_docs(results: Results, path: Path) -> None:
    """Replaces the marked place of a Markdown page by the main tables: no set line is in them.

    Raises:
        GuideError: if the page has no such place.
    """
    page = path.read_text(encoding="utf-8")
    if BEGIN not in page or END not in page:
        raise GuideError(f"{path} has no place for results: add {BEGIN} and {END}.")
    tables = [as_markdown(section.tables[0]) for section in results.sections]
    intro = (
        f"Split `{results.split}`, model `{results.model.name}`, "
        f"knowledge `{results.model.knowledge_hash}`."
    )
    absent = [f"Not run: {name}." for name in results.not_run]
    text = "\n\n".join([intro, *absent, *tables, as_markdown(results.headline)])
    before, after = page.split(BEGIN)[0], page.split(END, 1)[1]
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
