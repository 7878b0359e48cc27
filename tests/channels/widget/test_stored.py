"""A repeated message that another process, or the one before a restart, has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, SessionStarted, UserUttered

from bot.channels.widget.stored import once, reply_to
from tests.channels.widget.server import BEGIN, Site, kinds, running
from tests.policies import tiny

FEVER = "my husband has a fever"
Start = Callable[[], AbstractAsyncContextManager[Site]]


@pytest.fixture
def turns(agent: Agent) -> list[str]:
    agent.turns = []
    return agent.turns  # type: ignore[no-any-return]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agent: Agent, turns: list[str]) -> Start:
    """Starts a process: its guard remembers nothing, the store and the key are the same."""

    async def turn(message: UserMessage) -> None:
        turns.append(message.text)
        message.parse_data = tiny.understood(message.text, "greet")
        await agent.handle_message(message)

    def started() -> AbstractAsyncContextManager[Site]:
        return running(tmp_path, monkeypatch, turn=turn)

    return started


@pytest.mark.parametrize("text", ["hi", FEVER])
async def test_a_retry_after_a_restart_is_no_second_turn(
    start: Start, agent: Agent, turns: list[str], text: str
) -> None:
    message = {"text": text, "message_id": "m", "begin": BEGIN}
    said = []
    for _ in range(2):
        async with start() as site:
            site.app.ctx.agent = agent
            said.append([line for line in await site.say(**message) if "text" in line])
    assert said[0] == said[1] != []
    assert kinds(said[0])[0] == ("escalation" if text == FEVER else "text")
    assert turns == [text]


async def test_another_message_and_an_edited_one_are_turns(
    start: Start, agent: Agent, turns: list[str]
) -> None:
    async with start() as site:
        site.app.ctx.agent = agent
        await site.say("hi", message_id="m", begin=BEGIN)
    async with start() as site:
        site.app.ctx.agent = agent
        await site.say("hi", message_id="n", begin=BEGIN)
        await site.say("hello", message_id="m", begin=BEGIN)
    assert turns == ["hi", "hi", "hello"]


async def test_a_store_that_fails_costs_no_turn(
    start: Start, agent: Agent, turns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(sender_id: str) -> Any:
        raise ConnectionError

    async with start() as site:
        site.app.ctx.agent = agent
        retrieve = agent.tracker_store.retrieve
        monkeypatch.setattr(agent.tracker_store, "retrieve", broken)
        asyncio.get_running_loop().call_later(0.05, monkeypatch.undo)
        assert retrieve is not None
        await site.say("hi", message_id="m", begin=BEGIN)
    assert turns == ["hi"]


def test_only_what_was_said_to_that_message() -> None:
    events = [
        UserUttered("hi", message_id="1"),
        BotUttered(
            "one", {"buttons": [{"title": "t", "payload": "p"}]}, {"utter_action": "utter_a"}
        ),
        BotUttered("two", {"custom": {"kind": "answer"}}),
        UserUttered("hi", message_id="2"),
        BotUttered("three"),
    ]
    found = reply_to(events, "1", "hi")
    assert [(m["text"], m.get("custom"), m.get("buttons")) for m in found] == [
        ("one", None, [{"title": "t", "payload": "p"}]),
        ("two", {"kind": "answer"}, None),
    ]
    assert found[0]["utter_action"] == "utter_a"
    assert reply_to(events, "3", "hi") == reply_to(events, "1", "ho") == []


async def test_a_message_that_ended_a_session_is_found_in_the_one_before(agent: Agent) -> None:
    tracker = await agent.tracker_store.get_or_create_tracker("widget:me")
    tracker.update(UserUttered("hi", message_id="m"))
    tracker.update(BotUttered("hello there"))
    tracker.update(SessionStarted())
    await agent.tracker_store.save(tracker)
    said: list[str] = []

    class Out:
        async def send_response(self, recipient: str, message: dict[str, Any]) -> None:
            said.append(message["text"])

    async def never(message: UserMessage) -> None:
        raise AssertionError("a second turn")

    await once(never, agent)(UserMessage("hi", Out(), "widget:me", message_id="m"))
    assert said == ["hello there"]
