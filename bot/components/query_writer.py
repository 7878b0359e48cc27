"""Writes what is searched for a message: its words, widened, and once more with the last topic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import contract
from bot.components.fingerprint import code_hash, files_hash
from bot.knowledge.base import GLOSSARY_FILE
from bot.knowledge.glossary import Glossary, Term, read_glossary
from bot.retrieval.followup import behind
from bot.settings import ROOT

TERMS_FILE = "glossary.json"

RECENT = 3
"""Messages after which an answer is no longer what "it" means."""


@dataclass(frozen=True)
class Queries:
    """What is searched: `text` on its own, and `in_context` behind the title of passage `last`."""

    text: str
    in_context: str | None = None
    last: str | None = None


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class QueryWriter(GraphComponent):  # type: ignore[misc]
    """Adds the queries to each message, before the sentence encoder encodes them with it."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Returns the default config: where the knowledge base is."""
        return {"knowledge": "knowledge"}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Covers the glossary and the code that reads it."""
        root = ROOT / str({**cls.get_default_config(), **config}["knowledge"])
        return files_hash([root / GLOSSARY_FILE]) + code_hash(
            "knowledge", "retrieval/followup.py", "contract.py"
        )

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self.glossary = Glossary(())

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> QueryWriter:
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
    ) -> QueryWriter:
        """Loads the glossary."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            terms = json.loads((folder / TERMS_FILE).read_text("utf-8"))
        component.glossary = Glossary([Term(term, tuple(also)) for term, also in terms])
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Takes the glossary into the model.

        Raises:
            KnowledgeError: listing every problem in the glossary.
        """
        glossary = read_glossary(ROOT / str(self._config["knowledge"]) / GLOSSARY_FILE)
        terms = [[term.term, list(term.also)] for term in glossary.terms]
        with self._model_storage.write_to(self._resource) as folder:
            (folder / TERMS_FILE).write_text(json.dumps(terms, ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: list[Message], tracker: DialogueStateTracker) -> list[Message]:
        """Adds the queries to each message."""
        last = recent_answer(tracker)
        for message in messages:
            widened = self.glossary.widen(message.get(TEXT) or "")
            queries = Queries(widened)
            if last is not None and last.get("label"):
                queries = Queries(widened, behind(str(last["label"]), widened), str(last["id"]))
            message.set(contract.QUERIES, queries)
        return messages


def recent_answer(tracker: DialogueStateTracker | None) -> dict[str, Any] | None:
    """Returns the record of the last answer, unless the talk has moved on since."""
    messages = 0
    for event in reversed(tracker.events if tracker else ()):
        if isinstance(event, UserUttered):
            messages += 1
            if messages > RECENT:
                return None
        elif isinstance(event, SlotSet) and event.key == contract.SLOT_ANSWER:
            return event.value if isinstance(event.value, dict) else None
    return None
