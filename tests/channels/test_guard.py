"""The guard around a turn: escalate first, refuse with words, never be silent, never leak."""

from __future__ import annotations

import asyncio
import logging
import threading
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
from bot.safety import Verdict
from bot.safety.quick import quick_verdict
from bot.settings import Settings, load_settings
from tests.policies.urgent import dressed

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
CRISIS = "I want to kill myself"
PLAIN = "what happens on infusion day?"

Turn = Callable[[UserMessage], Awaitable[Any]]


def quick(**changes: Any) -> Settings:
    return replace(
        load_settings({}), **{"escalation_deadline": 0.05, "turn_timeout": 0.3, **changes}
    )


@pytest.fixture(scope="module", autouse=True)
def patterns() -> None:
    """Loads the patterns before any clock runs."""
    quick_verdict("")


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


def escalation(level: str = "urgent") -> dict[str, Any]:
    """The turn's own escalation, as the bot's replies are rendered."""
    return {
        "text": "the turn's own escalation",
        "utter_action": contract.UTTER_ESCALATION,
        "custom": {"kind": "escalation", "level": level, "families": ["chest"]},
    }


async def stop(guard: TurnGuard) -> None:
    """Ends the turns that go on after their reply was returned."""
    for task in list(guard._running):
        task.cancel()
    await asyncio.sleep(0)


async def speak(message: UserMessage) -> None:
    await message.output_channel.send_response(message.sender_id, {"text": "words of the turn"})


async def escalate_and_speak(message: UserMessage) -> None:
    await message.output_channel.send_response(message.sender_id, escalation())
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


async def test_words_of_a_turn_that_did_not_escalate_come_after_the_escalation() -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(URGENT), speak)
    assert kinds(said) == ["escalation", "text"]
    assert said[1]["text"] == "words of the turn"


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


@pytest.mark.parametrize("turn", [speak, silent, broken, hanging, escalate_and_speak])
async def test_nothing_follows_a_crisis(turn: Turn) -> None:
    said = await reply(TurnGuard(quick(), CLINIC), incoming(CRISIS), turn)
    assert [m["custom"].get("level") for m in said] == ["crisis"]
    assert "buttons" not in said[0]


@pytest.mark.parametrize("limits", [{"max_characters": 5}, {"rate_per_minute": 0}])
async def test_no_refusal_follows_a_crisis(limits: dict[str, int]) -> None:
    said = await reply(TurnGuard(quick(**limits), CLINIC), incoming(CRISIS), speak)
    assert [m["custom"]["level"] for m in said] == ["crisis"]


async def test_a_crisis_that_only_the_graph_saw_is_said_although_an_escalation_was() -> None:
    async def late_crisis(message: UserMessage) -> None:
        await asyncio.sleep(0.1)
        await message.output_channel.send_response(message.sender_id, escalation("crisis"))
        await speak(message)

    said = await reply(TurnGuard(quick(), CLINIC), incoming(URGENT), late_crisis)
    assert [m["custom"]["level"] for m in said] == ["urgent", "crisis"]


async def test_an_escalation_that_did_not_arrive_is_sent_again() -> None:
    said: list[dict[str, Any]] = []
    refused = [ConnectionError("reset by peer")]

    async def deliver(message: dict[str, Any]) -> None:
        if refused:
            raise refused.pop()
        said.append(message)

    await TurnGuard(quick(), CLINIC).handle(incoming(URGENT), escalate_and_speak, deliver)
    assert kinds(said)[0] == "escalation"


async def test_a_slow_delivery_is_not_overtaken() -> None:
    said: list[dict[str, Any]] = []

    async def slow_at_first(message: dict[str, Any]) -> None:
        await asyncio.sleep(0 if said else 0.1)  # Longer than the deadline of 0.05 s.
        said.append(message)

    await TurnGuard(quick(), CLINIC).handle(incoming(URGENT), escalate_and_speak, slow_at_first)
    assert kinds(said) == ["escalation", "text"]


async def test_the_message_past_the_rate_is_refused_and_escalates() -> None:
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


