"""Texts of any length: what is urgent in them is found, wherever it stands."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from bot.channels.widget.pieces import OVERLAP, PIECE, pieces, urgent_pieces
from bot.safety.quick import quick_verdict

CALM = "The garden was lovely today. "


def test_every_character_is_in_a_piece_and_a_border_in_two() -> None:
    text = "".join(chr(0x4E00 + at) for at in range(3 * PIECE))
    found = list(pieces(text))
    assert max(map(len, found)) == PIECE
    assert set("".join(found)) == set(text)
    for one, two in itertools.pairwise(found):
        assert one[-OVERLAP:] == two[:OVERLAP]
    assert list(pieces("")) == [""]


async def read(text: str, patience: float = 60.0) -> str:
    return await urgent_pieces(text, fever_celsius=38.0, patience=patience)


@pytest.mark.parametrize("at", [0, PIECE - OVERLAP, PIECE - 8, PIECE, 3 * PIECE])
async def test_an_urgent_sentence_is_found_wherever_it_stands(at: int) -> None:
    calm = (CALM * 600)[:at]
    assert "he cannot breathe" in await read(f"{calm} he cannot breathe. {CALM * 100}")


async def test_a_crisis_behind_something_urgent_is_not_lost() -> None:
    found = await read(f"he cannot breathe. {CALM * 300} I want to kill myself")
    verdict = quick_verdict(found)
    assert verdict.crisis and verdict.urgent


async def test_an_escalation_does_not_wait_for_the_end() -> None:
    found = await read(f"he cannot breathe. {CALM * 300} I want to kill myself", patience=0.0)
    assert "breathe" in found and "kill" not in found


async def test_others_are_answered_between_the_pieces() -> None:
    reading = asyncio.ensure_future(read(CALM * 600))
    turns = 0
    while not reading.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns >= 4
    assert await reading == ""
