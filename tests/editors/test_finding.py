"""Findings as they are shown: errors first, the rest cut short unless all are asked for."""

from __future__ import annotations

from pathlib import Path

from bot.editors.finding import Finding, Level, in_order, summary
from bot.editors.program import SHOWN, shown


def finding(level: Level, line: int, file: str = "a.md") -> Finding:
    return Finding(level, Path(file), line, "what", "remedy")


def test_a_finding_names_file_line_and_remedy() -> None:
    assert str(finding(Level.ERROR, 3)) == "a.md:3: error: what -> remedy"


def test_errors_come_first_then_file_and_line() -> None:
    note, late, early = (
        finding(Level.NOTE, 1),
        finding(Level.ERROR, 10),
        finding(Level.ERROR, 9),
    )
    other = finding(Level.ERROR, 1, "b.md")
    assert in_order([note, other, late, early]) == [early, late, other, note]


def test_summary_counts_each_level() -> None:
    assert summary([finding(Level.ERROR, 1)]) == "1 error, 0 warnings, 0 notes"


def test_no_error_is_ever_left_out() -> None:
    many = [finding(Level.ERROR, i) for i in range(SHOWN + 1)]
    assert len(shown(many, everything=False)) == SHOWN + 1


def test_warnings_are_cut_short_and_counted() -> None:
    exact = [finding(Level.WARNING, i) for i in range(SHOWN)]
    assert len(shown(exact, everything=False)) == SHOWN
    more = [*exact, finding(Level.WARNING, 99), finding(Level.WARNING, 100)]
    assert shown(more, everything=False)[-1] == "... and 2 more warnings: ALL=1 lists them"
    assert len(shown(more, everything=True)) == SHOWN + 2
