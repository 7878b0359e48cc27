"""How the channel is, in a word for whoever watches it, and in the log once a change."""

from __future__ import annotations

import logging
import time

from telegram import WebhookInfo
from telegram.error import InvalidToken, RetryAfter, TelegramError

logger = logging.getLogger(__name__)

TOKEN_REFUSED = (
    "Telegram refuses TELEGRAM_TOKEN. Ask BotFather for the bot's token (/mybots, API Token), set "
    "it and start again."
)
UNREACHABLE = (
    "Telegram cannot be reached (%s): trying again until it answers. The rest of the bot is up. "
    "A proxy goes into HTTPS_PROXY, a Bot API server of your own into TELEGRAM_API."
)

WEBHOOK_ELSEWHERE = (
    "Telegram does not post to this guide: %s. Run `make telegram-webhook` with the TELEGRAM_TOKEN "
    "and TELEGRAM_WEBHOOK of this guide."
)
WEBHOOK_FAILS = (
    "Telegram cannot post to the webhook: %s. See that TELEGRAM_WEBHOOK is reached from outside by "
    "https, and that nginx passes /webhooks/ on."
)

FRESH = 120.0
"""Seconds for which an error of a webhook counts: Telegram tries again within a minute."""


class Status:
    """Is `off`, `starting`, `polling`, `webhook`, or what is wrong."""

    def __init__(self, way: str = "off") -> None:
        self._way = way
        self.word = "off" if way == "off" else "starting"

    @property
    def is_well(self) -> bool:
        """Tells whether Telegram answered the last time."""
        return self.word == self._way

    def well(self) -> None:
        """Notes that Telegram answers."""
        if self.is_well:
            return
        if self.word == "starting":
            logger.info("telegram: %s", self._way)
        else:
            logger.warning("Telegram answers again.")
        self.word = self._way

    def failed(self, error: TelegramError) -> None:
        """Notes an error; the log gets its type, since its words may hold the token."""
        if isinstance(error, InvalidToken):
            self.stopped("token refused", TOKEN_REFUSED)
        elif isinstance(error, RetryAfter):
            self.stopped("slowed down", "Telegram asks for a pause (429).")
        elif self.word != "unreachable":
            self.word = "unreachable"
            logger.warning(UNREACHABLE, type(error).__name__)

    def webhook(self, info: WebhookInfo, ours: str) -> None:
        """Notes what Telegram says of the webhook; its address is a secret, and is not logged."""
        failed = info.last_error_date
        if info.url != ours:
            found = "no webhook is set" if not info.url else "another webhook is set"
            self.stopped("webhook is not set", WEBHOOK_ELSEWHERE % found)
        elif info.pending_update_count and failed and time.time() - failed.timestamp() < FRESH:
            self.stopped("webhook fails", WEBHOOK_FAILS % info.last_error_message)
        else:
            self.well()

    def stopped(self, word: str, why: str) -> None:
        """Notes what is wrong, with its remedy; the log gets it once."""
        if self.word != word:
            self.word = word
            logger.error("%s", why)
