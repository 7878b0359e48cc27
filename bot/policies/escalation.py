"""The escalation first, then the rules as if it had not been said."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot import contract
from bot.escalation_words import is_due, variant
from bot.policies.turn import actions_since_user, has_spoken, roll_if_long, without_escalation
from bot.safety import Finding, Level, Verdict
from bot.safety.quick import quick_verdict

logger = logging.getLogger(__name__)

PRIORITY = 6
"""Above Rasa's own rules (5 is free, forms and /restart are 5 and below): see DESIGN.md."""

SMALL_TALK = frozenset({"greet", "goodbye", "thank"})
"""Nothing cheerful follows an escalation: for these intents it is the whole reply."""

CRISIS_INTENT_AT = 0.6
"""The intent classifier is a third detector of crisis: above this it is believed, in English
only (its Spanish examples are all of one intent)."""


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
            return self._escalate(verdict, domain)
        if due and verdict.crisis:
            return self._certain(ACTION_LISTEN_NAME, domain)  # Nothing follows a crisis message.
        if due and not tracker.active_loop_name and _is_small_talk(tracker):
            # As sure as a story, and before it; only an answer to the rest may follow.
            return self._certain(ACTION_LISTEN_NAME, domain, no_user=False, confidence=1.0)
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

    def _escalate(self, verdict: Verdict, domain: Domain) -> PolicyPrediction:
        logger.info(
            "escalation level=%s route=%s families=%s",
            verdict.level.value,
            verdict.route,
            ",".join(verdict.families),
        )
        events: list[Event] = [
            SlotSet(contract.SLOT_ESCALATION, variant(verdict)),
            SlotSet(contract.SLOT_ADVICE, verdict.advice),
        ]
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
    """Returns the verdict on the last message: the graph's, or the patterns' on its raw text.

    The patterns read the text again if the graph's verdict is missing, as it is for text in
    the form of an `/intent{...}` command.
    """
    message = tracker.latest_message
    if message is None:
        return Verdict(Level.NONE)
    data = (message.parse_data or {}).get(contract.VERDICT)
    try:
        verdict = Verdict.from_dict(data) if data else quick_verdict(message.text or "")
    except Exception:  # An unreadable verdict must not cost an escalation.
        logger.error("safety verdict unreadable, patterns read the text")
        verdict = quick_verdict(message.text or "")
    intent = message.intent or {}
    sure = float(intent.get("confidence") or 0.0) >= CRISIS_INTENT_AT
    named = intent.get("name") == contract.INTENT_CRISIS and verdict.language == "en"
    if named and sure and not verdict.crisis:
        finding = Finding("self_harm", "crisis", 0, 0, "classifier")
        return replace(verdict, level=Level.CRISIS, findings=(*verdict.findings, finding))
    return verdict


def _instead(tracker: DialogueStateTracker) -> str:
    """Names a kinder reply than the fallback to a bare yes or no that no story expects."""
    intent = (tracker.latest_message.intent or {}).get("name") if tracker.latest_message else None
    return {"affirm": "utter_anything_else", "deny": "utter_all_right"}.get(str(intent), "")


def _is_small_talk(tracker: DialogueStateTracker) -> bool:
    intent = (tracker.latest_message.intent or {}).get("name") if tracker.latest_message else None
    return intent in SMALL_TALK
