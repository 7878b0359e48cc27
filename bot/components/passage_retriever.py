"""Finds the passage that answers each message and decides: answer, clarify or abstain."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import contract
from bot.components.adaptation import (
    encoder_defaults,
    nlu_examples,
    off_topic,
    training_encoder,
)
from bot.components.fingerprint import code_hash
from bot.components.query_writer import Queries
from bot.errors import SettingsError
from bot.knowledge.base import knowledge_hash, load_knowledge
from bot.retrieval.asking import asks_alone
from bot.retrieval.catalogue import Catalogue
from bot.retrieval.followup import FollowUp
from bot.retrieval.memory import FITTED, FitMemory
from bot.retrieval.message_data import decision_data
from bot.retrieval.ranking import Ranking
from bot.retrieval.retriever import Retriever
from bot.retrieval.router import Context, Decision, route
from bot.safety import Verdict
from bot.safety.clauses import Clause
from bot.settings import ROOT, Settings, load_settings

logger = logging.getLogger(__name__)

FOREIGN_WORDS = 3
"""A word or two ("hola", "yo") is too little to tell a person that we cannot read them."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class PassageRetriever(GraphComponent):  # type: ignore[misc]
    """Holds the FAISS index that training built, and the decision about each message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Returns the default config: the encoder, and where the knowledge base is."""
        return encoder_defaults()

    @staticmethod
    def required_packages() -> list[str]:
        """Lists packages that must be importable (faiss is imported where it is used)."""
        return ["sentence_transformers"]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Covers the knowledge base and the modules that read, index and decide."""
        root = ROOT / str({**cls.get_default_config(), **config}["knowledge"])
        code = code_hash(
            "encoding",
            "knowledge",
            "retrieval",
            "safety",
            "components/adaptation.py",
            "contract.py",
        )
        return knowledge_hash(root) + code

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self.retriever: Retriever | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PassageRetriever:
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
    ) -> PassageRetriever:
        """Loads the index.

        Raises:
            ModelError: if it is missing or damaged: found when the model is loaded, not when
                a person asks.
            SettingsError: in production, if it would quote texts that are not reviewed.
        """
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component.retriever = Retriever.load(folder)
        require_reviewed(component.retriever.catalogue, load_settings())
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Builds the index from `knowledge/`; off-topic examples teach what to decline.

        Raises:
            KnowledgeError: listing every problem in the knowledge base.
        """
        knowledge = load_knowledge(ROOT / str(self._config["knowledge"]))
        trained = training_encoder(self._config, training_data, "retriever")
        retriever = Retriever.fit(
            knowledge,
            trained.encoder,
            off_topic(nlu_examples(training_data)),
            adapted=trained.folder is not None,
            memory=FitMemory(FITTED),
        )
        with self._model_storage.write_to(self._resource) as folder:
            retriever.save(folder)
        return self._resource

    def process(self, messages: list[Message], tracker: DialogueStateTracker) -> list[Message]:
        """Adds the decision to each message; the conversation gives it context."""
        for message in messages:
            try:
                self._decide(message, _context(tracker))
            except Exception as error:  # The policy then says that it cannot look it up.
                logger.error("retrieval failed: %s", type(error).__name__)
                failed = Decision(contract.UTTER_UNAVAILABLE)
                message.set(contract.DECISION, failed.as_dict(), add_to_output=True)
        return messages

    def _decide(self, message: Message, context: Context) -> None:
        if self.retriever is None:
            raise RuntimeError("process() before load()")
        verdict_data = message.get(contract.VERDICT)
        verdict = Verdict.from_dict(verdict_data) if verdict_data else None
        urgent = verdict is not None and (verdict.urgent or verdict.crisis)
        text = message.get(TEXT) or ""
        intent = message.get(INTENT) or {}
        query, ranking = self._rank(message, text, verdict if urgent else None)
        foreign = verdict is not None and verdict.language != "en" and not urgent
        foreign = foreign and len(text.split()) >= FOREIGN_WORDS
        decision = route(
            query,
            intent.get("name"),
            float(intent.get("confidence") or 0.0),
            ranking,
            self.retriever.catalogue,
            context=context,
            urgent=urgent,
            following=partial(self._follow_up, message, ranking, context)
            if ranking and context.leans_on and not foreign
            else None,
        )
        if foreign and decision.action != contract.UTTER_ANSWER:
            decision = Decision(contract.UTTER_UNREADABLE, confidence=decision.confidence)
        mark = self._mark(message, decision)
        data = decision_data(decision, self.retriever.catalogue, mark)
        message.set(contract.DECISION, data, add_to_output=True)

    def _rank(
        self, message: Message, text: str, urgent: Verdict | None
    ) -> tuple[str, Ranking | None]:
        """Ranks for the message; beside an urgent symptom, for what else it asks, if it does.

        What only adds to the symptom ("since this morning") or asks about it ("is that on the
        list?") is no question of its own: then the whole message is searched.
        """
        assert self.retriever is not None
        embeddings = message.get(contract.EMBEDDINGS)
        if embeddings is None:
            return text, None
        queries = message.get(contract.QUERIES) or Queries(text)
        vector = embeddings.query
        titled = self.retriever.catalogue.by_label(text)
        if urgent is not None and embeddings.clauses and not titled:
            rest = _without_findings(embeddings.clauses, urgent)
            asked = asks_alone([embeddings.clauses[i].text for i in rest])
            if asked and len(rest) < len(embeddings.clauses):
                text = " ".join(embeddings.clauses[i].text for i in rest)
                vector = embeddings.clause_vectors[rest].mean(axis=0)
                vector = vector / max(float(np.linalg.norm(vector)), 1e-6)
                queries = Queries(text)
        return text, self.retriever.rank(text, vector, widened=queries.text)

    def _mark(self, message: Message, decision: Decision) -> tuple[int, int] | None:
        """Finds the sentence to mark, unless the passage was asked for by its title or place.

        In a text of which we are not sure no sentence stands out as the one that answers.
        """
        embeddings, queries = message.get(contract.EMBEDDINGS), message.get(contract.QUERIES)
        if self.retriever is None or embeddings is None or not decision.passage:
            return None
        if decision.confidence == 1.0 or decision.action == contract.UTTER_NEAREST:
            return None
        text = queries.text if queries else str(message.get(TEXT) or "")
        return self.retriever.marker.mark(decision.passage, text, embeddings.query)

    def _follow_up(self, message: Message, alone: Ranking, context: Context) -> FollowUp | None:
        """Reads the message behind the answer that was just given."""
        assert self.retriever is not None
        queries, embeddings = message.get(contract.QUERIES), message.get(contract.EMBEDDINGS)
        if not queries or queries.in_context is None or queries.last != context.leans_on:
            return None
        if queries.last not in self.retriever.catalogue.cards:  # Said by another model.
            return None
        if embeddings is None or embeddings.in_context is None:
            return None
        try:
            vectors = np.stack([embeddings.query, embeddings.in_context()])
            return self.retriever.read_second(
                queries.text, queries.in_context, queries.last, alone, vectors
            )
        except Exception as error:  # Then the message is read on its own.
            logger.error("message not read in context: %s", type(error).__name__)
            return None


