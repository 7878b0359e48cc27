"""Alarms are counted for every system, by any mark of the lines."""

from __future__ import annotations

from bot.evaluation.alarms import SYSTEMS, Judged, alarms, by_mark, group_table, shares
from bot.evaluation.metrics import Rate
from bot.evaluation.sets import Row
from tests.evaluation.fakes import CRISIS, FEVER, parsed

MESSAGES = [
    parsed(None, text="no seizure", verdict=FEVER, patterns=True),
    parsed(None, text="all well", verdict=CRISIS, classifier=True),
    parsed(None, text="some confusion"),
]
ROWS: list[Row] = [
    {"style": "plain", "families": ["seizure", "chest"]},
    {"style": "caps", "families": ["chest"]},
    {"families": ["confusion"]},
]
JUDGED = Judged(ROWS, MESSAGES)


def test_the_bot_raises_either_alarm() -> None:
    assert alarms(MESSAGES) == Rate(2, 3)


def test_each_system_counts_its_own() -> None:
    # Bot: 1 and 2. Patterns: 1. Classifier: 2. The article's list: confusion. Red flags: seizure
    # and confusion.
    assert shares(MESSAGES) == [Rate(2, 3), Rate(1, 3), Rate(1, 3), Rate(1, 3), Rate(2, 3)]


def test_a_system_that_could_not_be_asked_is_not_run() -> None:
    found = dict(zip(SYSTEMS, shares([parsed(None, classifier=None)]), strict=True))
    assert found["classifier alone"] is None
    assert found["the bot"] == Rate(0, 1)


def test_groups_are_sorted_and_lines_without_the_mark_come_last() -> None:
    table = by_mark("Urgent", "style", JUDGED)
    assert table.title == "Urgent by style"
    assert table.columns == ("style", "n", *SYSTEMS)
    assert [row[:3] for row in table.rows] == [
        ("caps", 1, Rate(1, 1)),
        ("plain", 1, Rate(1, 1)),
        ("not noted", 1, Rate(0, 1)),
    ]


def test_a_line_counts_in_each_of_its_families() -> None:
    table = by_mark("Urgent", "families", JUDGED)
    assert table.title == "Urgent by family"
    assert [row[:3] for row in table.rows] == [
        ("chest", 2, Rate(2, 2)),
        ("confusion", 1, Rate(0, 1)),
        ("seizure", 1, Rate(1, 1)),
    ]


def test_a_group_that_was_not_run_says_so() -> None:
    rows = group_table("T", "set", {"x": MESSAGES, "y": None}).rows
    assert rows[0][:3] == ("x", 3, Rate(2, 3))
    assert rows[1] == ("y", *[None] * (1 + len(SYSTEMS)))


def test_pooled_sets_keep_each_line_with_its_message() -> None:
    pooled = Judged.pool([JUDGED, JUDGED.where(lambda row: "style" not in row)])
    assert pooled.rows == [*ROWS, ROWS[2]]
    assert pooled.parsed == [*MESSAGES, MESSAGES[2]]
