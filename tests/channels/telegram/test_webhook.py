"""The channel in a Sanic server as Rasa mounts it: the webhook, its forgeries, the status."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sanic import Sanic

from bot.channels.guard import TurnGuard
from bot.channels.tally import EscalationTally
from bot.channels.telegram.api import make_bot
from bot.channels.telegram.channel import TelegramInput
from bot.channels.telegram.keeping import dump, look
from bot.channels.telegram.lock import PollLock
from bot.channels.telegram.reading import Me
from bot.channels.telegram.setup import set_webhook
from bot.channels.telegram.store import TelegramStore
from bot.channels.telegram.webhook import SECRET_HEADER, path_of, secret_of
from bot.settings import load_settings
from tests.channels.telegram.bot_api import TOKEN, USERNAME, BotApi
from tests.channels.telegram.test_crowd import ESCALATED, URGENT, crowd, kept, rows
from tests.channels.telegram.world import Echo, telegram_settings
from tests.channels.test_guard import CLINIC

pytestmark = pytest.mark.usefixtures("patient")

PATH = f"/webhooks/telegram/{path_of(TOKEN)}"
SECRET = {SECRET_HEADER: secret_of(TOKEN)}
BOT = Me(int(TOKEN.split(":")[0]), USERNAME)
PUBLIC = "https://guide.example.org"


@asynccontextmanager
async def serving(
    api: BotApi, folder: Path, turn: Echo, monkeypatch: pytest.MonkeyPatch, **fields: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Runs the channel in a server of its own; the client speaks to the server."""
    monkeypatch.setattr(Sanic, "test_mode", True)  # Several servers in one process.
    monkeypatch.setattr("tempfile.tempdir", str(folder))  # For the lock.
    settings = replace(load_settings({}), escalation_deadline=10.0)
    telegram = telegram_settings(api, folder, **{"webhook": PUBLIC, **fields})
    guard = TurnGuard(settings, CLINIC, EscalationTally())
    if telegram.webhook and not api.webhook.url:
        api.webhook.url = PUBLIC + PATH
    app = Sanic(f"guide_{uuid.uuid4().hex}")
    channel = TelegramInput(settings, telegram, guard)
    app.blueprint(channel.blueprint(turn), url_prefix="/webhooks/telegram")
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))  # Sanic takes a port 0 for its own, 8000.
    server = await app.create_server(sock=bound, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    await server.after_start()
    port = server.server.sockets[0].getsockname()[1]
    api.deliver_to = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=api.deliver_to, timeout=20) as client:
        yield client
    await server.before_stop()
    server.close()
    await server.wait_closed()


async def status(client: httpx.AsyncClient) -> str:
    return str((await client.get("/webhooks/telegram/")).json()["status"])


async def is_up(client: httpx.AsyncClient, word: str) -> None:
    for _ in range(200):
        if await status(client) == word:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{await status(client)}, not {word}")


