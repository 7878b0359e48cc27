"""The table, the verdicts, the JSON and the page, from made-up figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.bench import report
from bot.bench.bots import BARE, GUIDE, STOCK
from bot.bench.errors import BenchError
from bot.bench.figures import Latency, Spread
from bot.bench.machine import Machine
from bot.bench.run import Measured, Options, Run
from bot.settings import ROOT


def measured(early: float, late: float, *, train: float | None = None) -> Measured:
    fresh = Spread(early, 2 * early, 33)
    long = Spread(late, 2 * late, 33)
    figures = Latency(fresh, fresh, long, early / 2, late / 2, [early, late], silent=0)
    return Measured(figures, 512.4, 9.87, train, train is not None, sent=305, stored=305)


@pytest.fixture
def run() -> Run:
    machine = Machine("2026-06-01 12:00 UTC", 2, 16.0, 0.25, 0.5, "3.10.13", "3.6.21")
    bots = {
        GUIDE: measured(20, 25),
        STOCK: measured(40, 100, train=61.2),
        BARE: measured(10, 50, train=9.6),
    }
    return Run(Options(1, 300), "model.tar.gz", machine, bots, 64.0)


def test_each_row_has_a_figure_for_each_bot(run: Run) -> None:
    table = {row[0]: row[1:] for row in report.rows(run)}
    assert table["turn 5, median ms"] == ("20.0", "40.0", "10.0")
    assert table["turns 295-305, p95 ms"] == ("50.0", "200.0", "100.0")
    assert table["turns 295-305, mean CPU ms"] == ("12.5", "50.0", "25.0")
    assert table["turns 295-305 / turn 5"] == ("1.25", "2.50", "5.00")
    assert table["turn 5 / stock"] == ("0.50", "1.00", "0.25")
    assert table["turn 5 / bare"] == ("2.00", "4.00", "1.00")
    assert table["turns 295-305 / stock"] == ("0.25", "1.00", "0.50")
    assert table["training, s"] == ("not timed", "61 (earlier)", "10 (earlier)")
    assert table["long talks' messages stored"] == ("305 of 305",) * 3


def test_the_terminal_is_told_whether_the_aims_are_held(run: Run) -> None:
    assert report.text(run).count(", held") == 3
    slow = replace(run, bots={**run.bots, GUIDE: measured(20, 31)})  # 31 / 20 = 1.55
    assert "at most 1.5; 1.55, NOT held" in report.text(slow)


def test_a_lost_message_and_a_silent_turn_are_faults(run: Run) -> None:
    assert report.faults(run) == []
    guide = run.bots[GUIDE]
    silent = replace(guide.latency, silent=2)
    broken = replace(run, bots={**run.bots, GUIDE: replace(guide, latency=silent, stored=304)})
    assert report.faults(broken) == [
        "304 of 305 messages of the long talks are stored",
        "2 turns had no reply",
    ]


def test_a_silent_stock_bot_is_no_fault_of_ours(run: Run) -> None:
    stock = replace(run.bots[STOCK], latency=replace(run.bots[STOCK].latency, silent=9), stored=1)
    assert report.faults(replace(run, bots={**run.bots, STOCK: stock})) == []


def test_the_json_holds_figures_ratios_and_aims(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "results" / "bench.json"
    report.write_json(run, path)
    found = json.loads(path.read_text("utf-8"))
    assert found["bots"]["guide"]["latency"]["early"] == {"median": 20, "p95": 40, "count": 33}
    assert found["bots"]["guide"]["late_to_early"] == 1.25
    assert [aim["held"] for aim in found["aims"]] == [True, True, True]


def test_the_page_is_filled_between_its_marks(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", "utf-8")
    report.write_docs(run, page)
    once = page.read_text("utf-8")
    assert once.startswith(f"before\n{report.BEGIN}\n|  | this bot |")
    assert once.endswith(f"\n{report.END}\nafter\n")
    assert "old" not in once
    report.write_docs(run, page)
    assert page.read_text("utf-8") == once


def test_a_page_without_marks_is_left_alone(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("no marks", "utf-8")
    with pytest.raises(BenchError, match="bench:begin"):
        report.write_docs(run, page)
    assert page.read_text("utf-8") == "no marks"


def test_the_shipped_page_has_the_marks() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert page.index(report.BEGIN) < page.index(report.END)
