"""Tells the groups of questions without an answer: terminal, a page with a plot, a table file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bot.editors.unanswered import Group
from bot.evaluation import plots
from bot.evaluation.page import element, figure_element, page, table_element
from bot.evaluation.tables import Cell, Figure, Table, as_text
from bot.retrieval.entries import TOPIC_PREFIX

TOP = 10
"""Groups in the terminal."""

PLOTTED = 20
WORDINGS = 5
"""Other wordings of a group on the page; the table file has all."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    "group",
    "asked in the group",
    "question",
    "asked",
    "first day",
    "last day",
    "the bot said",
    "nearest passage",
)


def as_plain(groups: Sequence[Group]) -> str:
    """Returns the most frequent groups as a table for the terminal."""
    total = sum(g.count for g in groups)
    title = f"{total} questions without an answer, in {len(groups)} groups"
    rows = [(g.count, _short(g.centre, 60), _answered(g), g.last_day) for g in groups[:TOP]]
    rest = f"and {len(groups) - TOP} more" if len(groups) > TOP else ""
    return as_text(Table(title, ("asked", "question", "the bot said", "last"), rows, rest))


def write_page(groups: Sequence[Group], path: Path) -> None:
    """Writes a self-contained page: the plot, then every group with its wordings."""
    rows: list[tuple[Cell, ...]] = [
        (
            g.count,
            g.centre,
            _others(g),
            f"{g.first_day} to {g.last_day}",
            _answered(g),
            g.nearest,
        )
        for g in groups
    ]
    note = (
        "Where the nearest passage answers, write the question into its list in "
        "knowledge/questions/. Where none does, add a text, or a topic in not_covered.yml that "
        "says whom to ask. These are people's words: delete the file when you have read it."
    )
    columns = ("asked", "question", "other wordings", "days", "the bot said", "nearest passage")
    top = groups[:PLOTTED]
    draw = partial(plots.bars, [(_short(g.centre, 50), g.count) for g in top], x="times asked")
    parts = [
        element("h1", "Questions without an answer"),
        element("p", f"{sum(g.count for g in groups)} questions in {len(groups)} groups."),
        figure_element(Figure("The most frequent groups", draw)),
        table_element(Table("All groups, the most frequent first", columns, rows, note)),
    ]
    _private(path).write_text(page("Questions without an answer", parts), encoding="utf-8")


def write_table(groups: Sequence[Group], path: Path) -> None:
    """Writes one row a wording, for a spreadsheet; no cell can act as a formula there."""
    # The mark at the start tells spreadsheets that it is UTF-8.
    with _private(path).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, g in enumerate(groups, start=1):
            for text, count in g.wordings:
                cells = (g.count, text, count, g.first_day, g.last_day, _answered(g), g.nearest)
                writer.writerow([number, *(harmless(c) for c in cells)])


def harmless(cell: str | int) -> str | int:
    """Puts an apostrophe before words that a spreadsheet would run as a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def _private(path: Path) -> Path:
    """Makes a file that only its owner reads: these are people's words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(0o600)
    return path


def _answered(group: Group) -> str:
    topic = group.topics[0][0] if group.topics else ""
    return f"not covered: {topic.removeprefix(TOPIC_PREFIX)}" if topic else "don't know"


def _others(group: Group) -> str:
    others = [f"{text} ({n})" for text, n in group.wordings if text != group.centre]
    more = len(others) - WORDINGS
    return "; ".join([*others[:WORDINGS], *([f"and {more} more"] if more > 0 else [])])


def _short(text: str, limit: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"
