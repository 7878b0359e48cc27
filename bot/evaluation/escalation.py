"""Measures escalation: what must raise the alarm, and what must not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.evaluation.baselines import word_list_alarm
from bot.evaluation.metrics import Rate
from bot.evaluation.parsed import Parsed
from bot.evaluation.sets import Row
from bot.evaluation.tables import Cell, Metric, Section, Table

ALARMING = ("urgent", "crisis")
QUIET = ("negated", "other_sense", "benign")

SYSTEMS: Mapping[str, Callable[[Parsed], bool | None]] = {
    "the bot": lambda p: p.escalated,
    "patterns alone": lambda p: p.patterns_alarm,
    "classifier alone": lambda p: p.classifier_alarm,
    "the article's words as a list": lambda p: word_list_alarm(p.text),
}


@dataclass(frozen=True)
class Judged:
    """The lines of a set and what the bot made of them."""

    rows: Sequence[Row]
    parsed: Sequence[Parsed]


def measure(
    sets: Mapping[str, Judged], everyday: Sequence[Parsed] | None, *, lines: bool
) -> Section:
    """Builds the section on escalation.

    Args:
        sets: ALARMING and QUIET sets by name.
        everyday: outside commands without symptoms; None if they are absent.
        lines: whether errors may be shown in full.
    """
    crisis_line = Rate.of([p.crisis for p in sets["crisis"].parsed])
    metrics = {
        **{f"escalation.{n}_recall": Metric.of(_alarms(sets[n].parsed)) for n in ALARMING},
        "escalation.crisis_line_recall": Metric.of(crisis_line),
        **{
            f"escalation.{n}_false_alarms": Metric.of(_alarms(sets[n].parsed), lower=True)
            for n in QUIET
        },
    }
    if everyday is not None:
        alarms = Metric.of(_alarms(everyday), lower=True)
        metrics["escalation.everyday_false_alarms"] = alarms
    urgent, crisis = sets["urgent"], sets["crisis"]
    tables = [
        _systems(sets, everyday),
        Table(
            "Crisis: which number comes first",
            ("figure", "share"),
            [("any escalation", _alarms(crisis.parsed)), ("the crisis line", crisis_line)],
        ),
        _groups("Urgent by family", "family", urgent, lambda row: row["families"]),
        _groups("Urgent by person", "person", urgent, lambda row: [row["person"]]),
        _groups("Urgent by language", "language", urgent, lambda row: [row["lang"]]),
        _groups("Crisis by person", "person", crisis, lambda row: [row["person"]]),
        _groups("Crisis by language", "language", crisis, lambda row: [row["lang"]]),
    ]
    if lines:
        tables += [_errors(name, judged, name in ALARMING) for name, judged in sets.items()]
    return Section("Escalation", tables, [], metrics)


def measure_clinical(rows: Sequence[Row], parsed: Sequence[Parsed]) -> Section:
    """Builds the section on the clinical sentences with gold negation.

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
            table_rows.append((f"{negation.lower()}, {tier}", len(chosen), *_clinical(chosen)))
        both = [(r, p) for r, p in zip(rows, parsed, strict=True) if r["negation"] == negation]
        at_concept = _clinical(both)[0]
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


def _clinical(pairs: Sequence[tuple[Row, Parsed]]) -> tuple[Rate, Rate]:
    return (
        Rate.of([touches_concept(r, p) for r, p in pairs]),
        _alarms([p for _, p in pairs]),
    )


def _alarms(parsed: Sequence[Parsed]) -> Rate:
    return Rate.of([p.escalated for p in parsed])


def _share(parsed: Sequence[Parsed], system: Callable[[Parsed], bool | None]) -> Rate | None:
    flags = [system(p) for p in parsed]
    return None if None in flags else Rate.of([bool(f) for f in flags])


def _systems(sets: Mapping[str, Judged], everyday: Sequence[Parsed] | None) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            *(_share(sets[n].parsed, system) for n in (*ALARMING, *QUIET)),
            None if everyday is None else _share(everyday, system),
        )
        for name, system in SYSTEMS.items()
    ]
    sizes = {n: len(sets[n].rows) for n in (*ALARMING, *QUIET)}
    return Table(
        "Escalation: recall where an alarm is due, false alarms where none is",
        (
            "system",
            *(f"{n} recall ({sizes[n]})" for n in ALARMING),
            *(f"{n} false ({sizes[n]})" for n in QUIET),
            "everyday false" if everyday is None else f"everyday false ({len(everyday)})",
        ),
        rows,
        "In brackets: number of lines, and 95 % intervals.",
    )


def _groups(title: str, column: str, judged: Judged, keys: Callable[[Row], Sequence[str]]) -> Table:
    groups: dict[str, list[Parsed]] = {}
    for row, parsed in zip(judged.rows, judged.parsed, strict=True):
        for key in keys(row):
            groups.setdefault(key, []).append(parsed)
    rows = [
        (key, len(group), *(_share(group, system) for system in SYSTEMS.values()))
        for key, group in sorted(groups.items())
    ]
    return Table(title, (column, "n", *SYSTEMS), rows)


def _errors(name: str, judged: Judged, due: bool) -> Table:
    rows = [
        (
            p.text,
            ", ".join(row.get("families") or []) or "-",
            ", ".join(p.verdict.families) if p.verdict else "-",
        )
        for row, p in zip(judged.rows, judged.parsed, strict=True)
        if p.escalated != due
    ]
    title = f"{name}: missed, in full" if due else f"{name}: false alarms, in full"
    return Table(title, ("message", "true families", "found"), rows, terminal=False)
