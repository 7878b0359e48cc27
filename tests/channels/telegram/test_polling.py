"""The poller beside another one: a newcomer gives way, whoever polled before stays."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from bot.channels.telegram.api import make_bot
from bot.channels.telegram.ending import end
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.polling import CONFLICTS, NEWCOMER, Poller
from bot.channels.telegram.status import Status
from tests.channels.telegram.bot_api import CONFLICT, ApiError, BotApi
from tests.channels.telegram.world import telegram_settings


class Quick:
    """Handles at once what it is given."""

    is_full = False

    def __init__(self) -> None:
        self.ids: list[int] = []

    def take(self, updates: Sequence[Any]) -> dict[int, asyncio.Task[None]]:
        ids = [int(update["update_id"]) for update in updates]
        self.ids += ids
        return {i: asyncio.ensure_future(asyncio.sleep(0)) for i in ids}

    async def keep(self, update_ids: Collection[int]) -> bool:
        return True


@pytest.mark.parametrize(
    ("alone_for", "stays"),
    [(0.0, False), (NEWCOMER, False), (NEWCOMER + 0.1, True)],
    ids=["just come", "on the verge", "long here"],
)
async def test_who_has_polled_for_a_while_stays_when_another_tries(
    alone_for: float, stays: bool, api: BotApi, tmp_path: Path
) -> None:
    now = 0.0
    bot = make_bot(telegram_settings(api, tmp_path))
    intake, status = Quick(), Status("polling")
    poller = Poller(
        bot,
        cast(Intake, intake),
        status,
        hold=1,
        first_wait=0.01,
        standby=600.0,
        probe=0.0,
        clock=lambda: now,
    )
    running = asyncio.ensure_future(poller.run())
    first = api.say("one")
    await api.until(lambda: intake.ids == [first])
    now = alone_for
    api.fail("getUpdates", ApiError(409, CONFLICT), times=CONFLICTS)
    await api.until(lambda: not api.faults[0].times)
    second = api.say("two")
    if stays:
        await api.until(lambda: intake.ids == [first, second], patience=60.0)
        assert status.word == "polling"
    else:  # It looks again after ten minutes.
        await api.until(lambda: status.word == "conflict", patience=60.0)
        await asyncio.sleep(0.2)
        assert intake.ids == [first]
    await end([running])
    await bot.shutdown()
