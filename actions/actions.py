"""Actions that Rasa calls over HTTP: feedback on an answer, and questions without one."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.store import FeedbackStore
from bot import contract
from bot.settings import load_settings

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def _store() -> FeedbackStore:
    return FeedbackStore(load_settings().feedback_url)


class RecordFeedback(Action):  # type: ignore[misc]
    """Records whether the last answer helped."""

    def name(self) -> str:
        """Returns the action's name in domain.yml."""
        return contract.ACTION_RECORD_FEEDBACK

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Stores the verdict with the passage it is about, if it is about one; says nothing."""
        done = (str(e.get("name")) for e in reversed(tracker.events) if e.get("event") == "action")
        quoted = contract.has_just_quoted(done, tracker.get_slot(contract.SLOT_OUTCOME))
        answer = (tracker.get_slot(contract.SLOT_ANSWER) or {}) if quoted else {}
        intent = (tracker.latest_message.get("intent") or {}).get("name")
        _store().add_feedback(
            helpful=intent == "feedback_positive",
            passage=answer.get("id"),
            knowledge_hash=answer.get("knowledge_hash"),
            model_id=answer.get("model_id"),
        )
        return []


class RecordUnanswered(Action):  # type: ignore[misc]
    """Records a question without an answer, for the editors."""

    def name(self) -> str:
        """Returns the action's name in domain.yml."""
        return contract.ACTION_RECORD_UNANSWERED

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Stores the words without identity; says nothing."""
        message = tracker.latest_message
        decision = message.get(contract.DECISION) or {}
        topic = decision.get("topic") or {}
        _store().add_unanswered(
            str(message.get("text") or ""),
            topic=topic.get("id"),
            confidence=decision.get("confidence"),
            knowledge_hash=decision.get("knowledge_hash"),
        )
        return []
