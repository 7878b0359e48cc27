"""Finds urgent symptoms and crisis in each message, as a verdict and as entities."""

from __future__ import annotations

import logging
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import condition, contract
from bot.components.adaptation import (
    URGENCY,
    adaptation_sources,
    encoder_defaults,
    nlu_examples,
    training_encoder,
    urgency_examples,
)
from bot.components.fingerprint import code_hash, files_hash
from bot.knowledge.base import load_knowledge
from bot.safety import Detector, UrgencyClassifier, Verdict
from bot.safety.quick import shared_patterns
from bot.settings import ROOT, load_settings

CLASSIFIER = "The urgency classifier"

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class SymptomDetector(GraphComponent, EntityExtractorMixin):  # type: ignore[misc]
    """Joins patterns and a trained classifier; either can raise the alarm."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Returns the default config: the encoder, and where the knowledge base is."""
        return encoder_defaults()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Covers the detector's code and data, and how people ask; not the passages' text."""
        asked = adaptation_sources({**cls.get_default_config(), **config})
        code = code_hash(
            "encoding", "safety", "components/adaptation.py", "components/quiet_examples.py"
        )
        return files_hash(asked) + code

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._patterns = shared_patterns(load_settings().fever_celsius)
        self.detector = Detector(self._patterns)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SymptomDetector:
        """Creates the component for training."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SymptomDetector:
        """Loads the classifier; if it is damaged the patterns alone detect."""
        component = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder:
                classifier = UrgencyClassifier.load(folder)
            component.detector = Detector(component._patterns, classifier)
            condition.works(CLASSIFIER)
        except Exception as error:
            condition.fails(CLASSIFIER, "symptoms are found by the patterns alone")
            logger.error("urgency classifier not loaded (%s): patterns only", type(error).__name__)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Trains the classifier on its own data (`bot/safety/data`).

        What people ask without any symptom in it, from the knowledge base and the intents, is
        added as quiet examples.
        """
        knowledge = load_knowledge(ROOT / str(self._config["knowledge"]))
        trained = training_encoder(self._config, training_data, "detector")
        classifier = UrgencyClassifier.fit(
            urgency_examples(knowledge, nlu_examples(training_data), self._patterns),
            trained.encoder.encode,
            self._patterns,
            head=trained.heads.get(URGENCY),
        )
        with self._model_storage.write_to(self._resource) as folder:
            classifier.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the verdict as message data and each finding as a `symptom` entity."""
        for message in messages:
            verdict = self._detect(message)
            if verdict is None:
                continue
            message.set(contract.VERDICT, verdict.as_dict(), add_to_output=True)
            found = self.add_extractor_name(_entities(verdict))
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages

    def _detect(self, message: Message) -> Verdict | None:
        text = message.get(TEXT) or ""
        embeddings = message.get(contract.EMBEDDINGS)
        try:
            if embeddings is None:
                return self.detector.detect(text)
            return self.detector.detect(
                text,
                whole=embeddings.whole,
                clauses=embeddings.clauses,
                clause_vectors=embeddings.clause_vectors,
            )
        except Exception as error:  # No verdict: the policy reads the raw text itself.
            logger.error("symptom detection failed: %s", type(error).__name__)
            return None


def _entities(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {
            "entity": "symptom",
            "value": finding.family,
            "start": finding.start,
            "end": finding.end,
            "confidence_entity": finding.score,
        }
        for finding in verdict.affirmed
    ]
