"""The webhook that Telegram posts to. Its path and secret follow from the token: none is kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from typing import Final

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.telegram.intake import Intake, identity
from bot.settings import TelegramSettings

logger = logging.getLogger(__name__)

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
LARGEST: Final = 1_000_000
"""Bytes; the largest update is a fraction of it."""

HOLD: Final = 5.0
"""Seconds that Telegram waits for an answer: it posts a hundred updates at a time, none behind."""


def path_of(token: str) -> str:
    """Returns the last part of the webhook's path, which cannot be guessed."""
    return _derived(token, "path")[:40]


def secret_of(token: str) -> str:
    """Returns what Telegram sends in the header with each update."""
    return _derived(token, "secret")


def address_of(telegram: TelegramSettings) -> str:
    """Returns the address that Telegram is told to post to."""
    return f"{telegram.webhook}/webhooks/telegram/{path_of(telegram.token)}"


class Webhook:
    """Answers Telegram once an update is handled or kept: it sends again what was cut off."""

    def __init__(self, token: str, intake: Callable[[], Intake | None]) -> None:
        self._secret = secret_of(token)
        self._intake = intake

    async def receive(self, request: Request) -> HTTPResponse:
        """Takes one update; 200 once its reply has arrived, or, if that takes long, it is kept.

        Telegram sends again what is not answered with 200, so what can never be read is too.
        """
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret.encode()):
            logger.warning("a webhook call without Telegram's secret was refused")
            return response.empty(status=403)
        if len(request.body) > LARGEST:
            return response.empty(status=413)
        intake = self._intake()
        if intake is None:
            return response.empty(status=503)
        try:
            raw = json.loads(request.body)
        except ValueError:
            raw = None
        update_id = identity(raw)
        if update_id is None:
            logger.error("an update that is not one was passed over")
            return response.empty(status=200)
        task = intake.take([raw])[update_id]
        await asyncio.wait({task}, timeout=0 if intake.is_crowded else HOLD)
        if not task.done() and await intake.keep([update_id]):
            return response.empty(status=200)
        await asyncio.wait({task})  # Telegram may hang up; the turn goes on.
        return response.empty(status=503 if task.cancelled() else 200)


def _derived(token: str, purpose: str) -> str:
    return hmac.new(token.encode(), f"webhook {purpose}".encode(), hashlib.sha256).hexdigest()
