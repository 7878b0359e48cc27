"""Ending tasks, also one that misses its cancellation."""

from __future__ import annotations

import asyncio

import pytest

from bot.channels.telegram.ending import end, happens


async def test_a_task_that_loses_a_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.channels.telegram.ending.AGAIN", 0.01)
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost == 3:
                    raise

    async def breaks() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError

    tasks = [asyncio.ensure_future(stubborn()), asyncio.ensure_future(breaks())]
    await asyncio.sleep(0)
    await end(tasks)
    assert lost == 3 and all(task.done() for task in tasks)
    await end(tasks)  # What has ended stays so.


async def test_an_event_happens_or_does_not() -> None:
    event = asyncio.Event()
    assert not await happens(event, 0.01)
    asyncio.get_running_loop().call_later(0.01, event.set)
    assert await happens(event, 5)
