"""The order of turns, and that early and late ones are over the same messages."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.bench import messages
from bot.bench.schedule import EARLY, REACH, SMALLEST, WINDOW, length, plan, senders


@pytest.mark.parametrize("turns", [SMALLEST, 300, 301])
def test_each_message_is_once_a_fifth_turn_and_once_a_late_one(turns: int) -> None:
    planned = list(plan(1, turns))
    early = [p.message for p in planned if p.fresh and p.turn == EARLY]
    late = [p.message for p in planned if not p.fresh and abs(p.turn - turns) <= REACH]
    assert sorted(early) == sorted(late) == list(range(WINDOW))


def test_a_round_has_one_long_conversation_and_eleven_new_ones() -> None:
    # Long: 300 + 5 turns. New: 11 of 10 turns.
    talks = Counter(p.sender for p in plan(1, 300))
    assert talks.pop("long-1") == length(300) == 305
    assert list(talks.values()) == [10] * 11


@pytest.mark.parametrize("sender", ["long-2", "fresh-1-11"])
def test_turns_of_a_conversation_come_in_order(sender: str) -> None:
    turns = [p.turn for p in plan(2, 40) if p.sender == sender]
    assert turns == list(range(1, len(turns) + 1))
    assert turns


def test_a_new_conversation_stands_before_each_late_turn() -> None:
    # Turns 1 to 14 of the long one, then ten fresh turns and one late turn, eleven times.
    kinds = [p.fresh for p in plan(1, 20)]
    assert kinds == [False] * 14 + ([True] * 10 + [False]) * 11


def test_rounds_have_conversations_of_their_own() -> None:
    assert senders(2) == ["long-1", "long-2"]
    talks = {p.sender for p in plan(2, 20)}
    assert len(talks) == 2 * (1 + 11)


def test_every_bot_has_a_message_for_each_number() -> None:
    for said in (messages.GUIDE, messages.STOCK, messages.BARE):
        assert len(set(said)) == WINDOW
