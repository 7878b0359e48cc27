"""The escalation first, then the rules as if it had not been said."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot import contract
from bot.escalation_words import is_due, variant, verdict_on
from bot.policies.turn import (
    actions_before,
    actions_since_user,
    escalation_before,
    events_since_user,
    has_spoken,
    roll_if_long,
    without_escalation,
)
from bot.safety import Level, Verdict

PRIORITY = 6
"""Above Rasa's own rules (5 is free, forms and /restart are 5 and below): see DESIGN.md."""

SMALL_TALK = frozenset({"greet", "goodbye", "thank", "affirm", "deny", "feedback_positive"})
"""Nothing cheerful follows an escalation ("All right. I'm here if something comes up."): for these
intents it is the whole reply. And as the next word after one they are met with its numbers again
("Go ahead: what else would you like to know?" to whoever says "ok" to a crisis line)."""

DOUBTFUL = frozenset({contract.UTTER_NEAREST, contract.UTTER_CLARIFY})
"""Replies to which "no" means that none of it was meant."""

AFTER_CRISIS = SMALL_TALK | {
    "feedback_negative",
    "request_human",
    "bot_challenge",
    "ask_capabilities",
}
"""After a crisis message "this doesn't help" is about no passage, and who wants to talk with
somebody is told the crisis line, not the clinic's hours."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class EscalationRulePolicy(RulePolicy):  # type: ignore[misc]
    """Says the escalation before anything else in a turn that is due one, then follows rules."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Returns RulePolicy's defaults with a priority above every other policy."""
        return {**RulePolicy.get_default_config(), "priority": PRIORITY}

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predicts the escalation if it is due, else what the rules say without it."""
        verdict = verdict_of(tracker)
        due = is_due(verdict)
        if due and contract.UTTER_ESCALATION not in actions_since_user(tracker):
            return self._escalate(verdict, tracker, domain)
        if due and (verdict.crisis or tracker.active_loop_name):
            # Nothing follows a crisis message; and a form asks on when the person is back.
            return self._certain(ACTION_LISTEN_NAME, domain)
        if due and _is_small_talk(tracker):
            # As sure as a story, and before it; only an answer to the rest may follow.
            return self._certain(ACTION_LISTEN_NAME, domain, no_user=False, confidence=1.0)
        again = contract.UTTER_AFTER_ESCALATION
        if again in actions_since_user(tracker):
            return roll_if_long(self._certain(ACTION_LISTEN_NAME, domain), tracker, domain)
        if not due and again in domain.action_names_or_texts and _is_next_word(tracker):
            closed: list[Event] = [SlotSet(contract.SLOT_OUTCOME, None)]
            return self._certain(again, domain, events=closed, no_user=False)
        filtered = without_escalation(tracker)
        prediction = super().predict_action_probabilities(
            filtered, domain, rule_only_data=rule_only_data, **kwargs
        )
        if self._is_fallback(prediction, domain):
            action = ACTION_LISTEN_NAME if due or has_spoken(tracker) else _instead(tracker)
            if action in domain.action_names_or_texts:
                unsure = self.config["core_fallback_threshold"]
                prediction = self._certain(action, domain, no_user=False, confidence=unsure)
        if not actions_since_user(filtered) and tracker.get_slot(contract.SLOT_OUTCOME):
            # Small talk closes the matter of the last question (AnswerPolicy sets it anew).
            prediction.optional_events.append(SlotSet(contract.SLOT_OUTCOME, None))
        return roll_if_long(prediction, tracker, domain)

    def _is_fallback(self, prediction: PolicyPrediction, domain: Domain) -> bool:
        best = prediction.max_confidence_index
        return bool(
            prediction.max_confidence < 1.0
            and best == domain.index_for_action(self._fallback_action_name)
        )

    def _escalate(
        self, verdict: Verdict, tracker: DialogueStateTracker, domain: Domain
    ) -> PolicyPrediction:
        events: list[Event] = [
            SlotSet(contract.SLOT_ESCALATION, variant(verdict)),
            SlotSet(contract.SLOT_ADVICE, verdict.advice),
        ]
        if tracker.active_loop_name:
            events += _as_before_the_message(tracker)
        return self._certain(contract.UTTER_ESCALATION, domain, events=events)

    def _certain(
        self,
        action: str,
        domain: Domain,
        *,
        events: list[Event] | None = None,
        no_user: bool = True,
        confidence: float = 1.0,
    ) -> PolicyPrediction:
        probabilities = [0.0] * domain.num_actions
        probabilities[domain.index_for_action(action)] = confidence
        return PolicyPrediction(
            probabilities,
            self.__class__.__name__,
            self.priority,
            events=events or [],
            is_no_user_prediction=no_user,
        )


def verdict_of(tracker: DialogueStateTracker) -> Verdict:
    """Returns the verdict on the last message."""
    message = tracker.latest_message
    if message is None:
        return Verdict(Level.NONE)
    return verdict_on(message.text or "", message.parse_data or {}, message.intent or {})


def _as_before_the_message(tracker: DialogueStateTracker) -> list[Event]:
    """Takes back what a form made of an urgent message: "I cannot breathe" is nobody's name.

    Rasa fills slots before it asks the policies.
    """
    filled = {e.key for e in events_since_user(tracker) if isinstance(e, SlotSet)}
    if not filled:
        return []
    events = list(tracker.events)
    spoken_at = max(i for i, e in enumerate(events) if isinstance(e, UserUttered))
    before = tracker.init_copy()
    for event in events[:spoken_at]:
        before.update(event)
    return [SlotSet(key, before.get_slot(key)) for key in sorted(filled)]


def _instead(tracker: DialogueStateTracker) -> str:
    """Names a kinder reply than the fallback to a bare yes or no that no story expects."""
    if is_after_crisis(tracker):
        return contract.UTTER_AFTER_ESCALATION
    intent = _intent(tracker)
    if intent == contract.INTENT_DENY and not DOUBTFUL.isdisjoint(actions_before(tracker)):
        return contract.UTTER_REPHRASE  # "No, that's not it", whatever the question was taken for.
    return {"affirm": "utter_anything_else", "deny": "utter_all_right"}.get(intent, "")


def is_after_crisis(tracker: DialogueStateTracker) -> bool:
    """Tells whether the message before was met with a crisis message."""
    return escalation_before(tracker).startswith("crisis")


def _is_small_talk(tracker: DialogueStateTracker) -> bool:
    return _intent(tracker) in SMALL_TALK


def _is_next_word(tracker: DialogueStateTracker) -> bool:
    """Tells whether the message merely says something to the escalation before it."""
    if actions_since_user(tracker) or not escalation_before(tracker):
        return False
    intent = _intent(tracker)
    if intent == contract.INTENT_PRAISE and not contract.QUOTING.isdisjoint(
        actions_before(tracker)
    ):
        return False  # A thumb under the passage that went with the escalation.
    return intent in (AFTER_CRISIS if is_after_crisis(tracker) else SMALL_TALK)


def _intent(tracker: DialogueStateTracker) -> str:
    message = tracker.latest_message
    return str((message.intent or {}).get("name")) if message else ""
