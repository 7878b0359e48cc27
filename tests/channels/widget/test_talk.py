"""Messages over HTTP: conversations, repeats, refusals, and the escalation before all of them."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from bot.settings import load_settings
from tests.channels.widget.server import BEGIN, LISTED, PREFIX, Site, kinds, lines, running

URGENT = "my husband has a fever of 39"
CRISIS = "I want to kill myself"


async def test_a_first_message_begins_a_conversation_that_the_next_one_continues(
    site: Site,
) -> None:
    first = await site.say("hi")
    assert kinds(first) == ["conversation", "answer", "end"]
    token = first[0]["custom"]["conversation"]
    assert first[0]["custom"]["expires"] > time.time()
    assert kinds(await site.say("more", conversation=token)) == ["answer", "end"]
    assert len(site.turns.senders) == 2
    assert len(set(site.turns.senders)) == 1
    assert site.turns.senders[0].startswith("widget:")


async def test_no_line_names_the_conversation_in_rasa(site: Site) -> None:
    token = (await site.say("hi"))[0]["custom"]["conversation"]
    said = await site.say(URGENT, conversation=token)
    assert token.split(".")[0] not in json.dumps(said)


@pytest.mark.parametrize("token", ["made.1.up", "", "x" * 500])
async def test_a_conversation_that_was_not_issued_here_is_a_new_one(site: Site, token: str) -> None:
    assert kinds(await site.say("hi", conversation=token))[0] == "conversation"


async def test_an_ended_conversation_is_followed_by_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, monkeypatch, widget_hours=0.0) as site:
        token = (await site.say("hi"))[0]["custom"]["conversation"]
        assert kinds(await site.say("hi", conversation=token))[0] == "conversation"
    assert len(set(site.turns.senders)) == 2


async def test_an_ended_conversation_is_not_continued_by_the_same_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, monkeypatch, widget_hours=0.0) as site:
        token = (await site.say("hi", begin=BEGIN, message_id="1"))[0]["custom"]["conversation"]
        after = {"conversation": token, "begin": BEGIN}
        await site.say("ho", **after, message_id="2")
        await site.say("ho", **after, message_id="2")  # A retry, and one that was sent beside it.
        await site.say("hu", **after, message_id="3")
    first, *followers = site.turns.senders
    assert len(followers) == 2
    assert len(set(followers)) == 1 and first not in followers


async def test_a_stream_begins_with_the_escalation_and_says_when_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    body = json.dumps({"text": URGENT + ", please hang"})
    async with (
        running(tmp_path, monkeypatch, turn_timeout=600.0) as site,
        site.http.stream("POST", PREFIX + "/messages", content=body) as response,
    ):
        assert response.headers["content-type"].startswith("application/x-ndjson")
        async for line in response.aiter_lines():
            heard.append(json.loads(line)["custom"]["kind"])
            if heard[-1] == "escalation":
                site.turns.go.set()  # The turn that hangs goes on once this has arrived.
    assert heard == ["conversation", "escalation", "answer", "end"]


async def test_a_turn_that_is_given_up_ends_with_an_apology_after_the_escalation(
    site: Site,
) -> None:
    said = await site.say(URGENT + ", please hang")
    assert kinds(said) == ["conversation", "escalation", "error", "end"]


async def test_a_crisis_is_the_whole_reply(site: Site) -> None:
    assert kinds(await site.say(CRISIS)) == ["conversation", "escalation", "end"]


async def test_a_silent_turn_becomes_an_apology_with_the_numbers(site: Site) -> None:
    said = await site.say("silent")
    assert kinds(said) == ["conversation", "error", "end"]
    assert {"tel:911", "tel:+12125557000"} <= {p["href"] for p in said[1]["custom"]["phones"]}


async def test_a_repeated_message_is_one_turn(site: Site) -> None:
    token = (await site.say("hi"))[0]["custom"]["conversation"]
    first = await site.say("what is crs?", conversation=token, message_id="m")
    assert await site.say("what is crs?", conversation=token, message_id="m") == first
    assert len(site.turns.senders) == 2


async def test_a_repeated_first_message_is_one_turn_in_one_conversation(site: Site) -> None:
    """Its reply was lost, so the browser knows no conversation yet; or only that line arrived."""
    first = await site.say("hi", message_id="m", begin=BEGIN)
    again = await site.say("hi", message_id="m", begin=BEGIN)
    token = first[0]["custom"]["conversation"]
    continued = await site.say("hi", message_id="m", begin=BEGIN, conversation=token)
    assert first[1:] == again[1:] == continued
    assert len(site.turns.senders) == 1


async def test_who_guesses_a_message_id_gets_nobodys_conversation(site: Site) -> None:
    await site.say("hi", message_id="1", begin=BEGIN)
    await site.say("hi", message_id="1")
    await site.say("hi", message_id="1")
    assert len(set(site.turns.senders)) == 3


async def test_two_messages_at_once_begin_one_conversation(site: Site) -> None:
    await asyncio.gather(
        site.say("hi", message_id="1", begin=BEGIN),
        site.say("ho", message_id="2", begin=BEGIN),
    )
    assert len(site.turns.senders) == 2
    assert len(set(site.turns.senders)) == 1


async def test_a_reply_is_finished_although_the_browser_has_gone(site: Site) -> None:
    body = json.dumps({"text": URGENT + ", hang", "message_id": "m", "begin": BEGIN})
    async with site.http.stream("POST", PREFIX + "/messages", content=body) as response:
        async for _ in response.aiter_lines():
            break  # Closes the connection after the first line.
    said = await site.say(URGENT + ", hang", message_id="m", begin=BEGIN)
    assert kinds(said) == ["conversation", "escalation", "error", "end"]
    assert len(site.turns.senders) == 1


async def test_typed_commands_reach_rasa_as_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = []

    async def turn(message: Any) -> None:
        texts.append(message.text)

    async with running(tmp_path, monkeypatch, turn=turn) as site:
        await site.say("/restart")
        await site.say('/greet{"site": "x"}')
    assert texts == ["restart", 'greet{"site": "x"}']


async def test_too_many_messages_are_refused_with_the_time_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, monkeypatch, rate_per_minute=2) as site:
        first = await site.say("hi", message_id="1")
        token = first[0]["custom"]["conversation"]
        await site.say("hi", conversation=token, message_id="2")
        refused = await site.post(
            "/messages", {"text": "hi", "conversation": token, "message_id": "3"}
        )
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        said = lines(refused)
        assert kinds(said) == ["error", "end"]
        assert "faster" in said[0]["text"]
        assert said[1]["custom"]["retry_after"] == int(refused.headers["retry-after"])
        repeat = await site.say("hi", conversation=token, message_id="2")
        assert kinds(repeat) == ["answer", "end"]
        urgent = await site.post("/messages", {"text": URGENT, "conversation": token})
        assert urgent.status_code == 429
        assert kinds(lines(urgent)) == ["escalation", "error", "end"]


async def test_too_many_beginnings_from_one_address_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, monkeypatch, widget_starts_per_minute=1) as site:
        first = {"message_id": "m", "begin": BEGIN}
        token = (await site.say("hi", **first))[0]["custom"]["conversation"]
        # Its reply was lost: the same beginning, not another one.
        assert kinds(await site.say("hi", **first)) == ["conversation", "answer", "end"]
        refused = await site.post("/messages", {"text": URGENT})
        assert refused.status_code == 429
        assert kinds(lines(refused)) == ["escalation", "error", "end"]
        assert kinds(await site.say("hi", conversation=token)) == ["answer", "end"]


async def test_behind_a_proxy_each_address_has_beginnings_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, monkeypatch, widget_starts_per_minute=1) as site:
        site.app.config.PROXIES_COUNT = 1  # SANIC_PROXIES_COUNT
        # The proxy appends what it sees to what a browser claims.
        for address, status in (
            ("203.0.113.7", 200),
            ("1.1.1.1, 203.0.113.7", 429),
            ("203.0.113.8", 200),
        ):
            answered = await site.post("/messages", {"text": "hi"}, **{"X-Forwarded-For": address})
            assert answered.status_code == status


@pytest.mark.parametrize("text", ["hello", URGENT])
async def test_a_page_that_is_not_listed_is_refused_after_the_escalation(
    site: Site, text: str
) -> None:
    refused = await site.post("/messages", {"text": text}, origin="https://evil.example")
    assert refused.status_code == 403
    said = lines(refused)
    assert kinds(said) == (["escalation"] if text == URGENT else []) + ["error", "end"]
    assert "GUIDE_CORS" in said[-1]["custom"]["why"]
    assert refused.headers["access-control-allow-origin"] == "https://evil.example"
    assert "access-control-allow-credentials" not in refused.headers
    assert site.turns.senders == []


@pytest.mark.parametrize("origin", [LISTED, None])
async def test_a_listed_page_is_answered(site: Site, origin: str | None) -> None:
    answered = await site.post("/messages", {"text": "hi"}, origin=origin)
    assert answered.status_code == 200
    if origin:
        assert answered.headers.get_list("access-control-allow-origin") == [origin]
    assert answered.headers["cache-control"] == "no-store"
    assert answered.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("written", [f"{LISTED}/", LISTED.upper(), f"{LISTED}:443"])
async def test_a_page_listed_in_other_letters_can_read_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """Rasa's CORS compares letter by letter: without the header a browser hides the reply."""
    cors = load_settings({"GUIDE_CORS": written}).cors
    async with running(tmp_path, monkeypatch, cors=cors) as site:
        answered = await site.post("/messages", {"text": URGENT})
        assert answered.status_code == 200
        assert answered.headers.get_list("access-control-allow-origin") == [LISTED]
        told = await site.get("/settings", Origin=LISTED)
        assert told.headers.get_list("access-control-allow-origin") == [LISTED]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"not json: he cannot breathe", 400, id="no JSON"),
        pytest.param(b'{"text": "he cannot breathe"', 400, id="cut off"),
        pytest.param(b'{"text": ["he cannot breathe"]}', 400, id="text in a list"),
        pytest.param(b'{"v": 9, "text": "he cannot breathe"}', 400, id="another version"),
        pytest.param(
            json.dumps({"text": "he cannot breathe " + "x" * 63_000}).encode(), 413, id="too long"
        ),
        pytest.param(
            json.dumps({"text": "x " * 35_000 + " he cannot breathe"}).encode(),
            413,
            id="at the end",
        ),
        pytest.param(
            json.dumps({"text": "x" * 10_001 + " he cannot breathe"}).encode(), 200, id="long text"
        ),
    ],
)
async def test_no_refusal_comes_before_the_escalation(site: Site, body: bytes, status: int) -> None:
    refused = await site.post("/messages", body)
    assert refused.status_code == status
    said = [line for line in lines(refused) if line["custom"]["kind"] != "conversation"]
    assert kinds(said) == ["escalation", "error", "end"]
    assert site.turns.senders == []


@pytest.mark.parametrize("size", [62_048 + 1, 500_000])
async def test_a_body_past_the_limit_is_refused_with_words(site: Site, size: int) -> None:
    refused = await site.post("/messages", b" " * size)
    assert refused.status_code == 413
    assert "too long" in lines(refused)[0]["text"]


async def test_a_body_of_the_limit_is_read(site: Site) -> None:
    body = json.dumps({"text": "hi"}).encode()
    taken = await site.post("/messages", body + b" " * (62_048 - len(body)))
    assert taken.status_code == 200


async def test_what_was_wrong_is_said_to_the_developer(site: Site) -> None:
    said = lines(await site.post("/messages", b'{"text": 7}'))
    assert said[-1]["custom"]["why"] == "'text' must be a text."


async def test_the_site_of_a_message_gives_its_numbers(site: Site) -> None:
    said = await site.say("silent", site="south")
    assert "tel:+12125558000" in {p["href"] for p in said[1]["custom"]["phones"]}
