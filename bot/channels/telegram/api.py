"""The Bot API by python-telegram-bot: its client, raw updates, and what an error calls for."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from telegram import Bot, LinkPreviewOptions, ReplyParameters
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channels.telegram.reading import ASKED_FOR
from bot.channels.telegram.rendering import Part
from bot.settings import TelegramSettings

POLL_SECONDS: Final = 25
"""How long Telegram holds a poll open; below the minute after which proxies cut connections."""

BATCH: Final = 100
"""Updates a poll: Telegram's own maximum, and so the number handled at a time."""

CONNECTIONS: Final = 64

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Then(Enum):
    """What is to be done about a request that failed."""

    AGAIN = "again"
    REFUSED = "refused"
    """Telegram does not take this message, today or tomorrow."""
    GONE = "gone"
    """The person has blocked the bot, or it was removed from the group."""
    MOVED = "moved"
    """The group has another id now."""


@dataclass(frozen=True)
class Remedy:
    """What to do about an error, and the facts for it."""

    then: Then
    wait: float | None = None
    """Seconds that Telegram asked for."""
    chat_id: int | None = None
    answered: bool = False
    """Telegram answered, so it is there: a fault of its own, and not of the network."""


class _Request(HTTPXRequest):
    """Takes for Telegram's answer only what reads like one, whatever a proxy says in between."""

    __slots__ = ()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Reads an answer.

        Raises:
            TelegramError: the cause of the library's own, where that is about the status.
        """
        read: Any = HTTPXRequest.parse_json_payload(payload)
        if not isinstance(read, dict) or "ok" not in read:
            raise TelegramError("Invalid server response")
        return read


def remedy(error: TelegramError) -> Remedy:
    """Says what an error of the Bot API calls for.

    A refusal counts only in Telegram's own words. A page of a proxy's, such as a 403 in HTML, says
    nothing of the person or of the message.
    """
    if isinstance(error, RetryAfter):
        wait: Any = error.retry_after  # By PTB_TIMEDELTA.
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        return Remedy(Then.AGAIN, wait=seconds)
    if isinstance(error, ChatMigrated):
        return Remedy(Then.MOVED, chat_id=error.new_chat_id, answered=True)
    if isinstance(error, Forbidden) and error.__cause__ is None:
        return Remedy(Then.GONE)
    if isinstance(error, BadRequest) and error.__cause__ is None:  # It is a NetworkError, too.
        return Remedy(Then.REFUSED)
    if isinstance(error, InvalidToken):
        return Remedy(Then.AGAIN)
    network = isinstance(error, NetworkError) and isinstance(error.__cause__, httpx.HTTPError)
    return Remedy(Then.AGAIN, answered=not network)


def make_bot(settings: TelegramSettings, *, timeout: float = 20.0) -> Bot:
    """Makes the client; nothing is sent yet. Both of its loggers know the token: they are shut."""
    for name in ("telegram", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)

    request = _Request(
        connection_pool_size=CONNECTIONS,
        read_timeout=timeout,
        write_timeout=timeout,
        connect_timeout=min(timeout, 10.0),
        pool_timeout=60.0,
    )
    return Bot(
        settings.token,
        base_url=f"{settings.api}/bot",
        base_file_url=f"{settings.api}/file/bot",
        request=request,
    )


async def fetch(bot: Bot, *, offset: int | None, hold: int, limit: int = BATCH) -> list[Any]:
    """Returns updates as Telegram sends them, the oldest first, without reading them.

    The library reads a batch as a whole: one update that it cannot read would cost the others.

    Args:
        bot: the client.
        offset: forgets the updates before it; None forgets nothing.
        hold: seconds to wait for an update if there is none.
        limit: the most to return.
    """
    query: dict[str, Any] = {"timeout": hold, "limit": limit}
    query["allowed_updates"] = json.dumps(ASKED_FOR)
    if offset is not None:
        query["offset"] = offset
    result = await bot.request.post(
        f"{bot.base_url}/getUpdates?{urlencode(query)}", read_timeout=hold + 15.0
    )
    if not isinstance(result, list):
        raise TelegramError("getUpdates gave no list")
    return result


async def send(bot: Bot, chat_id: int, part: Part, *, thread: int | None, to: int | None) -> None:
    """Sends one part.

    Args:
        bot: the client.
        chat_id: where to.
        part: what.
        thread: the topic of a forum.
        to: the message that it answers, shown above it.

    Raises:
        TelegramError: see `remedy`.
    """
    reply = ReplyParameters(to, allow_sending_without_reply=True) if to is not None else None
    where: dict[str, Any] = {
        "chat_id": chat_id,
        "message_thread_id": thread,
        "reply_parameters": reply,
        "disable_notification": part.quiet,
    }
    if part.phone is not None:
        await bot.send_contact(phone_number=part.phone, first_name=part.text, **where)
    elif part.photo is not None:
        await bot.send_photo(photo=part.photo, **where)
    else:
        await bot.send_message(
            text=part.text,
            entities=part.entities or None,
            reply_markup=part.keyboard,
            link_preview_options=_NO_PREVIEW,
            **where,
        )
