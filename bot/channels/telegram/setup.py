"""`python -m bot.channels.telegram.setup check|profile|webhook`: for the bot's administrator."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from contextlib import suppress
from typing import Final

from telegram import Bot, BotCommand
from telegram.error import InvalidToken, TelegramError

from bot.channels.telegram.api import make_bot
from bot.channels.telegram.lock import HELD, PollLock
from bot.channels.telegram.reading import ASKED_FOR
from bot.channels.telegram.status import TOKEN_REFUSED
from bot.channels.telegram.webhook import address_of, secret_of
from bot.channels.telegram.words import ABOUT, DESCRIPTION, TelegramWords
from bot.clinic import load_clinic
from bot.errors import GuideError, SettingsError
from bot.settings import TelegramSettings, load_settings, load_telegram_settings

NO_TOKEN: Final = """TELEGRAM_TOKEN is not set. The token comes from Telegram's own bot, BotFather:
  1. In Telegram, open a chat with @BotFather (with the blue tick) and send  /newbot
  2. Send the name that people will see, such as  Northside CAR T guide
  3. Send a username that ends in "bot", such as  northside_cart_bot
  4. BotFather answers with a token such as  123456789:AAE...  Keep it secret: whoever has it
     is the bot. (Lost it? /mybots, your bot, "API Token".)
  5. Then:  TELEGRAM_TOKEN=123456789:AAE... make telegram
docs/telegram.md goes on from there."""

OF_TELEGRAM: Final = 100
"""Updates that Telegram may post at a time: its maximum, since each is answered when handled."""


async def check(bot: Bot, telegram: TelegramSettings) -> str:
    """Says who the bot is, and what keeps it from starting.

    Raises:
        SettingsError: if the token is refused, or somebody uses it already.
    """
    if not telegram.webhook:
        lock = PollLock(telegram.token)
        with suppress(OSError):  # The channel runs without a lock then, and says so.
            if not lock.take():
                raise SettingsError(HELD.format(pid=lock.holder()))
        lock.release()
    try:
        await bot.initialize()
        info = await bot.get_webhook_info()
    except InvalidToken as error:
        raise SettingsError(TOKEN_REFUSED) from error
    except TelegramError as error:
        return (
            f"Telegram cannot be reached now ({type(error).__name__}); the channel goes on trying. "
            "A proxy goes into HTTPS_PROXY, a Bot API server of your own into TELEGRAM_API."
        )
    who = f"Telegram: @{bot.username} (https://t.me/{bot.username})"
    if telegram.webhook and info.url != address_of(telegram):
        return f"{who}, by webhook, but none is set for it: run `make telegram-webhook` once."
    if not telegram.webhook and info.url:
        raise SettingsError(
            f"{who} has a webhook, so it cannot be polled. Remove it with "
            "`make telegram-webhook REMOVE=1`, or set TELEGRAM_WEBHOOK to use it."
        )
    return f"{who}, by {'webhook' if telegram.webhook else 'long polling'}."


async def set_profile(bot: Bot, words: TelegramWords) -> str:
    """Hands Telegram the bot's commands and descriptions, in English and Spanish."""
    await bot.initialize()
    for language, spanish in ((None, False), ("es", True)):
        menu = words.menu(spanish=spanish)
        commands = [BotCommand(name, what) for name, what in menu.items()]
        await bot.set_my_commands(commands, language_code=language)
        description = words.profile(DESCRIPTION, spanish=spanish)
        await bot.set_my_description(description, language_code=language)
        about = words.profile(ABOUT, spanish=spanish)
        await bot.set_my_short_description(about, language_code=language)
    return f"@{bot.username} has its commands and descriptions, in English and Spanish."


async def set_webhook(bot: Bot, telegram: TelegramSettings) -> str:
    """Has Telegram post updates to TELEGRAM_WEBHOOK.

    Raises:
        SettingsError: if that is not set.
    """
    if not telegram.webhook:
        raise SettingsError(
            "TELEGRAM_WEBHOOK is not set: it is the public address of the bot, such as "
            "https://guide.clinic.org, from which /webhooks/ is passed on to it."
        )
    await bot.initialize()
    await bot.set_webhook(
        address_of(telegram),
        secret_token=secret_of(telegram.token),
        allowed_updates=ASKED_FOR,
        max_connections=OF_TELEGRAM,
    )
    return f"Telegram posts what people write to @{bot.username} to {telegram.webhook}."


async def remove_webhook(bot: Bot) -> str:
    """Has Telegram keep updates until they are polled for."""
    await bot.initialize()
    await bot.delete_webhook()
    return f"@{bot.username} has no webhook any more; it is polled while TELEGRAM_WEBHOOK is unset."


async def run(command: str, telegram: TelegramSettings, *, remove: bool = False) -> str:
    """Does what a command asks for and returns what to print.

    Raises:
        GuideError: with the remedy.
    """
    if not telegram.token:
        raise SettingsError(NO_TOKEN)
    settings = load_settings()
    bot = make_bot(telegram)
    try:
        if command == "check":
            return await check(bot, telegram)
        if command == "profile":
            words = TelegramWords(load_clinic(settings), settings.retention_days)
            return await set_profile(bot, words)
        return await (remove_webhook(bot) if remove else set_webhook(bot, telegram))
    except InvalidToken as error:
        raise SettingsError(TOKEN_REFUSED) from error
    except TelegramError as error:
        # The library changes the case of Telegram's words.
        why = re.sub(re.escape(telegram.token), "TELEGRAM_TOKEN", str(error), flags=re.IGNORECASE)
        raise SettingsError(f"Telegram did not do it: {why}. Try again.") from error
    finally:
        await bot.shutdown()


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; returns 2, with the remedy printed, if it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m bot.channels.telegram.setup")
    parser.add_argument("command", choices=["check", "profile", "webhook"])
    parser.add_argument("--remove", action="store_true", help="take the webhook away")
    given = parser.parse_args(arguments)
    try:
        print(asyncio.run(run(given.command, load_telegram_settings(), remove=given.remove)))
    except GuideError as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
