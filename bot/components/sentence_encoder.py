"""Encodes a message and its clauses in one batched call that everything below shares."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import condition, contract
from bot.components.adaptation import (
    adaptation_sources,
    encoder_defaults,
    nlu_examples,
    training_encoder,
)
from bot.components.fingerprint import code_hash, files_hash
from bot.components.query_writer import Queries
from bot.encoding import Encoder, Vectors, check_model, load_encoder
from bot.encoding.adaptation import WEIGHTS, copy_weights, load_adapted
from bot.encoding.scaling import Scaling
from bot.safety.clauses import Clause, message_clauses

logger = logging.getLogger(__name__)

MODEL = "model"
ADAPT = "adapt"

FEATURE_LENGTH = 16.0
"""Mean length of the features, beside counts of words. With 4, 8, 16, 24, 32 (2026-11-29): of the
dev intents right 0.83, 0.89, 0.93, 0.93, 0.93; of held-out ones 0.77, 0.85, 0.87, 0.88, 0.87."""
SCALING_FILE = "scaling.npz"
ENCODER = "The sentence encoder"


@dataclass(frozen=True)
class Embeddings:
    """The vectors of one message: of shape (d,), `clause_vectors` of (clauses, d)."""

    whole: Vectors
    clauses: list[Clause]
    clause_vectors: Vectors
    query: Vectors
    """Of its words, widened by the glossary."""
    in_context: Callable[[], Vectors] | None = None
    """Encodes the same behind the title of the last answer: few messages need it, so none waits."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoder(Featurizer, GraphComponent):  # type: ignore[misc]
    """Adds the sentence embedding as a dense feature and as message data."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Returns the default config: the packaged all-MiniLM-L6-v2, adapted to the domain."""
        return encoder_defaults()

    @staticmethod
    def required_packages() -> list[str]:
        """Lists packages that must be importable."""
        return ["sentence_transformers"]

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Accepts any config: a wrong model name is reported when the model is looked for."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Covers the modules that compute the features, and what the encoder is adapted on."""
        code = code_hash("encoding", "safety", "components/adaptation.py")
        full = {**cls.get_default_config(), **config}
        return code + (files_hash(adaptation_sources(full)) if full[ADAPT] else "")

    def __init__(
        self, config: dict[str, Any], name: str, model_storage: ModelStorage, resource: Resource
    ) -> None:
        super().__init__(name, {"alias": name, **config})
        self._model_storage = model_storage
        self._resource = resource
        self._model = str(config[MODEL])
        self.encoder: Encoder | None = None
        self.dimension = 0
        self.scaling: Scaling | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Creates the component for training."""
        name = execution_context.node_name or cls.__name__
        return cls(config, name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceEncoder:
        """Loads the encoder; without it the patterns still detect symptoms."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            component.scaling = Scaling.load(folder / SCALING_FILE)
        component.dimension = len(component.scaling.mean)
        try:
            with model_storage.read_from(resource) as folder:
                adapted = (folder / WEIGHTS).is_file()
                encoder = (
                    load_adapted(component._model, folder)
                    if adapted
                    else load_encoder(component._model)
                )
            encoder.prepare_for_serving()
            encoder.encode(["warm up"])
            component.encoder = encoder
            condition.works(ENCODER)
        except Exception as error:
            condition.fails(ENCODER, "questions get the clinic's numbers, symptoms only patterns")
            logger.error("sentence encoder not loaded (%s): patterns only", type(error).__name__)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Checks the model's weights once, and adapts them to the domain if `adapt` is set.

        Raises:
            ModelError: if the model is missing or not the expected one.
        """
        check_model(self._model)
        trained = training_encoder(self._config, training_data, "intents")
        with self._model_storage.write_to(self._resource) as folder:
            _scaling(trained.encoder, training_data).save(folder / SCALING_FILE)
            if trained.folder is not None:
                copy_weights(trained.folder, folder)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the embedding of each training example, scaled."""
        encoder = training_encoder(self._config, training_data, "intents").encoder
        scaling = _scaling(encoder, training_data)
        examples = [m for m in training_data.training_examples if m.get(TEXT)]
        vectors = encoder.encode([m.get(TEXT) for m in examples])
        for message, vector in zip(examples, vectors, strict=True):
            self._add_feature(message, scaling(vector))
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the embeddings of each message and, scaled, the feature of the classifier."""
        for message in messages:
            text = message.get(TEXT) or ""
            embeddings = self._embed(text, message.get(contract.QUERIES) or Queries(text))
            message.set(contract.EMBEDDINGS, embeddings)
            # The intent classifier expects the feature; zeros leave it the n-grams.
            feature = np.zeros(self.dimension, dtype=np.float32)
            if embeddings is not None and self.scaling is not None:
                feature = self.scaling(embeddings.whole)
            self._add_feature(message, feature)
        return messages

    def _embed(self, text: str, queries: Queries) -> Embeddings | None:
        if self.encoder is None:
            return None
        try:
            clauses = message_clauses(text)
            beside = [queries.text] if queries.text != text else []
            vectors = self.encoder.encode([text, *(c.text for c in clauses), *beside])
        except Exception as error:  # The escalation depends on no embedding.
            logger.error("message not embedded: %s", type(error).__name__)
            return None
        end = 1 + len(clauses)
        return Embeddings(
            whole=vectors[0],
            clauses=clauses,
            clause_vectors=vectors[1:end],
            query=vectors[0] if queries.text == text else vectors[-1],
            in_context=partial(self._encode_one, queries.in_context)
            if queries.in_context
            else None,
        )

    def _encode_one(self, text: str) -> Vectors:
        assert self.encoder is not None
        return np.asarray(self.encoder.encode([text])[0], dtype=np.float32)

    def _add_feature(self, message: Message, vector: Vectors) -> None:
        message.add_features(
            Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
        )


def _scaling(encoder: Encoder, training_data: TrainingData) -> Scaling:
    """Learns the scaling from the training examples: in any order, each wording once."""
    texts = [text for text, _ in nlu_examples(training_data)]
    return Scaling.fit(encoder.encode(texts), FEATURE_LENGTH)
