"""Stories that take several turns, remembered as if no escalation had been said in them."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.policy import PolicyPrediction
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.turn import roll_if_long, without_escalation


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class StoryPolicy(MemoizationPolicy):  # type: ignore[misc]
    """Follows stories across escalations."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Returns Rasa's defaults; three states reach from a reply to the words after it.

        With so few states nothing is gained by Rasa's augmented variant, which tries again
        on ever shorter histories (4 ms a turn).
        """
        return {**MemoizationPolicy.get_default_config(), "max_history": 3}

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predicts what the story says next, without the escalation's turn."""
        prediction = super().predict_action_probabilities(
            without_escalation(tracker), domain, rule_only_data=rule_only_data, **kwargs
        )
        return roll_if_long(prediction, tracker, domain)