async def test_telegram_posts_and_is_answered_when_the_reply_has_arrived(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        await is_up(client, "webhook")
        bot = make_bot(telegram_settings(api, tmp_path, webhook=PUBLIC))
        said = await set_webhook(bot, telegram_settings(api, tmp_path, webhook=PUBLIC))
        await bot.shutdown()
        assert PUBLIC in said and api.webhook.url == PUBLIC + PATH
        assert api.webhook.allowed == ["message", "edited_message", "callback_query"]
        for number in range(5):
            api.say(f"message {number}", chat=number + 1)
        api.say("hang", chat=9)
        await api.until(lambda: len(echo.heard) == 6)
        await api.until(lambda: len(api.pending) == 1)
        assert api.texts(9) == []
        echo.go.set()
        await api.until(lambda: not api.pending)
        assert [api.texts(n + 1) for n in range(5)] == [[f"echo message {n}"] for n in range(5)]
        assert api.texts(9) == ["echo hang"]
        assert "getUpdates" not in api.calls


@pytest.mark.parametrize(
    ("path", "headers", "body", "expected"),
    [
        pytest.param(PATH, {}, "{}", 403, id="no secret"),
        pytest.param(PATH, {SECRET_HEADER: "x"}, "{}", 403, id="wrong secret"),
        pytest.param(PATH, {SECRET_HEADER: b"\xff\xfe"}, "{}", 403, id="a secret that is no text"),
        pytest.param(PATH, {SECRET_HEADER: secret_of("1:x")}, "{}", 403, id="another's secret"),
        pytest.param("/webhooks/telegram/webhook", SECRET, "{}", 404, id="the stock path"),
        pytest.param("/webhooks/telegram/set_webhook", SECRET, "", 404, id="setting it"),
        pytest.param(PATH, SECRET, "no json", 200, id="no JSON"),
        pytest.param(PATH, SECRET, "[1]", 200, id="no object"),
        pytest.param(PATH, SECRET, '{"update_id": "x"}', 200, id="no id"),
        pytest.param(PATH, SECRET, '{"update_id": 1, "message": 3}', 200, id="no message"),
        pytest.param(PATH, SECRET, "x" * 1_000_001, 413, id="too large"),
    ],
)
async def test_forged_and_broken_calls(
    path: str,
    headers: Any,
    body: str,
    expected: int,
    api: BotApi,
    echo: Echo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        await is_up(client, "webhook")
        response = await client.post(path, content=body, headers=headers)
        assert response.status_code == expected
    assert echo.heard == [] and api.sent == []


async def test_a_forged_update_is_not_answered(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        await is_up(client, "webhook")
        update = {"update_id": 1, "message": api.message(1, text="hi")}
        assert (await client.post(PATH, json=update)).status_code == 403
        assert echo.heard == []


async def test_a_redelivered_update_joins_the_one_that_runs(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        await is_up(client, "webhook")
        update = {"update_id": 1, "message": api.message(1, text="hang")}

        async def post() -> int:
            return (await client.post(PATH, json=update, headers=SECRET)).status_code

        calls = [asyncio.ensure_future(post()) for _ in range(3)]
        await api.until(lambda: echo.heard)
        await asyncio.sleep(0.1)
        echo.go.set()
        assert await asyncio.gather(*calls) == [200, 200, 200]
        assert await post() == 200
        assert echo.texts == ["hang"] and api.texts(1) == ["echo hang"]


async def test_what_takes_long_is_kept_so_that_telegram_posts_more(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.webhook.HOLD", 0.1)
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        await is_up(client, "webhook")
        update = {"update_id": 1, "message": api.message(1, text="hang zebrafish")}
        assert (await client.post(PATH, json=update, headers=SECRET)).status_code == 200
        assert list(kept(tmp_path)) == [1] and api.texts(1) == []
        # Another replica leaves it alone: this one is alive.
        store = TelegramStore(telegram_settings(api, tmp_path).store_url, int(TOKEN.split(":")[0]))
        assert store.claim("another", [], quiet=60) == {}
        echo.go.set()
        await api.until(lambda: not kept(tmp_path))
        assert api.texts(1) == ["echo hang zebrafish"]
        store.close()


async def test_what_a_replica_has_left_is_taken_over(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TelegramStore(telegram_settings(api, tmp_path).store_url, int(TOKEN.split(":")[0]))
    update = {"update_id": 1, "message": api.message(1, text="hello")}
    store.begin([1])
    store.keep({1: dump(look(update, BOT))}, "another")
    store.close()
    async with serving(api, tmp_path, echo, monkeypatch):
        await api.until(lambda: api.texts(1) and not kept(tmp_path))
        assert api.texts(1) == ["echo hello"]


async def test_a_replica_that_is_alive_keeps_its_updates_and_one_that_ends_leaves_them(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000
    monkeypatch.setattr("bot.channels.telegram.store._now", lambda: now)
    monkeypatch.setattr("bot.channels.telegram.session.ALIVE_EVERY", 0.02)
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    monkeypatch.setattr("bot.channels.telegram.webhook.HOLD", 0.1)
    other = Echo()
    other.go.set()

    def says_that_it_is_alive() -> bool:
        return rows(tmp_path, "select update_id, alive from telegram_waiting") == [(1, now)]

    async with serving(api, tmp_path, other, monkeypatch):
        async with serving(api, tmp_path, echo, monkeypatch) as client:
            await is_up(client, "webhook")
            update = {"update_id": 1, "message": api.message(1, text="hang")}
            assert (await client.post(PATH, json=update, headers=SECRET)).status_code == 200
            for _ in range(10):  # Ten minutes.
                now += 60
                await api.until(says_that_it_is_alive, patience=30.0)
            assert echo.texts == ["hang"] and other.texts == []
        now += 89
        await asyncio.sleep(0.3)  # The other looks some times, and leaves it alone.
        assert other.texts == [] and api.texts(1) == []
        now += 1
        await api.until(lambda: api.texts(1) and not kept(tmp_path))
        assert other.texts == ["hang"] and api.texts(1) == ["echo hang"]


async def test_an_emergency_behind_a_full_row_of_posts_is_answered_before_them(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.webhook.HOLD", 600.0)
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        await is_up(client, "webhook")
        telegram = telegram_settings(api, tmp_path, webhook=PUBLIC)
        bot = make_bot(telegram)
        await set_webhook(bot, telegram)
        await bot.shutdown()
        crowd(api, 1, api.webhook.connections + 21)
        api.say(URGENT, chat=999)
        await api.until(lambda: api.texts(999))
        assert api.texts(999)[0].startswith(ESCALATED)
        assert api.webhook.connections == 100
        assert not any(api.texts(chat) for chat in range(1, 121))
        await api.until(lambda: len(kept(tmp_path)) + len(api.pending) == 120)


async def test_what_another_process_of_this_machine_runs_is_left_alone(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = PollLock(TOKEN, tmp_path)
    assert lock.take()
    store = TelegramStore(telegram_settings(api, tmp_path).store_url, int(TOKEN.split(":")[0]))
    hi = look({"update_id": 1, "message": api.message(1, text="hi")}, BOT)
    store.keep({1: dump(hi)}, "another")
    store.close()
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        await is_up(client, "webhook")
        api.say("two", chat=2)
        update = {"update_id": 2, "message": api.message(2, text="two")}
        assert (await client.post(PATH, json=update, headers=SECRET)).status_code == 200
        assert echo.texts == ["two"] and list(kept(tmp_path)) == [1]
    lock.release()


async def test_a_webhook_that_is_not_called_is_said(
    api: BotApi,
    echo: Echo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.channels.telegram.session.WATCH_EVERY", 0.05)
    api.webhook.url = "https://elsewhere.example.org/x"
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        await is_up(client, "webhook is not set")
        assert "another webhook is set" in caplog.text and "make telegram-webhook" in caplog.text
        api.webhook.url = PUBLIC + PATH
        await is_up(client, "webhook")
        api.webhook.fail("Connection timed out")
        api.say("hello")  # It waits at Telegram.
        await is_up(client, "webhook fails")
        assert "Telegram cannot post to the webhook: Connection timed out" in caplog.text
        api.webhook.last_error_at -= 600
        await is_up(client, "webhook")
        await api.stop()
        await is_up(client, "unreachable")
        await api.start()
        await is_up(client, "webhook")
    assert path_of(TOKEN) not in caplog.text


async def test_until_telegram_says_who_the_bot_is_updates_are_sent_again(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.slow("getMe", 30)
    async with serving(api, tmp_path, echo, monkeypatch) as client:
        assert await status(client) == "starting"
        response = await client.post(PATH, json={"update_id": 1}, headers=SECRET)
        assert response.status_code == 503


async def test_without_a_token_the_channel_is_off(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(api, tmp_path, echo, monkeypatch, token="", webhook="") as client:
        assert await status(client) == "off"
        assert (await client.post(PATH, json={}, headers=SECRET)).status_code == 404
    assert api.calls == [] and not (tmp_path / "telegram.db").exists()


async def test_polling_starts_and_stops_with_the_server(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(api, tmp_path, echo, monkeypatch, webhook="") as client:
        await is_up(client, "polling")
        api.say("hello")
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo hello"]
        assert (await client.post(PATH, json={}, headers=SECRET)).status_code == 404
    polls = api.calls.count("getUpdates")
    await asyncio.sleep(0.3)
    assert api.calls.count("getUpdates") == polls


def test_path_and_secret_follow_from_the_token_and_do_not_show_it() -> None:
    assert path_of(TOKEN) != path_of(TOKEN + "x") and secret_of(TOKEN) != secret_of(TOKEN + "x")
    assert path_of(TOKEN) not in secret_of(TOKEN)
    assert len(path_of(TOKEN)) == 40 and len(secret_of(TOKEN)) == 64
    assert not set(TOKEN.split(":")) & {path_of(TOKEN), secret_of(TOKEN)}
