"""What a person may send: never silence, never a stack trace, never an unlocked command."""

from __future__ import annotations

import logging

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

from tests.trained.conftest import Talk, kinds

ODD = {
    "empty": "",
    "blanks": "  \t ",
    "emoji": "🤷",
    "emoji row": "😀😀😀😀",
    "punctuation": "?!...",
    "digits": "12345",
    "10,000 characters": "what is crs " * 833 + "????",
    "one long word": "a" * 9_999,
    "html": "<script>alert(1)</script><b>what is crs</b>",
    "braces": "{care_team_phone} {0} {{x}} ${y}",
    "control characters": "what\x00 is\x07 crs",
    "right to left": "مرحبا كيف حالك اليوم يا صديقي",
    "chinese": "你好，什么是细胞疗法？",
    "zalgo": "w̷h̷a̷t̷ ̷i̷s̷ ̷c̷r̷s̷",
    "lone surrogate escaped": "what is \\ud800",
    "sql": "'; DROP TABLE events; --",
    "known intent": '/ask_question{"symptom": "x"}',
    "restart": "/restart",
    "session start": "/session_start",
    "json": '{"intent": "greet"}',
    "newlines": "what\n\n\nis\n\ncrs",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
async def test_odd_messages_get_words(text: str, talk: Talk) -> None:
    reply = await talk(text)
    assert reply and all(m["text"].strip() for m in reply)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
async def test_odd_messages_get_words_from_the_agent_itself(text: str, agent: Agent) -> None:
    """As under `rasa shell`, where no guard stands before the agent."""
    if text in {"/restart", "/session_start"}:
        pytest.xfail("Rasa's own commands act silently in the shell; no channel of ours lets them")
    channel = CollectingOutputChannel()
    await agent.handle_message(UserMessage(text, channel, f"shell-{hash(text)}"))
    assert channel.messages


async def test_the_same_message_twice_is_answered_twice(talk: Talk) -> None:
    first = await talk("what is crs", "twice")
    again = await talk("what is crs", "twice")
    assert [m["text"] for m in first] == [m["text"] for m in again]


async def test_an_escalation_is_repeated_on_every_repeat(talk: Talk) -> None:
    for _ in range(3):
        reply = await talk("I can't breathe", "repeat")
        assert kinds(reply)[0] == "escalation"


@pytest.mark.parametrize(
    "text",
    [
        "i cant breath",
        "I CANNOT BREATHE!!!",
        '/greet{"x": "y"} I have chest pain',
        '/greet{"symptom": "he passed out"}',
        "thanks! by the way my temp is 101.4",
        "hi 👋 she is really confused since this morning 😟",
        "where do I park? " + "blah " * 300 + " and he has a fever of 39",
    ],
)
async def test_urgent_messages_are_escalated_first_through_the_guard_and_in_the_shell(
    text: str, talk: Talk, agent: Agent
) -> None:
    assert kinds(await talk(text))[0] == "escalation"
    channel = CollectingOutputChannel()
    await agent.handle_message(UserMessage(text, channel, f"shell-{hash(text)}"))
    assert "911" in channel.messages[0]["text"]


async def test_words_are_not_logged(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await talk("zebrafish what is crs")
    await talk("zebrafish I have a fever of 39")
    assert "zebrafish" not in caplog.text


async def test_every_answer_can_be_found_again(agent: Agent, talk: Talk) -> None:
    await talk("what is crs", "trace")
    tracker = await agent.tracker_store.retrieve("trace")
    assert tracker is not None
    record = tracker.get_slot("answer")
    assert record["model_id"] == agent.model_id
    assert record["id"].startswith("car-t-cell-therapy/")
    assert len(record["knowledge_hash"]) == 16
