"""Tells a run as a table for people, as JSON for machines, and into docs/benchmarks.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.bench.bots import BARE, GUIDE, LABELS, STOCK
from bot.bench.errors import BenchError
from bot.bench.figures import Aim, aims
from bot.bench.run import Measured, Run
from bot.bench.schedule import EARLY, FRESH_TURNS, REACH

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
"""Between these marks `--write-docs` puts the table."""

Row = tuple[str, ...]


def rows(run: Run) -> list[Row]:
    """Returns the table: a head, then one figure a row and one bot a column."""
    stock, bare = run.bots[STOCK].latency, run.bots[BARE].latency
    turns = run.options.turns
    late = f"turns {turns - REACH}-{turns + REACH}"

    def row(name: str, tell: Callable[[Measured], str]) -> Row:
        return (name, *(tell(run.bots[bot]) for bot in LABELS))

    return [
        ("", *LABELS.values()),
        row(f"turn {EARLY}, median ms", lambda m: f"{m.latency.early.median:.1f}"),
        row(f"turn {EARLY}, p95 ms", lambda m: f"{m.latency.early.p95:.1f}"),
        row(f"turns 1-{FRESH_TURNS}, median ms", lambda m: f"{m.latency.fresh.median:.1f}"),
        row(f"turns 1-{FRESH_TURNS}, p95 ms", lambda m: f"{m.latency.fresh.p95:.1f}"),
        row(f"{late}, median ms", lambda m: f"{m.latency.late.median:.1f}"),
        row(f"{late}, p95 ms", lambda m: f"{m.latency.late.p95:.1f}"),
        row(f"turns 1-{FRESH_TURNS}, mean CPU ms", lambda m: f"{m.latency.fresh_cpu:.1f}"),
        row(f"{late}, mean CPU ms", lambda m: f"{m.latency.late_cpu:.1f}"),
        row(f"{late} / turn {EARLY}", lambda m: f"{m.latency.late_to_early:.2f}"),
        row(
            f"turn {EARLY} / stock", lambda m: f"{m.latency.early.median / stock.early.median:.2f}"
        ),
        row(f"turn {EARLY} / bare", lambda m: f"{m.latency.early.median / bare.early.median:.2f}"),
        row(f"{late} / stock", lambda m: f"{m.latency.late.median / stock.late.median:.2f}"),
        row(f"{late} / bare", lambda m: f"{m.latency.late.median / bare.late.median:.2f}"),
        row("memory after the run, MB", lambda m: f"{m.memory:.0f}"),
        row("start to first reply, s", lambda m: f"{m.start:.1f}"),
        row("training, s", _training),
        row("long talks' messages stored", lambda m: f"{m.stored} of {m.sent}"),
        row("turns without a reply", lambda m: f"{m.latency.silent}"),
    ]


def _training(measured: Measured) -> str:
    if measured.train is None:
        return "not timed"
    return f"{measured.train:.0f}" + (" (earlier)" if measured.train_cached else "")


def verdicts(run: Run) -> list[Aim]:
    """Returns the aims of issue 2 with this run's figures."""
    return aims(run.bots[GUIDE].latency, run.bots[STOCK].latency)


def faults(run: Run) -> list[str]:
    """Says what our bot did that it never may, whatever the speed."""
    guide = run.bots[GUIDE]
    found = []
    if guide.stored != guide.sent:
        found.append(f"{guide.stored} of {guide.sent} messages of the long talks are stored")
    if guide.latency.silent:
        found.append(f"{guide.latency.silent} turns had no reply")
    return found


def text(run: Run) -> str:
    """Returns the report for the terminal."""
    table = rows(run)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]
    return "\n".join([*lines, "", *_notes(run)])


def markdown(run: Run) -> str:
    """Returns the report for docs/benchmarks.md."""
    head, *body = [f"| {' | '.join(row)} |" for row in rows(run)]
    line = "|---" + "|---:" * len(LABELS) + "|"
    notes = [f"- {note}" for note in _notes(run)]
    return "\n".join([head, line, *body, "", *notes])


def _notes(run: Run) -> list[str]:
    machine, options = run.machine, run.options
    held = [
        f"aim, {aim.words}: at most {aim.limit:g}; {aim.value:.2f}, "
        f"{'held' if aim.held else 'NOT held'}"
        for aim in verdicts(run)
    ]
    return [
        *held,
        f"{options.rounds} rounds; {machine.when}, {machine.cores} cores, "
        f"{machine.busy:.0%} busy with other work before the run (load {machine.load:.1f}), "
        f"Python {machine.python}, Rasa {machine.rasa}",
        f"our action server beside it: {run.action_memory:.0f} MB; model {run.model}",
    ]


def as_dict(run: Run) -> dict[str, Any]:
    """Returns the run for results/bench.json; times in milliseconds where a name says so."""
    figures = asdict(run)
    for name, measured in run.bots.items():
        figures["bots"][name]["late_to_early"] = measured.latency.late_to_early
    figures["aims"] = [{**asdict(aim), "held": aim.held} for aim in verdicts(run)]
    figures["faults"] = faults(run)
    return figures


def write_json(run: Run, path: Path) -> None:
    """Writes results/bench.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(as_dict(run), indent=1) + "\n", "utf-8")


def write_docs(run: Run, path: Path) -> None:
    """Puts the table between the marks of the page.

    Raises:
        BenchError: if the marks are not there.
    """
    page = path.read_text("utf-8")
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise BenchError(f"{path} lacks {BEGIN} or {END}: put them where the table belongs.")
    path.write_text(f"{before}{BEGIN}\n{markdown(run)}\n{END}{after}", "utf-8")
