"""Second messages: who is helped, who is told something wrong, and what is held back."""

from __future__ import annotations

from typing import Any

import pytest

from bot import contract
from bot.evaluation.followups import Second, measure
from bot.evaluation.metrics import Rate
from bot.evaluation.parsed import Parsed

GOLD = frozenset({"right"})
ANSWER, SAID, CLARIFY = (
    contract.UTTER_ANSWER,
    contract.UTTER_SAID_ALREADY,
    contract.UTTER_CLARIFY,
)


def replied(action: str, passage: str | None = None, *offered: str) -> Parsed:
    related = [{"id": o} for o in offered]
    decision: dict[str, Any] = {"action": action, "passage": passage, "related": related}
    return Parsed("x", "ask_question", decision, None)


def second(kind: str, reply: Parsed, first: str = "first") -> Second:
    row = {"text": "x", "kind": kind, "first_passage": first}
    gold = frozenset() if kind == "unanswered" else GOLD
    return Second(row, gold, reply, replied(CLARIFY))


@pytest.mark.parametrize(
    ("reply", "first", "helped", "wrong"),
    [
        (replied(ANSWER, "right"), "first", 1, 0),
        (replied(ANSWER, "other"), "first", 0, 1),
        (replied(SAID), "right", 1, 0),
        (replied(SAID), "first", 0, 1),
        (replied(SAID, None, "right"), "first", 1, 1),
        (replied(CLARIFY, None, "other", "right"), "first", 1, 0),
        (replied(contract.UTTER_DONT_KNOW), "first", 0, 0),
    ],
)
def test_each_is_helped_or_misled_or_neither(
    reply: Parsed, first: str, helped: int, wrong: int
) -> None:
    metrics = measure([second("elliptic", reply, first)], lines=True).metrics
    assert metrics["followup.leaning_helped"].value == helped
    assert metrics["followup.leaning_wrong"].value == wrong
    assert metrics["followup.leaning_wrong"].lower


def test_the_kinds_are_counted_apart_beside_the_bot_without_the_first_answer() -> None:
    seconds = [
        second("switch", replied(ANSWER, "right")),
        second("switch", replied(ANSWER, "other")),
        second("unanswered", replied(ANSWER, "other")),
        second("unanswered", replied(CLARIFY)),
        second("unanswered", replied(SAID)),
    ]
    section = measure(seconds, lines=True)
    rows = {row[0]: row[1:] for row in section.tables[0].rows}
    assert rows["a new question: helped"] == (2, Rate(1, 2), Rate(0, 2))
    assert rows["a new question: answered wrong"] == (2, Rate(1, 2), Rate(0, 2))
    assert rows["not in the texts: held back"] == (3, Rate(2, 3), Rate(3, 3))
    assert len(section.tables[1].rows) == 2
