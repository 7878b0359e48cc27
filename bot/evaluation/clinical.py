"""Measures escalation on the outside set of clinical sentences with gold negation."""

from __future__ import annotations

from collections.abc import Sequence

from bot.evaluation.alarms import alarms
from bot.evaluation.metrics import Rate
from bot.evaluation.parsed import Parsed
from bot.evaluation.sets import Row
from bot.evaluation.tables import Cell, Metric, Section, Table


def measure(rows: Sequence[Row], parsed: Sequence[Parsed]) -> Section:
    """Builds the section on the clinical sentences.

    An alarm counts for a concept when a finding that is not negated touches it, or when it
    covers the whole message; 'anywhere' counts every alarm of the sentence.
    """
    table_rows: list[tuple[Cell, ...]] = []
    metrics = {}
    for negation, wanted in (("Affirmed", True), ("Negated", False)):
        for tier in ("core", "ext"):
            chosen = [
                (r, p)
                for r, p in zip(rows, parsed, strict=True)
                if r["negation"] == negation and r[tier]
            ]
            table_rows.append((f"{negation.lower()}, {tier}", len(chosen), *_both(chosen)))
        both = [(r, p) for r, p in zip(rows, parsed, strict=True) if r["negation"] == negation]
        at_concept = _both(both)[0]
        name = "clinical.affirmed_recall" if wanted else "clinical.negated_false_alarms"
        metrics[name] = Metric.of(at_concept, lower=not wanted)
    table = Table(
        "Clinical sentences (negation_clinical.jsonl)",
        ("concepts", "n", "alarm at the concept", "alarm anywhere"),
        table_rows,
        "Recall where affirmed, false alarms where negated. A sentence that denies one symptom "
        "may report another, so 'anywhere' overstates the false ones.",
    )
    return Section("Escalation on clinical sentences", [table], [], metrics)


def touches_concept(row: Row, parsed: Parsed) -> bool:
    """Tells whether an affirmed finding overlaps the row's concept in its sentence."""
    start = str(row["sentence"]).casefold().find(str(row["concept"]).casefold())
    if parsed.verdict is None or not parsed.escalated:
        return False
    if start < 0:
        return True
    end = start + len(str(row["concept"]))
    found = [f for f in parsed.verdict.affirmed if f.tier != "soft"]
    return any(f.start < end and start < f.end for f in found)


def _both(pairs: Sequence[tuple[Row, Parsed]]) -> tuple[Rate, Rate]:
    return Rate.of([touches_concept(r, p) for r, p in pairs]), alarms([p for _, p in pairs])
