"""In which order turns are sent: the bots turn by turn, early turns beside late ones.

A round is one long conversation a bot, and eleven new ones. The turns around the long
conversation's last hundred take their places between the new conversations, so that whatever
the machine does meanwhile hits a turn 5 and a turn 300 alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FRESH_TURNS = 10
"""Turns of a fresh conversation: what a visitor with a few questions writes."""

EARLY = 5
"""The turn that stands for a fresh conversation: the first ones may still warm up."""

REACH = 5
"""Turns measured on either side of the late one: 295 to 305 for 300."""

WINDOW = 2 * REACH + 1
"""Late turns a round, fresh conversations a round, and messages a bot: each message comes
exactly once as a late turn and once as turn 5, so that both medians are over the same words."""

SMALLEST = FRESH_TURNS + REACH + 1
"""The smallest `turns` whose late turns are not early ones."""


@dataclass(frozen=True)
class Planned:
    """One turn to send to each bot: conversation, its turn number (from 1), message number."""

    sender: str
    turn: int
    message: int
    fresh: bool


def plan(rounds: int, turns: int) -> Iterator[Planned]:
    """Yields every turn of a run in order; each is sent to all bots before the next."""
    for number in range(1, rounds + 1):
        yield from _round(number, turns)


def length(turns: int) -> int:
    """Returns how many turns a long conversation has."""
    return turns + REACH


def senders(rounds: int) -> list[str]:
    """Names the long conversations."""
    return [_long(number) for number in range(1, rounds + 1)]


def _round(number: int, turns: int) -> Iterator[Planned]:
    first_late = turns - REACH
    for turn in range(1, first_late):
        yield Planned(_long(number), turn, turn % WINDOW, fresh=False)
    for step in range(WINDOW):
        sender = f"fresh-{number}-{step + 1}"
        for turn in range(1, FRESH_TURNS + 1):
            yield Planned(sender, turn, (step + turn) % WINDOW, fresh=True)
        turn = first_late + step
        yield Planned(_long(number), turn, turn % WINDOW, fresh=False)


def _long(number: int) -> str:
    return f"long-{number}"
