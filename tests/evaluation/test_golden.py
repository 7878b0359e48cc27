"""A figure fails when it is worse by more than its tolerance, and not before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.evaluation.golden import default_tolerance, falls, read_golden, write_golden
from bot.evaluation.tables import Metric

GOLDEN = {
    "recall": {"value": 0.90, "tolerance": 0.02},
    "alarms": {"value": 0.05, "tolerance": 0.02},
}


@pytest.mark.parametrize(
    ("recall", "alarms", "fallen"),
    [
        (0.90, 0.05, []),
        (0.88, 0.07, []),
        (0.879, 0.05, ["recall"]),
        (0.90, 0.071, ["alarms"]),
        (1.00, 0.00, []),
    ],
    ids=["equal", "on the tolerance", "recall below", "alarms above", "better"],
)
def test_falls(recall: float, alarms: float, fallen: list[str]) -> None:
    metrics = {"recall": Metric(recall, 100), "alarms": Metric(alarms, 100, lower=True)}
    assert [f.name for f in falls(metrics, GOLDEN)] == fallen


def test_a_figure_that_was_not_run_does_not_fall() -> None:
    assert falls({}, GOLDEN) == []


def test_write_keeps_what_was_not_run_other_splits_and_tolerances(tmp_path: Path) -> None:
    path = tmp_path / "golden" / "metrics.json"
    assert read_golden("test", path) is None
    write_golden({"a": Metric(0.5, 100), "b": Metric(0.1, 100, lower=True)}, "test", path)
    data = json.loads(path.read_text())
    data["test"]["a"]["tolerance"] = 0.1
    path.write_text(json.dumps(data))
    write_golden({"a": Metric(0.6, 10)}, "test", path)
    write_golden({"a": Metric(0.7, 100)}, "dev", path)
    assert read_golden("test", path) == {
        "a": {"value": 0.6, "tolerance": 0.1, "better": "higher"},
        "b": {"value": 0.1, "tolerance": 0.02, "better": "lower"},
    }
    assert read_golden("dev", path) == {"a": {"value": 0.7, "tolerance": 0.02, "better": "higher"}}


def test_an_informative_figure_neither_falls_nor_is_accepted(tmp_path: Path) -> None:
    metrics = {"recall": Metric(0.0, 10, informative=True)}
    assert falls(metrics, GOLDEN) == []
    write_golden({**metrics, "a": Metric(0.5, 10)}, "test", tmp_path / "metrics.json")
    assert list(read_golden("test", tmp_path / "metrics.json") or {}) == ["a"]


def test_a_missed_escalation_is_tolerated_less() -> None:
    assert default_tolerance("escalation.urgent_recall", 900) == 0.005
    assert default_tolerance("escalation.emergency_first_recall", 10) == 0.005
    assert default_tolerance("escalation.benign_false_alarms", 500) == 0.02


@pytest.mark.parametrize(("right", "fallen"), [(12, []), (11, []), (10, ["followup.helped"])])
def test_one_line_of_a_small_set_is_no_fall_and_two_are(
    tmp_path: Path, right: int, fallen: list[str]
) -> None:
    path = tmp_path / "metrics.json"
    write_golden({"followup.helped": Metric(12 / 24, 24)}, "test", path)
    found = falls({"followup.helped": Metric(right / 24, 24)}, read_golden("test", path) or {})
    assert [f.name for f in found] == fallen
