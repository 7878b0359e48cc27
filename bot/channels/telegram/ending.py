"""Ends tasks for certain. Before Python 3.12 `asyncio.wait_for` may lose a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

AGAIN: Final = 0.5
"""Seconds after which a task that has missed its cancellation gets another."""


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels tasks until each has ended, and takes note of no error of theirs."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=AGAIN)
        for task in done:
            if not task.cancelled():
                task.exception()


async def happens(event: asyncio.Event, within: float) -> bool:
    """Waits for an event; returns whether it came in time. Never loses a cancellation."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({waiting}, timeout=within)
    finally:
        waiting.cancel()
    return event.is_set()
