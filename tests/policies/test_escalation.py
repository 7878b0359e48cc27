"""The escalation is the first thing a policy predicts, whatever the words and the conversation."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot import contract
from bot.policies.answer import FIT_AFTER_CRISIS, AnswerPolicy
from bot.policies.escalation import AFTER_CRISIS, SMALL_TALK, EscalationRulePolicy, _instead
from tests.policies import tiny
from tests.policies.tiny import Conversation, understood
from tests.policies.urgent import CRISIS, URGENT, dressed

Talk = Callable[[], Conversation]
DOMAIN = Domain.from_yaml(tiny.domain())
CONTEXT = ExecutionContext(GraphSchema({}), model_id="m")
LISTEN = ActionExecuted("action_listen")


def made(policy: Any) -> Any:
    """Makes a policy that has learnt nothing: an escalation needs nothing learnt."""
    return policy(policy.get_default_config(), cast(Any, None), Resource("p"), CONTEXT)


ESCALATION, ANSWER = made(EscalationRulePolicy), made(AnswerPolicy)


def user(text: str, intent: str | None = "greet", **options: Any) -> UserUttered:
    data = understood(text, intent, **options)
    return UserUttered(text, data["intent"], [], data)


def said(action: str) -> list[Event]:
    return [ActionExecuted(action), BotUttered("words", metadata={"utter_action": action})]


def turn(text: str, intent: str, *actions: str) -> list[Event]:
    return [LISTEN, user(text, intent), *(e for action in actions for e in said(action))]


STATES: dict[str, list[Event]] = {
    "fresh": [LISTEN],
    "greeted": [*turn("hi", "greet", "utter_greet"), LISTEN],
    "after goodbye": [*turn("bye", "goodbye", "utter_goodbye"), LISTEN],
    "after stop": [*turn("stop", "stop", "utter_stopped"), LISTEN],
    "after an answer": [
        *turn("what is crs", "inform", "utter_answer"),
        SlotSet("outcome", "answer"),
        LISTEN,
    ],
    "after the fallback": [*turn("hm", "inform", "utter_fallback"), LISTEN],
    "after an escalation": [*turn("fever of 39", "inform", contract.UTTER_ESCALATION), LISTEN],
    "after a crisis": [*turn(CRISIS[0], "inform", contract.UTTER_ESCALATION), LISTEN],
    "in a form": [
        *turn("book a visit", "book_visit", "visit_form"),
        ActiveLoop("visit_form"),
        SlotSet("requested_slot", "visitor"),
        LISTEN,
    ],
    "in a form that was refused": [
        *turn("book a visit", "book_visit", "visit_form"),
        ActiveLoop("visit_form"),
        SlotSet("requested_slot", "visitor"),
        LISTEN,
        user("hm"),
        ActionExecutionRejected("visit_form"),
        *said("utter_fallback"),
        LISTEN,
    ],
    "restarted": [*turn("hi", "greet", "utter_greet"), Restarted(), SessionStarted(), LISTEN],
    "no listening before": [],
    "a long session": [*turn("hi", "greet", "utter_greet") * 40, LISTEN],
}


def first_action(state: list[Event], message: UserUttered, *after: Event) -> str:
    """Names what all policies together would do first about a message."""
    events = [SessionStarted(), *state, message, *after]
    tracker = DialogueStateTracker.from_events("s", events, slots=DOMAIN.slots)
    predictions = [p.predict_action_probabilities(tracker, DOMAIN) for p in (ANSWER, ESCALATION)]
    best = DefaultPolicyPredictionEnsemble().combine_predictions(predictions, tracker, DOMAIN)
    return str(DOMAIN.action_names_or_texts[best.max_confidence_index])


@settings(max_examples=300)
@given(
    text=dressed(),
    state=st.sampled_from(sorted(STATES)),
    intent=st.sampled_from(["greet", "goodbye", "stop", "inform", "note", None]),
    decided=st.sampled_from([contract.UTTER_ANSWER, contract.UTTER_DONT_KNOW, None]),
    detector=st.booleans(),
)
@example("I have chest pain", "in a form", "inform", None, False)
@example("I want to kill myself", "a long session", "greet", contract.UTTER_ANSWER, True)
def test_an_urgent_message_is_escalated_first_in_any_words_and_state(
    text: str, state: str, intent: str | None, decided: str | None, detector: bool
) -> None:
    message = user(text, intent, detector=detector, decision={"action": decided})
    assert first_action(STATES[state], message) == contract.UTTER_ESCALATION


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_after_a_crisis_the_policies_only_listen(state: list[Event]) -> None:
    message = user(CRISIS[0], "greet", decision={"action": contract.UTTER_ANSWER})
    escalated = said(contract.UTTER_ESCALATION)
    assert first_action(state, message, *escalated) == "action_listen"


@pytest.mark.parametrize("text", [*URGENT, *CRISIS])
async def test_an_urgent_message_alone_is_met_with_the_escalation_alone(
    text: str, talk: Talk
) -> None:
    conversation = talk()
    assert await conversation.say(text) == [contract.UTTER_ESCALATION]
    assert await conversation.say("hi", "greet") == [contract.UTTER_AFTER_ESCALATION]


def spoken_numbers(conversation: Conversation) -> set[str]:
    """The numbers that can be tapped in what was just said."""
    return {
        phone["number"]
        for message in conversation.heard
        for phone in message.get("custom", {}).get("phones", [])
    }


@pytest.mark.parametrize("intent", sorted(SMALL_TALK))
@pytest.mark.parametrize("text", ["I have chest pain", "tengo fiebre de 39", CRISIS[0]])
async def test_small_talk_after_an_escalation_hears_its_numbers_again(
    text: str, intent: str, talk: Talk
) -> None:
    conversation = talk()
    await conversation.say(text)
    numbers = spoken_numbers(conversation)
    for _ in range(2):
        assert await conversation.say("ok", intent) == [contract.UTTER_AFTER_ESCALATION]
        assert spoken_numbers(conversation) == numbers
        (words,) = [m["text"] for m in conversation.heard if "text" in m]
        assert ("llame" in words.lower()) == ("fiebre" in text)
        assert not any("buttons" in m for m in conversation.heard)


async def test_another_matter_ends_that(talk: Talk) -> None:
    conversation = talk()
    await conversation.say("I have chest pain")
    decision = {"action": contract.UTTER_DONT_KNOW}
    asked = await conversation.say("where to park", "inform", decision=decision)
    assert asked[0] == contract.UTTER_DONT_KNOW
    assert await conversation.say("hi", "greet") == ["utter_greet"]


async def test_an_if_is_not_called_to_mind(talk: Talk) -> None:
    conversation = talk()
    assert await conversation.say("is chest pain a side effect?") == [contract.UTTER_ESCALATION]
    assert str(await conversation.slot(contract.SLOT_ESCALATION)).endswith("_asked")
    assert await conversation.say("hi", "greet") == ["utter_greet"]


UNFIT = sorted(
    {contract.UTTER_OUT_OF_SCOPE, contract.UTTER_CLARIFY, contract.UTTER_DONT_KNOW}
    | {contract.UTTER_NEAREST}
    | {contract.UTTER_MORE_OF_WHAT, contract.UTTER_NO_SOURCE, contract.UTTER_UNAVAILABLE}
    | {contract.UTTER_SYMPTOM, contract.UTTER_UNREADABLE, contract.UTTER_NO_MORE}
)


@pytest.mark.parametrize("decided", [*UNFIT, None])
async def test_what_is_unclear_after_a_crisis_hears_its_numbers_again(
    decided: str | None, talk: Talk
) -> None:
    again = [contract.UTTER_AFTER_ESCALATION]
    conversation = talk()
    await conversation.say(CRISIS[0])
    for _ in range(2):
        decision = {"action": decided, "unanswered": True}
        assert await conversation.say("whatever", "inform", decision=decision) == again
        assert "988" in conversation.heard[0]["text"]
    assert await conversation.say("мне сегодня нехорошо", "inform") == again
    answer = {"action": contract.UTTER_ANSWER}
    assert await conversation.say("what is CRS", "inform", decision=answer) == ["utter_answer"]


@pytest.mark.parametrize("intent", sorted(AFTER_CRISIS - SMALL_TALK))
async def test_whoever_wants_a_person_after_a_crisis_hears_the_crisis_line(
    intent: str, talk: Talk
) -> None:
    conversation = talk()
    await conversation.say(CRISIS[0])
    said = await conversation.say("can I talk to someone", intent)
    assert said == [contract.UTTER_AFTER_ESCALATION]
    assert "988" in conversation.heard[0]["text"]


def test_what_was_clearly_asked_is_answered_after_a_crisis() -> None:
    assert {contract.UTTER_ANSWER, contract.UTTER_NOT_COVERED} <= FIT_AFTER_CRISIS
    assert FIT_AFTER_CRISIS.isdisjoint(UNFIT)


async def test_a_thumb_under_the_passage_beside_an_escalation_is_feedback(talk: Talk) -> None:
    conversation = talk()
    decision = {"action": contract.UTTER_ANSWER}
    await conversation.say("I have chest pain. What is CRS?", "inform", decision=decision)
    again = contract.UTTER_AFTER_ESCALATION
    assert again not in await conversation.say("that helped", contract.INTENT_PRAISE)
    await conversation.say("I have chest pain")
    assert await conversation.say("that helped", contract.INTENT_PRAISE) == [again]


@pytest.mark.parametrize("before", ["greet", "goodbye", "stop", "note"])
async def test_after_any_turn_and_on_every_repeat(before: str, talk: Talk) -> None:
    conversation = talk()
    await conversation.say("words", before)
    for _ in range(3):
        assert await conversation.say("I have chest pain") == [contract.UTTER_ESCALATION]


async def test_an_answer_to_the_rest_follows(talk: Talk) -> None:
    text, decision = "I have chest pain. What is CRS?", {"action": contract.UTTER_ANSWER}
    done = await talk().say(text, "inform", decision=decision)
    assert done == [contract.UTTER_ESCALATION, contract.UTTER_ANSWER]


async def test_an_answer_does_not_follow_a_crisis(talk: Talk) -> None:
    conversation = talk()
    text, decision = "I want to kill myself. What is CRS?", {"action": contract.UTTER_ANSWER}
    assert await conversation.say(text, "inform", decision=decision) == [contract.UTTER_ESCALATION]
    assert len([m for m in conversation.heard if "text" in m]) == 1
    assert not any("buttons" in m for m in conversation.heard)


@pytest.mark.parametrize("intent", sorted(SMALL_TALK))
async def test_nothing_cheerful_follows(intent: str, talk: Talk) -> None:
    done = await talk().say("hi, thanks, bye, yes. I have chest pain", intent)
    assert done == [contract.UTTER_ESCALATION]


@pytest.mark.parametrize("action", [contract.UTTER_ANSWER, contract.UTTER_DONT_KNOW])
async def test_what_was_decided_without_knowing_of_the_symptom_is_not_said(
    action: str, talk: Talk
) -> None:
    """The detector was gone: the decision does not know that it stands beside an escalation."""
    done = await talk().say(
        "I have chest pain", "inform", detector=False, decision={"action": action}
    )
    assert done == [contract.UTTER_ESCALATION]


@pytest.mark.parametrize("intent", [None, "greet"])
@pytest.mark.parametrize("text", ["мне сегодня нехорошо", "我今天不舒服", "je ne me sens pas bien"])
async def test_a_language_that_cannot_be_read_gets_the_numbers(
    text: str, intent: str | None, talk: Talk
) -> None:
    conversation = talk()
    assert await conversation.say(text, intent) == [contract.UTTER_UNREADABLE]
    decision = {"action": contract.UTTER_DONT_KNOW}
    assert await conversation.say(text, intent, decision=decision) == [contract.UTTER_UNREADABLE]


async def test_a_sure_answer_may_follow_the_numbers(talk: Talk) -> None:
    done = await talk().say(
        "was ist die CRS und ist das nicht", "inform", decision={"action": contract.UTTER_ANSWER}
    )
    assert done == [contract.UTTER_UNREADABLE, contract.UTTER_ANSWER]


@pytest.mark.parametrize("text", ["hi", "🤷", "?", "café", "24/7?"])
async def test_what_can_be_read_does_not(text: str, talk: Talk) -> None:
    assert await talk().say(text, "greet") == ["utter_greet"]


async def test_without_our_channel_an_escalation_is_logged_by_family_and_not_by_words(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await talk().say("zebrafish, I have chest pain")
    lines = [r.getMessage() for r in caplog.records if r.name == "bot.escalation_words"]
    assert lines == ["escalation level=urgent families=chest channel=collector said_by=turn"]
    assert "zebrafish" not in caplog.text


@pytest.mark.parametrize(
    ("before", "intent", "reply"),
    [
        (contract.UTTER_NEAREST, "deny", contract.UTTER_REPHRASE),
        (contract.UTTER_CLARIFY, "deny", contract.UTTER_REPHRASE),
        (contract.UTTER_ANSWER, "deny", "utter_all_right"),
        (contract.UTTER_NEAREST, "affirm", "utter_anything_else"),
    ],
)
def test_no_to_what_was_not_sure_asks_for_other_words_whatever_the_intent_was(
    before: str, intent: str, reply: str
) -> None:
    events = [*turn("such as", "out_of_scope", before), LISTEN, user("yes or no", intent)]
    assert _instead(DialogueStateTracker.from_events("s", events)) == reply