async def test_an_edited_message_is_a_turn_of_its_own() -> None:
    guard = TurnGuard(quick(), CLINIC)
    assert kinds(await reply(guard, incoming(PLAIN, message_id="7"), speak)) == ["text"]
    edited = await reply(guard, incoming(PLAIN + " " + URGENT, message_id="7"), speak)
    assert kinds(edited) == ["escalation", "text"]


async def test_the_same_id_of_another_person_is_another_message() -> None:
    guard = TurnGuard(quick(), CLINIC)
    await reply(guard, incoming(PLAIN, message_id="7"), silent)
    said = await reply(guard, incoming(PLAIN, message_id="7", sender="rest:b"), speak)
    assert said[0]["text"] == "words of the turn"


async def test_a_repeat_hears_the_escalation_although_the_first_turn_still_hangs() -> None:
    guard = TurnGuard(quick(turn_timeout=2.0), CLINIC)
    first = asyncio.ensure_future(reply(guard, incoming(URGENT, message_id="7"), hanging))
    await asyncio.sleep(0.1)  # Past the deadline of 0.05 s, long before the turn's end.
    first_was_done: list[bool] = []
    heard: list[dict[str, Any]] = []

    async def deliver(message: dict[str, Any]) -> None:
        heard.append(message)
        first_was_done.append(first.done())

    await guard.handle(incoming(URGENT, message_id="7"), hanging, deliver)
    assert kinds(heard) == ["escalation", "error"]
    assert first_was_done[0] is False
    assert heard == await first


async def test_after_a_turn_that_was_cut_off_a_repeat_is_a_turn_of_its_own() -> None:
    guard = TurnGuard(quick(), CLINIC)
    first = asyncio.ensure_future(reply(guard, incoming(PLAIN, message_id="7"), hanging))
    await asyncio.sleep(0.01)
    waiting = asyncio.ensure_future(reply(guard, incoming(PLAIN, message_id="7"), speak))
    await asyncio.sleep(0.01)
    first.cancel()
    assert (await waiting)[0]["text"] == "words of the turn"
    later = await reply(guard, incoming(PLAIN, message_id="7"), speak)
    assert later[0]["text"] == "words of the turn"


async def test_a_channel_that_answers_once_does_not_keep_the_escalation_waiting() -> None:
    guard = TurnGuard(quick(turn_timeout=30), CLINIC)
    said = await asyncio.wait_for(guard.reply(incoming(URGENT), hanging), 20)
    assert kinds(said) == ["escalation"]
    await stop(guard)


async def test_a_channel_that_answers_once_hears_the_rest_with_the_same_id() -> None:
    guard = TurnGuard(quick(turn_timeout=5), CLINIC)

    async def escalate_and_speak_later(message: UserMessage) -> None:
        await asyncio.sleep(0.2)
        await escalate_and_speak(message)

    urgent = incoming(URGENT, message_id="7")
    assert kinds(await guard.reply(urgent, escalate_and_speak_later)) == ["escalation"]
    await asyncio.sleep(0.3)
    assert kinds(await guard.reply(urgent, broken)) == ["escalation", "text"]


async def test_a_channel_that_answers_once_waits_for_the_whole_of_other_replies() -> None:
    async def slow(message: UserMessage) -> None:
        await asyncio.sleep(0.1)
        await speak(message)

    said = await TurnGuard(quick(turn_timeout=20), CLINIC).reply(incoming(PLAIN), slow)
    assert said[0]["text"] == "words of the turn"
    urgent = await TurnGuard(quick(), CLINIC).reply(incoming(URGENT), escalate_and_speak)
    assert kinds(urgent) == ["escalation", "text"]


