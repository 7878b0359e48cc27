"""`make telegram`, `make telegram-profile`, `make telegram-webhook`: what they do and say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram.lock import PollLock
from bot.channels.telegram.setup import NO_TOKEN, main, run
from bot.channels.telegram.words import CARDS, SAID, SPANISH, TelegramWords
from bot.clinic import load_clinic
from bot.errors import SettingsError
from bot.settings import ROOT, load_settings
from bot.words import domain_responses
from tests.channels.telegram.bot_api import TOKEN, ApiError, BotApi
from tests.channels.telegram.world import Echo, talking, telegram_settings

PUBLIC = "https://guide.example.org"


@pytest.fixture(autouse=True)
def _own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_without_a_token_it_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "")
    assert main(["check"]) == 2
    printed = capsys.readouterr().err
    assert printed.strip() == NO_TOKEN
    for step in ("@BotFather", "/newbot", "TELEGRAM_TOKEN=", "make telegram"):
        assert step in printed


def test_a_token_that_is_none_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "hush")
    assert main(["check"]) == 2
    printed = capsys.readouterr().err
    assert "TELEGRAM_TOKEN is no token" in printed and "hush" not in printed


async def test_the_check_names_the_bot(api: BotApi, tmp_path: Path) -> None:
    said = await run("check", telegram_settings(api, tmp_path))
    assert said == "Telegram: @guide_test_bot (https://t.me/guide_test_bot), by long polling."


async def test_the_check_finds_what_is_wrong(api: BotApi, tmp_path: Path) -> None:
    settings = telegram_settings(api, tmp_path)
    api.webhook.url = "https://elsewhere.example.org/x"
    with pytest.raises(SettingsError, match="REMOVE=1"):
        await run("check", settings)
    said = await run("check", telegram_settings(api, tmp_path, webhook=PUBLIC))
    assert "make telegram-webhook" in said
    with pytest.raises(SettingsError, match="BotFather"):
        await run("check", telegram_settings(api, tmp_path, token="1:wrong-token-wrong-token"))
    api.fail("getMe", ApiError(502, "Bad Gateway"))
    assert "goes on trying" in await run("check", settings)


async def test_a_second_start_is_refused(api: BotApi, tmp_path: Path) -> None:
    held = (
        "import sys, time; from pathlib import Path; from bot.channels.telegram.lock import *; "
        "lock = PollLock(sys.argv[1], Path(sys.argv[2])); print(lock.take(), flush=True); "
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", held, TOKEN, str(tmp_path)]
    mine = PollLock(TOKEN, tmp_path)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "True"
        assert not mine.take()
        with pytest.raises(SettingsError, match=f"by process {other.pid} on this machine"):
            await run("check", telegram_settings(api, tmp_path))
        other.kill()
    assert mine.take() and mine.take()  # A killed process holds nothing.
    mine.release()
    assert "by long polling" in await run("check", telegram_settings(api, tmp_path))


def test_another_user_of_the_machine_has_a_lock_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = PollLock(TOKEN, tmp_path)
    monkeypatch.setattr("os.getuid", lambda: 54321)
    theirs = PollLock(TOKEN, tmp_path)
    assert mine.take() and theirs.take()
    mine.release()
    theirs.release()


async def test_a_lock_that_cannot_be_opened_is_named_and_keeps_nobody_from_polling(
    api: BotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def denied(path: Path, *how: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("bot.channels.telegram.lock.os.open", denied)
    assert "by long polling" in await run("check", telegram_settings(api, tmp_path))
    async with talking(api, tmp_path, Echo()) as session:
        await api.until(lambda: session.status.word == "polling")
    assert str(tmp_path / "guide-telegram-") in caplog.text
    assert "PermissionError" in caplog.text


async def test_the_profile_is_set_in_both_languages(api: BotApi, tmp_path: Path) -> None:
    await run("profile", telegram_settings(api, tmp_path))
    for language in ("", "es"):
        commands = api.profile["commands", language]
        assert [c["command"] for c in commands] == ["start", "help", "stop", "privacy"]
        assert "911" in api.profile["description", language]
        assert "911" in api.profile["short_description", language]
    assert api.profile["description", ""] != api.profile["description", "es"]


async def test_the_webhook_is_set_and_removed(api: BotApi, tmp_path: Path) -> None:
    settings = telegram_settings(api, tmp_path, webhook=PUBLIC)
    await run("webhook", settings)
    assert api.webhook.url.startswith(f"{PUBLIC}/webhooks/telegram/")
    assert len(api.webhook.secret) == 64 and api.webhook.connections == 100
    assert "by webhook." in await run("check", settings)
    await run("webhook", settings, remove=True)
    assert api.webhook.url == ""
    with pytest.raises(SettingsError, match="TELEGRAM_WEBHOOK is not set"):
        await run("webhook", telegram_settings(api, tmp_path))


async def test_what_telegram_refuses_is_said_without_the_token(api: BotApi, tmp_path: Path) -> None:
    api.fail("setWebhook", ApiError(400, f"Bad Request: bad webhook {TOKEN}"))
    with pytest.raises(SettingsError, match="ad webhook TELEGRAM_TOKEN") as caught:
        await run("webhook", telegram_settings(api, tmp_path, webhook=PUBLIC))
    assert TOKEN not in str(caught.value)


def test_every_name_of_the_channel_has_words() -> None:
    names = {*SAID.values(), *SPANISH.values(), *SPANISH, *CARDS.values()}
    assert names <= set(domain_responses())
    said = {n for n in domain_responses() if n.startswith("utter_telegram_")}
    menus = {n for n in said if "_menu_" in n or "_description" in n or "_about" in n}
    assert said - menus <= names


@pytest.mark.parametrize("spanish", [False, True])
def test_the_profile_fits_telegrams_limits(spanish: bool) -> None:
    words = TelegramWords(load_clinic(load_settings({}), {}), 30)
    assert len(words.profile("utter_telegram_description", spanish=spanish)) <= 512
    assert len(words.profile("utter_telegram_about", spanish=spanish)) <= 120
    assert all(1 <= len(text) <= 256 for text in words.menu(spanish=spanish).values())


def test_the_channel_is_in_credentials_and_rasa_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from rasa.core.run import create_http_input_channels

    for name in ("TELEGRAM_TOKEN", "TELEGRAM_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)
    channels = create_http_input_channels(None, str(ROOT / "credentials.yml"))
    names: list[Any] = [channel.name() for channel in channels]
    assert names.count("telegram") == 1 and "rest" in names
