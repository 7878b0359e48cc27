"""What the rules see of a turn, and when a session is closed."""

from __future__ import annotations

import pytest
from rasa.core.policies.policy import PolicyPrediction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot import contract
from bot.policies.turn import (
    ROLL_AFTER_EVENTS,
    ROLL_AT_LAST,
    ROLL_ESCALATED,
    actions_since_user,
    escalation_before,
    has_spoken,
    roll_if_long,
    without_escalation,
)

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [greet]
    slots:
      answer: {type: any, influence_conversation: false, mappings: [{type: custom}]}
      escalation: {type: text, influence_conversation: false, mappings: [{type: custom}]}
    responses:
      utter_greet: [{text: hi}]
      utter_clarify: [{text: "which one"}]
      utter_escalation: [{text: call}]
    forms:
      a_form: {required_slots: []}
    """
)


def tracker(*events: Event) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("s", list(events), slots=DOMAIN.slots)


def user(text: str = "hi") -> UserUttered:
    return UserUttered(text, {"name": "greet", "confidence": 1.0})


def escalation() -> list[Event]:
    return [
        SlotSet(contract.SLOT_ESCALATION, "clinic_en"),
        ActionExecuted(contract.UTTER_ESCALATION),
        BotUttered("call", metadata={"utter_action": contract.UTTER_ESCALATION}),
    ]


LISTEN = ActionExecuted("action_listen")


def test_the_rules_see_the_turn_without_its_escalation() -> None:
    plain = tracker(SessionStarted(), LISTEN, user())
    urgent = tracker(SessionStarted(), LISTEN, user(), *escalation())
    assert urgent.past_states(DOMAIN) != plain.past_states(DOMAIN)
    assert without_escalation(urgent).past_states(DOMAIN) == plain.past_states(DOMAIN)


def test_earlier_escalations_are_hidden_too() -> None:
    said = [ActionExecuted("utter_greet"), BotUttered("hi", metadata={})]
    plain = tracker(SessionStarted(), LISTEN, user(), *said, LISTEN, user())
    urgent = tracker(SessionStarted(), LISTEN, user(), *escalation(), *said, LISTEN, user())
    assert without_escalation(urgent).past_states(DOMAIN) == plain.past_states(DOMAIN)


def test_active_loop_and_slots_are_kept() -> None:
    original = tracker(
        SessionStarted(),
        LISTEN,
        user(),
        SlotSet("answer", {"id": "p"}),
        ActiveLoop("a_form"),
        LISTEN,
        user(),
        *escalation(),
    )
    filtered = without_escalation(original)
    assert filtered.active_loop_name == "a_form"
    assert filtered.get_slot("answer") == {"id": "p"}
    assert filtered.latest_action_name == "action_listen"


def test_a_turn_without_escalation_is_not_copied() -> None:
    original = tracker(SessionStarted(), LISTEN, user())
    assert without_escalation(original) is original


def test_what_was_said_since_the_user_spoke() -> None:
    current = tracker(SessionStarted(), LISTEN, user(), *escalation())
    assert actions_since_user(current) == [contract.UTTER_ESCALATION]
    assert not has_spoken(current)
    current.update(ActionExecuted("utter_greet"))
    assert has_spoken(current)


def listening() -> PolicyPrediction:
    return PolicyPrediction.for_action_name(DOMAIN, "action_listen", "p", 1.0)


def long_tracker(events: int, last_action: str, *, loop: bool = False) -> DialogueStateTracker:
    """A session of exactly `events` events after its start, whose turn ends in `last_action`."""
    tail: list[Event] = [user(), ActionExecuted(last_action)]
    head: list[Event] = [ActiveLoop("a_form")] if loop else []
    fill = [SlotSet("answer", {"id": "p"})] * (events - len(tail) - len(head))
    return tracker(SessionStarted(), *head, *fill, *tail)


@pytest.mark.parametrize(
    ("events", "action", "loop", "rolls"),
    [
        pytest.param(ROLL_AFTER_EVENTS, "utter_greet", False, False, id="at the limit"),
        pytest.param(ROLL_AFTER_EVENTS + 1, "utter_greet", False, True, id="past the limit"),
        pytest.param(ROLL_AFTER_EVENTS + 1, "utter_clarify", False, False, id="answer awaited"),
        pytest.param(ROLL_AT_LAST + 1, "utter_clarify", False, True, id="awaited, but too long"),
        pytest.param(ROLL_AT_LAST + 1, "utter_greet", True, False, id="inside a form"),
    ],
)
def test_a_long_session_is_closed_at_the_end_of_a_turn(
    events: int, action: str, loop: bool, rolls: bool
) -> None:
    prediction = roll_if_long(listening(), long_tracker(events, action, loop=loop), DOMAIN)
    started = [e for e in prediction.optional_events if isinstance(e, SessionStarted)]
    assert bool(started) is rolls


def test_slot_values_carry_over_once() -> None:
    prediction = roll_if_long(listening(), long_tracker(80, "utter_greet"), DOMAIN)
    slots = [e for e in prediction.optional_events if isinstance(e, SlotSet)]
    assert [(e.key, e.value) for e in slots] == [("answer", {"id": "p"})]


def test_another_prediction_than_listen_is_left_alone() -> None:
    prediction = PolicyPrediction.for_action_name(DOMAIN, "utter_greet", "p", 1.0)
    assert roll_if_long(prediction, long_tracker(80, "utter_greet"), DOMAIN).optional_events == []


@pytest.mark.parametrize(
    ("between", "variant"),
    [
        pytest.param([], "clinic_en", id="the next word"),
        pytest.param(
            [ActionExecuted("action_session_start"), SessionStarted()], "", id="an hour later"
        ),
        pytest.param([user("where"), ActionExecuted("utter_greet")], "", id="another turn between"),
        pytest.param([ActiveLoop("a_form")], "", id="a form is open"),
    ],
)
def test_the_escalation_before_is_that_of_the_turn_before(
    between: list[Event], variant: str
) -> None:
    current = tracker(user("hot"), *escalation(), ActionExecuted("action_listen"), *between, user())
    assert escalation_before(current) == variant


def test_an_if_is_no_escalation_before() -> None:
    asked = SlotSet(contract.SLOT_ESCALATION, "clinic_en_asked")
    assert escalation_before(tracker(user("if"), *escalation(), asked, user())) == ""


def test_a_turn_that_escalated_keeps_its_session_open_for_longer() -> None:
    def rolled(length: int) -> bool:
        before = [ActionExecuted("utter_greet")] * length
        current = tracker(SessionStarted(), *before, user("hot"), *escalation())
        return SessionStarted() in roll_if_long(listening(), current, DOMAIN).optional_events

    assert not rolled(ROLL_AT_LAST + 1)
    assert rolled(ROLL_ESCALATED + 1)
