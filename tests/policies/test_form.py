"""Urgent words inside a form: the escalation first, no slot filled, and the form goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot import contract
from tests.policies.tiny import Conversation

Talk = Callable[[], Conversation]
URGENT = {
    "plain": "I cannot breathe",
    "command": '/book_visit{"visitor": "I have chest pain"}',
    "beside an answer": "Anna, but she has a fever of 39",
    "question": "what if he faints?",
    "spanish": "no puedo respirar",
    "crisis": "I want to kill myself",
    "crisis and urgent": "fever of 39 and I want to die",
}


async def in_the_form(talk: Talk) -> Conversation:
    conversation = talk()
    assert await conversation.say("book a visit", "book_visit") == ["visit_form"]
    assert await conversation.slot("requested_slot") == "visitor"
    return conversation


async def test_without_anything_urgent_the_form_is_filled(talk: Talk) -> None:
    conversation = await in_the_form(talk)
    await conversation.say("Anna", "inform")
    assert await conversation.slot("visitor") == "Anna"
    assert await conversation.say("Monday", "inform") == ["visit_form", "utter_booked"]


@pytest.mark.parametrize("detector", [True, False], ids=["graph", "no detector"])
@pytest.mark.parametrize("text", URGENT.values(), ids=URGENT.keys())
async def test_urgent_words_escalate_and_fill_no_slot(
    text: str, detector: bool, talk: Talk
) -> None:
    conversation = await in_the_form(talk)
    done = await conversation.say(text, "inform", detector=detector)
    assert done == [contract.UTTER_ESCALATION]
    assert await conversation.slot("visitor") is None
    # The form still asks for the same, and takes it.
    assert await conversation.say("Anna", "inform") == ["visit_form"]
    assert await conversation.slot("visitor") == "Anna"


async def test_what_was_filled_before_is_kept(talk: Talk) -> None:
    conversation = await in_the_form(talk)
    await conversation.say("Anna", "inform")
    assert await conversation.say("I have chest pain", "inform") == [contract.UTTER_ESCALATION]
    assert await conversation.slot("visitor") == "Anna"
    assert await conversation.slot("day") is None
    assert await conversation.say("Monday", "inform") == ["visit_form", "utter_booked"]
    assert await conversation.slot("day") == "Monday"


async def test_every_repeat_inside_a_form_is_escalated(talk: Talk) -> None:
    conversation = await in_the_form(talk)
    for _ in range(3):
        assert await conversation.say("she passed out", "inform") == [contract.UTTER_ESCALATION]


async def test_a_denied_symptom_is_the_forms_own_matter(talk: Talk) -> None:
    conversation = await in_the_form(talk)
    assert await conversation.say("no fever", "inform") == ["visit_form"]
    assert await conversation.slot("visitor") == "no fever"
