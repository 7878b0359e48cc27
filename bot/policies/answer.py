"""Carries out the retriever's decision: which reply, with which passage, and its record."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot import contract
from bot.escalation_words import graph_verdict, is_due
from bot.policies.escalation import is_after_crisis, verdict_of
from bot.policies.turn import actions_since_user, roll_if_long

FIT_AFTER_CRISIS = (contract.QUOTING - {contract.UTTER_NEAREST}) | {
    contract.UTTER_CARE_TEAM,
    contract.UTTER_NOT_COVERED,
    contract.UTTER_SOURCE,
}
"""What may be said next after a crisis message: replies to what was clearly asked. All others give
way to its numbers: "what's the point" is not outside of anything, nor a question for the editors.
"""

PRIORITY = 7
"""Above the rules: a decision about a question overrides what its intent alone would say."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class AnswerPolicy(Policy):  # type: ignore[misc]
    """Predicts the action that the knowledge decision names, records it, then listens."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Returns the default config."""
        return {"priority": PRIORITY}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> None:
        super().__init__(config, model_storage, resource, execution_context, **kwargs)
        self._model_id = execution_context.model_id or "unknown"

    def train(
        self, training_trackers: list[TrackerWithCachedStates], domain: Domain, **kwargs: Any
    ) -> Resource:
        """Learns nothing: the decision was calibrated in the retriever."""
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> AnswerPolicy:
        """Loads the policy (there is nothing to read)."""
        return cls(config, model_storage, resource, execution_context)

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predicts the decided reply, then the record of an unanswered question, then listens."""
        decision = decision_of(tracker)
        done = actions_since_user(tracker)
        again = contract.UTTER_AFTER_ESCALATION
        unreadable = _is_unreadable(tracker, domain)
        unfit = unreadable or (decision.get("action") or again) not in FIT_AFTER_CRISIS | {again}
        if unfit and again in domain.action_names_or_texts and is_after_crisis(tracker):
            decision, unreadable = {"action": again}, False
        if not tracker.active_loop_name and unreadable:
            if contract.UTTER_UNREADABLE not in done:
                return self._certain(contract.UTTER_UNREADABLE, domain, [])
            if decision.get("action") != contract.UTTER_ANSWER:
                decision = {"action": contract.UTTER_UNREADABLE}
        action = decision.get("action")
        if not action or action not in domain.action_names_or_texts or tracker.active_loop_name:
            return self._prediction(self._default_predictions(domain))
        if action not in done:
            return self._certain(action, domain, _events(decision, self._model_id))
        record = contract.ACTION_RECORD_UNANSWERED
        if decision.get("unanswered") and record not in done:
            return self._certain(record, domain, [])
        return roll_if_long(self._certain(ACTION_LISTEN_NAME, domain, []), tracker, domain)

    def _certain(self, action: str, domain: Domain, events: list[Event]) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(probabilities, optional_events=events)


def decision_of(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Returns the retriever's decision on the last message, empty if it made none.

    Also empty if an escalation is due of which the graph, and so the decision, knew nothing:
    only an answer that was chosen to stand beside an escalation may follow one.
    """
    message = tracker.latest_message
    data = (message.parse_data or {}) if message else {}
    decision = data.get(contract.DECISION)
    if not isinstance(decision, dict):
        return {}
    known = graph_verdict(data)
    blind = known is None or not is_due(known)
    return {} if blind and is_due(verdict_of(tracker)) else decision


def _is_unreadable(tracker: DialogueStateTracker, domain: Domain) -> bool:
    """Tells whether the message is in a language in which we would miss what is urgent."""
    verdict = verdict_of(tracker)
    foreign = verdict.language == "unknown" and not is_due(verdict)
    return foreign and contract.UTTER_UNREADABLE in domain.action_names_or_texts


def _events(decision: dict[str, Any], model_id: str) -> list[Event]:
    """Sets the slots that the reply and later turns read."""
    offered = [o["id"] for o in decision.get("related") or []]
    outcome = contract.OUTCOMES.get(str(decision["action"]))
    events: list[Event] = [
        SlotSet(contract.SLOT_OUTCOME, outcome),
        SlotSet(contract.SLOT_OFFERED, offered),
    ]
    card = decision.get("card")
    if card:
        record = {
            "id": card["id"],
            "label": card["label"],
            "knowledge_hash": decision.get("knowledge_hash"),
            "model_id": model_id,
            "confidence": round(float(decision.get("confidence") or 0.0), 3),
        }
        events.append(SlotSet(contract.SLOT_ANSWER, record))
    return events
