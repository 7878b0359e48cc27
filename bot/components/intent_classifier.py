"""Rasa's logistic regression, which no odd message can bring down."""

from __future__ import annotations

import logging

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.training_data.message import Message

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SteadyIntentClassifier(LogisticRegressionClassifier):  # type: ignore[misc]
    """Classifies intents; a message without features gets no intent instead of an exception.

    Rasa's classifier raises for text without a single token, and any exception in a turn
    is silence (DESIGN.md).
    """

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the most likely intent and the ranking to each message."""
        for message in messages:
            try:
                super().process([message])
            except Exception as error:
                logger.info("intent not classified: %s", type(error).__name__)
                message.set("intent", {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set("intent_ranking", [], add_to_output=True)
        return messages
