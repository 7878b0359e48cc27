"""Measures second messages of a conversation: what leans on the last answer, and what does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.evaluation.metrics import Rate
from bot.evaluation.parsed import Outcome, Parsed
from bot.evaluation.sets import Row
from bot.evaluation.tables import Metric, Section, Table

LEANING, SWITCH, UNANSWERED = "elliptic", "switch", "unanswered"


QUOTED = frozenset({Outcome.ANSWERED, Outcome.NEAREST})
"""A passage is said to answer, for sure or not."""


@dataclass(frozen=True)
class Second:
    """A second message, the passages that answer it, and what the bot made of it twice."""

    row: Row
    gold: frozenset[str]
    in_context: Parsed
    alone: Parsed


def helped(row: Row, gold: frozenset[str], parsed: Parsed) -> bool:
    """Tells whether a person is helped.

    The right passage is quoted, or on a button, or it has just been quoted and is said to be all.
    """
    said_it = parsed.outcome is Outcome.SAID_ALREADY and row["first_passage"] in gold
    return parsed.passage in gold or bool(gold & set(parsed.offered)) or said_it


def misled(row: Row, gold: frozenset[str], parsed: Parsed) -> bool:
    """Tells whether a passage is quoted, or said to be all there is, and does not answer."""
    if parsed.outcome is Outcome.SAID_ALREADY:
        return row["first_passage"] not in gold
    return parsed.outcome in QUOTED and parsed.passage not in gold


def measure(seconds: Sequence[Second], *, lines: bool) -> Section:
    """Builds the section; the baseline is the same bot without the first answer."""
    leaning = [s for s in seconds if s.row["kind"] == LEANING]
    switch = [s for s in seconds if s.row["kind"] == SWITCH]
    unanswered = [s for s in seconds if s.row["kind"] == UNANSWERED]

    def rates(parsed: Sequence[tuple[Second, Parsed]]) -> Rate:
        return Rate.of([helped(s.row, s.gold, p) for s, p in parsed])

    def both(name: str, group: Sequence[Second]) -> tuple[str, int, Rate, Rate]:
        return (
            name,
            len(group),
            rates([(s, s.in_context) for s in group]),
            rates([(s, s.alone) for s in group]),
        )

    def both_wrong(name: str, group: Sequence[Second]) -> tuple[str, int, Rate, Rate]:
        wrong = Rate.of([misled(s.row, s.gold, s.in_context) for s in group])
        return (name, len(group), wrong, Rate.of([misled(s.row, s.gold, s.alone) for s in group]))

    held = Rate.of([s.in_context.outcome not in QUOTED for s in unanswered])
    held_alone = Rate.of([s.alone.outcome not in QUOTED for s in unanswered])
    table = Table(
        f"Second messages, {len(seconds)} conversations",
        ("kind", "n", "the bot", "without the first answer"),
        [
            both("leans on the answer: helped", leaning),
            both_wrong("leans on the answer: answered wrong", leaning),
            both("a new question: helped", switch),
            both_wrong("a new question: answered wrong", switch),
            ("not in the texts: held back", len(unanswered), held, held_alone),
        ],
        "Helped: the right passage is quoted, is on a button, or has just been quoted and the bot "
        "says that there is no more. Answered wrong: another one is quoted, sure or not, or the "
        "one just quoted is said to be all there is and is not.",
    )
    tables = [table]
    if lines:
        rows = [
            (
                s.row["text"],
                s.row["kind"],
                s.row["first_passage"],
                s.in_context.outcome.value,
                s.in_context.passage or "",
            )
            for s in seconds
            if not (s.row["kind"] != UNANSWERED and helped(s.row, s.gold, s.in_context))
            and not (s.row["kind"] == UNANSWERED and s.in_context.outcome not in QUOTED)
        ]
        columns = ("message", "kind", "after", "outcome", "quoted")
        tables.append(Table("Second messages, errors in full", columns, rows, terminal=False))
    metrics = {
        "followup.leaning_helped": Metric.of(rates([(s, s.in_context) for s in leaning])),
        "followup.leaning_wrong": Metric.of(
            Rate.of([misled(s.row, s.gold, s.in_context) for s in leaning]), lower=True
        ),
        "followup.switch_helped": Metric.of(rates([(s, s.in_context) for s in switch])),
        "followup.unanswered_held_back": Metric.of(held),
    }
    return Section("Second messages", tables, [], metrics)
