"""Escalations are counted by day, channel, level and family, without words or senders."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage

from bot.channels.guard import Incoming, TurnGuard
from bot.channels.tally import KEPT_DAYS, TALLY, EscalationTally
from bot.settings import load_settings
from tests.channels.test_guard import CLINIC, broken, escalate_and_speak, silent, speak

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
URGENT = "zebrafish: my husband has chest pain and a fever of 39"


def add(tally: EscalationTally, day: int = 0, **changes: Any) -> None:
    fields = {"level": "urgent", "families": ["chest"], "channel": "rest", "said_by": "turn"}
    tally.add(**{**fields, **changes, "now": NOON + timedelta(days=day)})


def rows(tally: EscalationTally) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in tally.as_dict()["counts"]]


def test_an_escalation_counts_once_and_each_of_its_families_once() -> None:
    tally = EscalationTally()
    add(tally)
    add(tally, families=["chest", "tremor"])
    add(tally, channel="telegram", level="crisis", families=["self_harm"], said_by="channel")
    found = tally.as_dict()
    assert found["total"] == 3
    assert found["said_by"] == {"turn": 2, "channel": 1}
    assert rows(tally) == [
        ("2026-11-24", "rest", "urgent", "chest", 2),
        ("2026-11-24", "rest", "urgent", "tremor", 1),
        ("2026-11-24", "telegram", "crisis", "self_harm", 1),
    ]


def test_days_are_apart_and_the_oldest_is_forgotten() -> None:
    tally = EscalationTally()
    for day in range(KEPT_DAYS):
        add(tally, day)
    assert len(rows(tally)) == tally.as_dict()["total"] == KEPT_DAYS
    add(tally, KEPT_DAYS)
    assert len(rows(tally)) == tally.as_dict()["total"] == KEPT_DAYS
    assert rows(tally)[0][0] == "2026-11-25"


def test_without_a_family_it_is_unspecified() -> None:
    tally = EscalationTally()
    add(tally, families=[])
    assert rows(tally) == [("2026-11-24", "rest", "urgent", "unspecified", 1)]


@pytest.mark.parametrize(
    ("turn", "who"),
    [(escalate_and_speak, "turn"), (speak, "channel"), (silent, "channel"), (broken, "channel")],
)
async def test_the_guard_counts_and_logs_each_escalation_once(
    turn: Callable[[UserMessage], Awaitable[Any]], who: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    tally = EscalationTally()
    guard = TurnGuard(load_settings({}), CLINIC, tally)
    incoming = Incoming(text=URGENT, sender="rest:giraffe", recipient="giraffe", channel="rest")
    await guard.reply(incoming, turn)
    assert tally.as_dict()["total"] == 1
    assert tally.as_dict()["said_by"][who] == 1
    families = "chest" if turn is escalate_and_speak else "chest,fever_chills"
    lines = [r.getMessage() for r in caplog.records if r.name == "bot.escalation_words"]
    assert lines == [f"escalation level=urgent families={families} channel=rest said_by={who}"]
    assert "zebrafish" not in caplog.text + repr(tally.as_dict())
    assert "giraffe" not in caplog.text + repr(tally.as_dict())


async def test_a_replayed_escalation_is_not_counted_again() -> None:
    tally = EscalationTally()
    guard = TurnGuard(load_settings({}), CLINIC, tally)
    incoming = Incoming(text=URGENT, sender="a", recipient="a", channel="rest", message_id="1")
    assert await guard.reply(incoming, silent) == await guard.reply(incoming, silent)
    assert tally.as_dict()["total"] == 1


def test_what_is_not_urgent_is_not_counted() -> None:
    assert EscalationTally().as_dict()["total"] == 0


def test_channels_share_the_tally_of_the_process() -> None:
    settings = load_settings({})
    assert TurnGuard(settings, CLINIC)._tally is TurnGuard(settings, CLINIC)._tally is TALLY
