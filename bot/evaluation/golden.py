"""Compares the figures with those last accepted, kept in `tests/golden/metrics.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.evaluation.tables import Metric
from bot.settings import ROOT

GOLDEN = ROOT / "tests" / "golden" / "metrics.json"

TOLERANCE = 0.02
"""A retrained model may differ by a handful of lines of a set; more is a change."""
LINES = 1.5
"""A small set's figure may differ by this many of its lines: one line of 24 is more than 0.02."""
SAFETY_TOLERANCE = 0.005
"""A missed escalation weighs more: four lines of the 839 of `urgent_test`."""


@dataclass(frozen=True)
class Fall:
    """A figure that is worse than the golden one by more than its tolerance."""

    name: str
    golden: float
    value: float
    tolerance: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.value:.4f}, golden {self.golden:.4f} "
            f"(tolerance {self.tolerance:g})"
        )


def read_golden(split: str, path: Path = GOLDEN) -> dict[str, Any] | None:
    """Returns the accepted figures of a split, None if there are none yet."""
    if not path.is_file():
        return None
    data = json.loads(path.read_text(encoding="utf-8")).get(split)
    return dict(data) if data else None


def falls(metrics: Mapping[str, Metric], golden: Mapping[str, Any]) -> list[Fall]:
    """Lists the figures that fell; those not run this time, or neither good nor bad, do not."""
    found = []
    for name, entry in golden.items():
        if name not in metrics or metrics[name].informative:
            continue
        metric, accepted = metrics[name], float(entry["value"])
        worse = metric.value - accepted if metric.lower else accepted - metric.value
        tolerance = float(entry["tolerance"])
        if worse > tolerance + 1e-9:
            found.append(Fall(name, accepted, metric.value, tolerance))
    return found


def write_golden(metrics: Mapping[str, Metric], split: str, path: Path = GOLDEN) -> None:
    """Accepts the figures of a run; other splits, other figures and tolerances are kept.

    Informative figures are left out, as nothing is to be compared with them.
    """
    data = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    before = data.get(split, {})
    for name, metric in metrics.items():
        if metric.informative:
            continue
        tolerance = before.get(name, {}).get("tolerance", default_tolerance(name, metric.count))
        before[name] = {
            "value": round(metric.value, 4),
            "tolerance": tolerance,
            "better": metric.better,
        }
    data[split] = dict(sorted(before.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def default_tolerance(name: str, count: int) -> float:
    """Returns the tolerance of a new figure over so many lines.

    An editor may change it in the file.
    """
    if name.startswith("escalation.") and name.endswith("recall"):
        return SAFETY_TOLERANCE
    return max(TOLERANCE, math.ceil(1000 * LINES / max(count, 1)) / 1000)