def require_reviewed(catalogue: Catalogue, settings: Settings) -> None:
    """Refuses in production a model with texts that nobody of the clinic has signed off.

    Checked where the model is loaded, so that it holds for every way of starting the bot.

    Raises:
        SettingsError: naming the documents.
    """
    if not settings.production or settings.allow_unreviewed:
        return
    titles = sorted({card.title for card in catalogue.cards.values() if not card.reviewed})
    if titles:
        raise SettingsError(
            f"the model quotes texts that the clinic has not reviewed: {', '.join(titles)}. Write "
            "`reviewed_by` and `reviewed_on` into their front matter and train again, or set "
            "GUIDE_ALLOW_UNREVIEWED=1"
        )


def _without_findings(clauses: list[Clause], verdict: Verdict) -> list[int]:
    """Returns the numbers of the clauses that hold none of the verdict's findings."""
    return [
        number
        for number, clause in enumerate(clauses)
        if not any(f.start < clause.end and clause.start < f.end for f in verdict.affirmed)
    ]


def _context(tracker: DialogueStateTracker | None) -> Context:
    if tracker is None:
        return Context()
    answer = tracker.slots.get(contract.SLOT_ANSWER)
    offered = tracker.slots.get(contract.SLOT_OFFERED)
    outcome = tracker.slots.get(contract.SLOT_OUTCOME)
    last = answer.value if answer else None
    before = outcome.value if outcome else None
    done = [str(e.action_name) for e in reversed(tracker.events) if isinstance(e, ActionExecuted)]
    content = [name for name in done if name != contract.UTTER_CLARIFY]
    passage = last.get("id") if isinstance(last, dict) else None
    # On a text of which we were not sure nothing is known to lean.
    quoted = next((name for name in content if name in contract.QUOTING), None)
    in_doubt = contract.OUTCOMES[contract.UTTER_NEAREST]
    doubtful = quoted == contract.UTTER_NEAREST or (quoted is None and before == in_doubt)
    return Context(
        last_passage=passage if contract.has_just_quoted(done, before) else None,
        leans_on=passage if contract.has_just_quoted(content, before) and not doubtful else None,
        offered=tuple(offered.value or ()) if offered else (),
    )
