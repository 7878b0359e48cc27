"""The guard around a turn: escalate first, refuse with words, never be silent, never leak."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage

from bot import contract
from bot.channels.guard import Incoming, TurnGuard, clean
from bot.clinic import Clinic, Site
from bot.settings import Settings, load_settings

SITE = Site(
    name="Northside",
    care_team_phone="+1 212 555 7000",
    after_hours_phone="+1 212 555 7001",
    emergency_number="911",
    crisis_line="988",
    hours="always",
)
SOUTH = SITE.copy(update={"care_team_phone": "+1 212 555 8000"})
CLINIC = Clinic(default_site="north", sites={"north": SITE, "south": SOUTH})
URGENT = "my husband has a fever of 39 and chills"
PLAIN = "what happens on infusion day?"

Turn = Callable[[UserMessage], Awaitable[Any]]


def quick(**changes: Any) -> Settings:
    return replace(load_settings({}), escalation_deadline=0.05, turn_timeout=0.3, **changes)


def incoming(text: str, **fields: Any) -> Incoming:
    return Incoming(
        **{"text": text, "sender": "rest:a", "recipient": "a", "channel": "rest", **fields}
    )


async def reply(guard: TurnGuard, message: Incoming, turn: Turn) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []

    async def deliver(out: dict[str, Any]) -> None:
        said.append(out)

    await guard.handle(message, turn, deliver)
    return said


def kinds(said: list[dict[str, Any]]) -> list[str]:
    return [m.get("custom", {}).get("kind", "text") for m in said]


async def speak(message: UserMessage) -> None:
    await message.output_channel.send_response(message.sender_id, {"text": "words of the turn"})


async def escalate_and_speak(message: UserMessage) -> None:
    await message.output_channel.send_response(
        message.sender_id,
        {
            "text": "the turn's own escalation",
            "utter_action": contract.UTTER_ESCALATION,
            "custom": {"kind": "escalation"},
        },
    )
    await speak(message)


async def slow_escalation(message: UserMessage) -> None:
    await asyncio.sleep(0.1)  # Longer than the deadline of 0.05 s, shorter than the turn's 0.3 s.
    await escalate_and_speak(message)


async def silent(message: UserMessage) -> None:
    return None


async def broken(message: UserMessage) -> None:
    raise RuntimeError(f"cannot handle {message.text}")


async def hanging(message: UserMessage) -> None:
    await asyncio.sleep(30)


async def test_words_of_the_turn_are_delivered_to_the_recipient() -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(PLAIN), speak)
    assert said == [{"recipient_id": "a", "text": "words of the turn"}]


@pytest.mark.parametrize("turn", [silent, broken, hanging])
async def test_no_turn_ends_without_words_and_a_number(turn: Turn) -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(PLAIN), turn)
    assert kinds(said) == ["error"]
    assert "+1 212 555 7000" in said[0]["text"]
    assert "911" in said[0]["text"]


@pytest.mark.parametrize("turn", [broken, hanging])
async def test_escalation_goes_out_although_the_turn_fails(turn: Turn) -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(URGENT), turn)
    assert kinds(said) == ["escalation", "error"]


async def test_escalation_alone_is_a_whole_reply() -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(URGENT), silent)
    assert kinds(said) == ["escalation"]


async def test_the_turns_own_escalation_is_not_repeated() -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(URGENT), escalate_and_speak)
    assert [m["text"] for m in said] == ["the turn's own escalation", "words of the turn"]


async def test_after_the_deadline_the_channel_escalates_and_the_turns_copy_is_dropped() -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(URGENT), slow_escalation)
    assert kinds(said) == ["escalation", "text"]
    assert "the turn's own escalation" not in [m["text"] for m in said]


async def test_escalation_names_the_phones_of_the_site() -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(URGENT, site="south"), silent)
    assert "+1 212 555 8000" in said[0]["text"]
    hrefs = [p["href"] for p in said[0]["custom"]["phones"]]
    assert "tel:+12125558000" in hrefs and "tel:911" in hrefs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "empty message", id="empty"),
        pytest.param(" \t\n ", "empty message", id="whitespace"),
        pytest.param("\x00\x01", "empty message", id="control characters"),
        pytest.param("///", "empty message", id="slashes only"),
        pytest.param("x" * 101, "too long", id="one character too long"),
    ],
)
async def test_refusals_say_what_to_do(text: str, expected: str) -> None:
    said = await reply(TurnGuard(quick(max_characters=100), CLINIC), incoming(text), speak)
    assert len(said) == 1
    assert expected in said[0]["text"]


async def test_exactly_the_longest_message_is_taken() -> None:
    said = await reply(TurnGuard(quick(max_characters=100), CLINIC), incoming("x" * 100), speak)
    assert [m["text"] for m in said] == ["words of the turn"]


async def test_a_refused_message_still_escalates_first() -> None:
    text = URGENT + " and then " + "bla " * 100
    said = await reply(TurnGuard(quick(max_characters=100), CLINIC), incoming(text), speak)
    assert kinds(said)[0] == "escalation"
    assert "too long" in said[1]["text"]


async def test_the_message_past_the_rate_is_asked_to_wait_and_escalates() -> None:
    guard = TurnGuard(quick(rate_per_minute=2), CLINIC)
    for _ in range(2):
        assert (await reply(guard, incoming(PLAIN), speak))[0]["text"] == "words of the turn"
    assert "faster" in (await reply(guard, incoming(PLAIN), speak))[0]["text"]
    assert kinds(await reply(guard, incoming(URGENT), speak))[0] == "escalation"
    other = await reply(guard, incoming(PLAIN, sender="rest:b"), speak)
    assert other[0]["text"] == "words of the turn"


async def test_a_repeated_message_id_replays_the_reply_without_a_second_turn() -> None:
    turns = []

    async def counted(message: UserMessage) -> None:
        turns.append(message.text)
        await speak(message)

    guard = TurnGuard(quick(), CLINIC)
    first = await reply(guard, incoming(PLAIN, message_id="7"), counted)
    again = await reply(guard, incoming(PLAIN, message_id="7"), counted)
    assert first == again
    assert turns == [PLAIN]


async def test_a_repeat_that_overtakes_waits_for_the_reply() -> None:
    turns = []

    async def slow(message: UserMessage) -> None:
        turns.append(message.text)
        await asyncio.sleep(0.05)
        await speak(message)

    guard = TurnGuard(quick(), CLINIC)
    both = await asyncio.gather(
        reply(guard, incoming(PLAIN, message_id="7"), slow),
        reply(guard, incoming(PLAIN, message_id="7"), slow),
    )
    assert both[0] == both[1] != []
    assert len(turns) == 1


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ('/greet{"symptom": "x"}', 'greet{"symptom": "x"}'),
        ("  /restart", "restart"),
        ("//stop", "stop"),
        ("/ /greet", "greet"),
        ("24/7?", "24/7?"),
        ("a\x00b\nc\td", "a b\nc\td"),
    ],
)
async def test_typed_text_never_reaches_rasa_as_a_command(typed: str, seen: str) -> None:
    texts = []

    async def record(message: UserMessage) -> None:
        texts.append(message.text)
        await speak(message)

    await reply(TurnGuard(quick(), CLINIC), incoming(typed), record)
    assert texts == [seen]


@given(st.text(max_size=200))
def test_clean_text_is_no_command_and_cleaning_twice_is_cleaning_once(text: str) -> None:
    cleaned = clean(text)
    assert not cleaned.startswith("/")
    assert clean(cleaned) == cleaned


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=120))
def test_no_text_makes_the_guard_raise_or_fall_silent(text: str) -> None:
    said = asyncio.run(reply(TurnGuard(quick(), CLINIC), incoming(text), broken))
    assert said and all(m["text"] for m in said)


@pytest.mark.parametrize("turn", [broken, hanging, speak])
async def test_the_persons_words_are_not_logged(
    turn: Turn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await reply(TurnGuard(quick(), CLINIC), incoming("zebrafish " + URGENT), turn)
    assert "zebrafish" not in caplog.text


async def test_without_a_clinic_file_the_emergency_number_is_given() -> None:
    said = await reply(TurnGuard(quick(), None), incoming(URGENT), broken)
    assert kinds(said) == ["escalation", "error"]
    assert all("911" in m["text"] for m in said)
