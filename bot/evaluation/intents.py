"""Measures the intents, beside the most frequent one and the nearest centroid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from bot.evaluation import plots
from bot.evaluation.metrics import accuracy, class_scores, confusions, macro_f1
from bot.evaluation.parsed import Parsed
from bot.evaluation.sets import Row
from bot.evaluation.tables import Figure, Metric, Section, Table


def measure(
    rows: Sequence[Row],
    parsed: Sequence[Parsed],
    baselines: Mapping[str, Sequence[str]],
    *,
    lines: bool,
) -> Section:
    """Builds the section on intents; `baselines` maps a name to its predictions."""
    gold = [str(row["intent"]) for row in rows]
    said = [p.intent for p in parsed]
    right, f1 = accuracy(gold, said), macro_f1(gold, said)
    metrics = {
        "intent.accuracy": Metric.of(right),
        "intent.macro_f1": Metric(f1, len(gold)),
    }
    systems = [
        ("the bot", right, f1),
        *((name, accuracy(gold, p), macro_f1(gold, p)) for name, p in baselines.items()),
    ]
    tables = [
        Table(f"Intents, {len(gold)} messages", ("system", "accuracy", "macro F1"), systems),
        Table(
            "By intent",
            ("intent", "n", "precision", "recall", "F1"),
            [(s.label, s.support, s.precision, s.recall, s.f1) for s in class_scores(gold, said)],
        ),
        Table(
            "By writer",
            ("writer", "n", "accuracy"),
            [(w, len(g), accuracy(g, p)) for w, (g, p) in _by_writer(rows, gold, said).items()],
        ),
        Table("Intents confused", ("true", "predicted", "count"), confusions(gold, said)[:12]),
    ]
    if lines:
        wrong = [(p.text, g, p.intent) for g, p in zip(gold, parsed, strict=True) if g != p.intent]
        tables.append(
            Table("Intent errors, in full", ("message", "true", "predicted"), wrong, terminal=False)
        )
    labels = sorted({*gold, *said})
    pairs = Counter(zip(gold, said, strict=True))
    grid = [[pairs[g, s] for s in labels] for g in labels]
    figure = Figure("Confusion of intents", partial(plots.confusion_grid, labels, grid))
    return Section("Intents", tables, [figure], metrics)


def _by_writer(
    rows: Sequence[Row], gold: Sequence[str], said: Sequence[str]
) -> dict[str, tuple[list[str], list[str]]]:
    """Groups true and predicted intents by who wrote the message."""
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for row, true, predicted in zip(rows, gold, said, strict=True):
        trues, predictions = groups.setdefault(str(row.get("writer", "a")), ([], []))
        trues.append(true)
        predictions.append(predicted)
    return groups