async def test_an_urgent_message_is_answered_while_another_turn_of_the_person_hangs() -> None:
    guard, lock = TurnGuard(quick(), CLINIC), asyncio.Lock()

    async def one_at_a_time(message: UserMessage) -> None:
        async with lock:  # As Rasa's lock store does.
            await asyncio.sleep(10)

    first = asyncio.ensure_future(reply(guard, incoming(PLAIN), one_at_a_time))
    await asyncio.sleep(0.01)
    assert kinds(await guard.reply(incoming(URGENT), one_at_a_time)) == ["escalation"]
    assert kinds(await first) == ["error"]
    await stop(guard)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"channel": "telegram", "metadata": {"kind": "caption"}}, id="caption"),
        pytest.param({"channel": "telegram", "metadata": {"kind": "edited"}}, id="edited"),
        pytest.param({"channel": "widget", "message_id": "1"}, id="widget"),
        pytest.param({"site": "nowhere"}, id="unknown site"),
        pytest.param({"text": "/" + URGENT}, id="slash"),
        pytest.param({"text": '/greet{"symptom": "' + URGENT + '"}'}, id="command"),
        pytest.param({"text": "/restart " + URGENT}, id="restart"),
        pytest.param({"text": URGENT.upper() + "\x00" * 20}, id="control characters"),
        pytest.param({"text": "bla " * 5000 + URGENT}, id="too long"),
    ],
)
@pytest.mark.parametrize("turn", [speak, silent, broken, hanging])
async def test_whatever_channel_brings_the_words(turn: Turn, fields: dict[str, Any]) -> None:
    message = incoming(**{"text": URGENT, **fields})
    said = await reply(TurnGuard(quick(), CLINIC), message, turn)
    assert kinds(said)[0] == "escalation"
    assert said[0]["custom"]["families"] == ["fever_chills"]
    assert {"role": "emergency", "number": "911", "href": "tel:911"} in said[0]["custom"]["phones"]


@pytest.mark.parametrize("turn", [speak, silent, broken, escalate_and_speak])
@settings(max_examples=75, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=dressed(), rate=st.sampled_from([0, 60]), longest=st.sampled_from([5, 10_000]))
def test_an_urgent_message_is_escalated_first_in_any_words_and_state(
    turn: Turn, text: str, rate: int, longest: int
) -> None:
    guard = TurnGuard(quick(rate_per_minute=rate, max_characters=longest), CLINIC)
    assert kinds(asyncio.run(reply(guard, incoming(text), turn)))[0] == "escalation"


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


async def test_a_refusal_of_the_channel_comes_after_the_escalation_and_has_no_turn() -> None:
    said: list[dict[str, Any]] = []

    async def deliver(message: dict[str, Any]) -> None:
        said.append(message)

    guard = TurnGuard(quick(), CLINIC)
    await guard.refuse(incoming(URGENT), contract.UTTER_TOO_MANY, deliver)
    assert kinds(said) == ["escalation", "error"]
    assert "faster" in said[1]["text"]


async def test_the_time_to_wait_is_told_before_the_message_is_handed_over() -> None:
    guard = TurnGuard(quick(rate_per_minute=2), CLINIC)
    assert guard.seconds_to_wait(incoming(PLAIN)) == 0
    await reply(guard, incoming(PLAIN, message_id="1"), speak)
    assert guard.seconds_to_wait(incoming(PLAIN)) == 0
    await reply(guard, incoming(PLAIN), speak)
    assert 59 < guard.seconds_to_wait(incoming(PLAIN)) <= 60
    assert guard.seconds_to_wait(incoming(PLAIN, message_id="1")) == 0  # A repeat.
    assert guard.seconds_to_wait(incoming(PLAIN, sender="rest:b")) == 0


async def test_what_was_kept_for_repeats_can_be_forgotten() -> None:
    turns = []

    async def counted(message: UserMessage) -> None:
        turns.append(message.sender_id)
        await speak(message)

    guard = TurnGuard(quick(), CLINIC)
    for sender in ("rest:a", "rest:b"):
        await reply(guard, incoming(PLAIN, message_id="7", sender=sender), counted)
    guard.forget("rest:a")
    for sender in ("rest:a", "rest:b"):
        await reply(guard, incoming(PLAIN, message_id="7", sender=sender), counted)
    assert turns == ["rest:a", "rest:b", "rest:a"]


async def test_a_text_too_long_for_a_turn_is_read_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = []

    def judge(text: str, *, fever_celsius: float | None = None) -> Verdict:
        threads.append(threading.current_thread() is threading.main_thread())
        return quick_verdict(text, fever_celsius=fever_celsius)

    monkeypatch.setattr("bot.channels.guard.quick_verdict", judge)
    guard = TurnGuard(quick(max_characters=100), CLINIC)
    said = await reply(guard, incoming(URGENT + " x" * 100), speak)
    assert kinds(said) == ["escalation", "error"]
    await reply(guard, incoming(URGENT), speak)
    assert threads == [False, True]
