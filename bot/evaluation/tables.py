"""Tables, figures and sections: what a measurement hands to the terminal and the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.evaluation.metrics import Rate

Cell = str | int | float | Rate | None


@dataclass(frozen=True)
class Table:
    """A titled table; `note` says how to read it. Long ones stay out of the terminal."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    terminal: bool = True


@dataclass(frozen=True)
class Figure:
    """A plot for the report: `draw` returns a PNG when the report is written."""

    title: str
    draw: Callable[[], bytes]


@dataclass(frozen=True)
class Metric:
    """A figure that is compared with the golden one; `lower` if less is better.

    One that is `informative` is neither better nor worse, and is compared with nothing.
    """

    value: float
    count: int
    lower: bool = False
    interval: tuple[float, float] | None = None
    informative: bool = False

    @property
    def better(self) -> str:
        """Which way is better, in a word."""
        if self.informative:
            return "neither"
        return "lower" if self.lower else "higher"

    @classmethod
    def of(cls, rate: Rate, *, lower: bool = False, informative: bool = False) -> Metric:
        """Takes value, count and interval from a rate."""
        return cls(rate.value, rate.total, lower, rate.interval, informative)


@dataclass(frozen=True)
class Section:
    """One part of the evaluation: its tables, its plots, its named metrics."""

    title: str
    tables: list[Table] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)


def shown_cell(cell: Cell) -> str:
    """Formats a cell: shares as percentages with their 95 % interval, other numbers short."""
    if cell is None:
        return "not run"
    if isinstance(cell, Rate):
        if not cell.total:
            return "-"
        low, high = (round(100 * bound) for bound in cell.interval)
        return f"{100 * cell.value:.1f} % ({low}-{high})"
    if isinstance(cell, float):
        return f"{cell:.3f}"
    return str(cell)


def as_text(table: Table) -> str:
    """Draws a table with spaces, for a terminal or a log."""
    grid = [list(table.columns), *([shown_cell(c) for c in row] for row in table.rows)]
    widths = [max(len(row[i]) for row in grid) for i in range(len(table.columns))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in grid
    ]
    rule = "  ".join("-" * width for width in widths)
    head = [table.title, lines[0], rule]
    return "\n".join([*head, *lines[1:], *([f"({table.note})"] if table.note else [])])


def as_markdown(table: Table) -> str:
    """Draws a table in Markdown."""
    lines = [f"**{table.title}**", "", _markdown_row(table.columns)]
    lines.append("|" + "---|" * len(table.columns))
    lines += [_markdown_row([shown_cell(c) for c in row]) for row in table.rows]
    return "\n".join([*lines, "", table.note] if table.note else lines)


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"
