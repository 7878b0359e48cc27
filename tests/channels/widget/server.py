"""A small server with the widget's channel, Rasa's CORS and a turn of our own."""

from __future__ import annotations

import asyncio
import gzip
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.tracker_store import SQLTrackerStore
from rasa.server import configure_cors
from rasa.shared.core.domain import Domain
from sanic import Sanic

from bot.channels.guard import TurnGuard
from bot.channels.tally import EscalationTally
from bot.channels.widget.bundle import Bundle
from bot.channels.widget.channel import GuideWidgetInput
from bot.safety.quick import quick_verdict
from bot.settings import Settings, load_settings
from tests.channels.test_guard import CLINIC, escalation

LISTED = "https://www.clinic.org"
PREFIX = "/webhooks/widget"
BEGIN = "0123456789abcdef0123456789abcdef"
BUNDLE = Bundle(
    b"let guide;",
    gzip.compress(b"let guide;"),
    "sha384-abcdefghijklmnopqrstuvwxyz",
    "clinic-guide.12ab.js",
)
Lines = list[dict[str, Any]]


def sql(folder: Path) -> SQLTrackerStore:
    """Opens a store of conversations in a file."""
    return SQLTrackerStore(Domain.empty(), dialect="sqlite", db=str(folder / "conversations.db"))


def settings_in(folder: Path, **changes: Any) -> Settings:
    limits = {"escalation_deadline": 0.3, "turn_timeout": 2.0, "cors": (LISTED,), **changes}
    return replace(load_settings({}), data_dir=folder, **limits)


class Turns:
    """Counts turns; hangs on "hang" until let go, escalates and answers on a fever, else answers."""

    def __init__(self) -> None:
        self.senders: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self, message: UserMessage) -> None:
        self.senders.append(message.sender_id)
        if "hang" in message.text:
            await self.go.wait()
        if "silent" in message.text:
            return
        out = message.output_channel
        if "fever" in message.text:
            await out.send_response(message.sender_id, escalation())
        answer = {"text": f"answer {len(self.senders)}", "custom": {"v": 1, "kind": "answer"}}
        await out.send_response(message.sender_id, answer)


class Site:
    """The server, and a browser on one of the clinic's pages."""

    def __init__(self, http: httpx.AsyncClient, app: Sanic, turns: Turns) -> None:
        self.http, self.app, self.turns = http, app, turns

    async def post(
        self, path: str, body: Any, origin: str | None = LISTED, **headers: str
    ) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {**({"Origin": origin} if origin else {}), **headers}
        return await self.http.post(PREFIX + path, content=content, headers=sent)

    async def say(self, text: str, **fields: Any) -> Lines:
        return lines(await self.post("/messages", {"v": 1, "text": text, **fields}))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(PREFIX + path, headers=headers)


def lines(response: httpx.Response) -> Lines:
    return [json.loads(line) for line in response.text.splitlines()]


def kinds(said: Lines) -> list[str]:
    return [line["custom"]["kind"] for line in said]


@asynccontextmanager
async def running(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    turn: Callable[[UserMessage], Any] | None = None,
    **changes: Any,
) -> AsyncIterator[Site]:
    monkeypatch.setattr(Sanic, "test_mode", True)  # Several servers in one process.
    quick_verdict("")
    settings, turns = settings_in(folder, **changes), Turns()
    guard = TurnGuard(settings, CLINIC, EscalationTally())
    channel = GuideWidgetInput(settings, CLINIC, guard=guard, bundle=BUNDLE)
    app = Sanic(f"guide_{uuid.uuid4().hex}")
    configure_cors(app, list(settings.cors))
    app.blueprint(channel.blueprint(turn or turns), url_prefix=PREFIX)
    server = await app.create_server(host="127.0.0.1", port=0, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    await server.before_start()  # Where Rasa's CORS begins to work.
    port = server.server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
        yield Site(http, app, turns)
    server.close()
    await server.wait_closed()
