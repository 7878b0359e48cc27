"""Both channels over HTTP, in a small Sanic server with a turn of our own."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sanic import Sanic

from bot import condition
from bot.channels.guard import TurnGuard
from bot.channels.health import HealthInput
from bot.channels.rest import GuideRestInput
from bot.channels.tally import EscalationTally
from bot.safety.quick import quick_verdict
from bot.settings import load_settings
from tests.channels.test_guard import CLINIC
from tests.channels.widget.server import Turns

URGENT, CRISIS = "my husband has a fever of 39", "I want to kill myself"


@pytest.fixture
async def turns() -> Turns:
    return Turns()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Sanic:
    monkeypatch.setattr(Sanic, "test_mode", True)  # Several servers in one process.
    return Sanic(f"guide_{uuid.uuid4().hex}")


@pytest.fixture
async def client(app: Sanic, turns: Turns) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app, turns, turn_timeout=600.0) as http:
        yield http


@asynccontextmanager
async def serving(
    app: Sanic, turns: Turns, *, turn_timeout: float
) -> AsyncIterator[httpx.AsyncClient]:
    quick_verdict("")
    settings = replace(load_settings({}), escalation_deadline=0.3, turn_timeout=turn_timeout)
    tally = EscalationTally()
    for channel in (GuideRestInput(TurnGuard(settings, CLINIC, tally)), HealthInput(tally)):
        prefix = "/webhooks/rest" if channel.name() == "rest" else channel.url_prefix()
        app.blueprint(channel.blueprint(turns), url_prefix=prefix)
    server = await app.create_server(host="127.0.0.1", port=0, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    port = server.server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        yield http
    server.close()
    await server.wait_closed()


async def post(client: httpx.AsyncClient, text: str, **fields: Any) -> list[dict[str, Any]]:
    body = {"sender": "giraffe", "message": text, **fields}
    return list((await client.post("/webhooks/rest/webhook", json=body)).json())


def kinds(said: list[dict[str, Any]]) -> list[str]:
    return [m["custom"]["kind"] for m in said]


async def test_a_reply_is_returned_whole(client: httpx.AsyncClient) -> None:
    assert kinds(await post(client, URGENT)) == ["escalation", "answer"]
    assert kinds(await post(client, "hi")) == ["answer"]


async def test_an_escalation_leaves_although_the_turn_hangs(client: httpx.AsyncClient) -> None:
    said = await post(client, URGENT + ", and please hang")
    assert kinds(said) == ["escalation"]
    assert [p["href"] for p in said[0]["custom"]["phones"]][-1] == "tel:911"


async def test_a_crisis_is_the_whole_reply(client: httpx.AsyncClient) -> None:
    said = await post(client, CRISIS)
    assert [m["custom"]["level"] for m in said] == ["crisis"]


@pytest.mark.parametrize("text", [URGENT, URGENT + ", hang"])
async def test_a_stream_begins_with_the_escalation(
    client: httpx.AsyncClient, turns: Turns, text: str
) -> None:
    heard = []
    async for kind in streamed(client, text):
        heard.append(kind)
        turns.go.set()  # A turn that hangs goes on once the escalation has arrived.
    assert heard[:2] == ["escalation", "answer"]


async def test_a_stream_whose_turn_is_given_up_ends_with_an_apology(
    app: Sanic, turns: Turns
) -> None:
    async with serving(app, turns, turn_timeout=1.0) as client:
        heard = [kind async for kind in streamed(client, URGENT + ", hang")]
    assert heard[:2] == ["escalation", "error"]


async def streamed(client: httpx.AsyncClient, text: str) -> AsyncIterator[str]:
    body = {"sender": "a", "message": text}
    async with client.stream("POST", "/webhooks/rest/webhook?stream=true", json=body) as response:
        async for line in response.aiter_lines():
            yield json.loads(line)["custom"]["kind"]


async def test_an_edited_message_under_the_same_id_is_read(client: httpx.AsyncClient) -> None:
    assert kinds(await post(client, "hi", message_id="1")) == ["answer"]
    assert kinds(await post(client, URGENT, message_id="1")) == ["escalation", "answer"]


async def test_escalations_are_counted_for_this_machine_only(client: httpx.AsyncClient) -> None:
    await post(client, URGENT)
    await post(client, CRISIS)
    await post(client, "hi")
    found = (await client.get("/health/escalations")).json()
    assert found["total"] == 2
    assert {(c["channel"], c["level"], c["family"]) for c in found["counts"]} == {
        ("rest", "urgent", "chest"),
        ("rest", "crisis", "self_harm"),
    }
    assert "giraffe" not in json.dumps(found)
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        refused = await client.get("/health/escalations", headers={header: "for=203.0.113.9"})
        assert refused.status_code == 403
        assert "counts" not in refused.json()


async def test_the_other_health_routes(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/live")).json() == {"status": "alive"}
    ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert "make train" in ready.json()["why"]


class Loaded:
    """An agent with a model."""

    model_id = "m"

    def is_ready(self) -> bool:
        return True


async def test_a_model_that_lacks_a_part_serves_and_is_not_ready(
    client: httpx.AsyncClient, app: Sanic
) -> None:
    app.ctx.agent = Loaded()
    try:
        assert (await client.get("/health/ready")).json() == {"status": "ready", "model": "m"}
        condition.fails("The sentence encoder", "only patterns")
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert "The sentence encoder could not be loaded: only patterns." in ready.json()["why"]
        assert kinds(await post(client, URGENT))[0] == "escalation"
        condition.works("The sentence encoder")
        assert (await client.get("/health/ready")).status_code == 200
    finally:
        condition.works("The sentence encoder")
        del app.ctx.agent


URL = "/webhooks/rest/webhook"


async def test_a_body_beyond_the_limit_is_declined_and_still_escalates(
    client: httpx.AsyncClient,
) -> None:
    # 6 bytes for each of 10,000 characters, and 2048: one byte more is too long.
    room = 6 * 10_000 + 2048
    start = b'{"message": "he cannot breathe ' + b"x " * 15_000
    refused = await client.post(URL, content=start + b" " * (room + 1 - len(start)))
    assert refused.status_code == 413
    assert kinds(refused.json()) == ["escalation", "error"]
    assert "too long" in refused.json()[1]["text"]
    whole = start + b'"}'
    taken = await client.post(URL, content=whole + b" " * (room - len(whole)))
    assert taken.status_code == 200
    assert kinds(taken.json()) == ["escalation", "error"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 20_000, b"null"])
async def test_a_body_that_cannot_be_read_is_refused_with_an_example(
    client: httpx.AsyncClient, body: bytes
) -> None:
    refused = await client.post(URL, content=body)
    assert refused.status_code == 400
    assert '"message"' in refused.json()["error"]
