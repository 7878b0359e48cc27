"""Reads a text that is too long for a message, for what is urgent in it, piece by piece."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from bot.escalation_words import is_due
from bot.safety.quick import quick_verdict

PIECE = 4000
"""Characters read at once: the patterns take some hundredths of a second a thousand, in which
nobody else is answered."""
OVERLAP = 400
"""Characters that two neighbours share: what stands on the border is whole in one of them."""


def pieces(text: str) -> Iterator[str]:
    """Yields the pieces of a text in their order."""
    for start in range(0, max(1, len(text) - OVERLAP), PIECE - OVERLAP):
        yield text[start : start + PIECE]


async def urgent_pieces(text: str, *, fever_celsius: float, patience: float) -> str:
    """Returns the first urgent piece, and the first that shows a crisis; "" if there are none.

    Args:
        text: of any length.
        fever_celsius: from where on a temperature is a fever.
        patience: seconds; after them an urgent piece is enough, since the escalation waits.
    """
    urgent, began = "", time.monotonic()
    for piece in pieces(text):
        verdict = quick_verdict(piece, fever_celsius=fever_celsius)
        if verdict.crisis:
            return f"{urgent}\n{piece}".strip()
        if is_due(verdict) and not urgent:
            urgent = piece
        if urgent and time.monotonic() - began > patience:
            break
        await asyncio.sleep(0)
    return urgent
