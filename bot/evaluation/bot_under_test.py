"""Runs messages through the trained bot's own graph: the only module here that imports Rasa."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bot import contract
from bot.encoding import Encoder
from bot.errors import ModelError
from bot.evaluation.parsed import Look, ModelCard, Parsed
from bot.evaluation.progress import shown
from bot.knowledge.base import knowledge_hash
from bot.retrieval.retriever import Retriever
from bot.safety import Level, Verdict
from bot.safety.pattern_detector import Examination
from bot.safety.quick import quick_verdict
from bot.settings import ROOT, quiet_third_parties

NOTHING_FOUND = Examination(Verdict(Level.NONE))
"""What the classifier is told of the patterns when it is measured alone."""

DEPTH = 5
"""Passages kept of each ranking."""


class BotUnderTest:
    """The newest trained model, asked message by message as a fresh conversation would."""

    def __init__(self, agent: Any, name: str) -> None:
        self._agent = agent
        parts = _components(agent)
        self._retrieving = parts["PassageRetriever"]
        self._retriever: Retriever = self._retrieving.retriever
        self.encoder: Encoder | None = parts["SentenceEncoder"].encoder
        self.adapted = bool(self._retrieving._config["adapt"])
        self._classifier = parts["SymptomDetector"].detector.classifier
        catalogue = self._retriever.catalogue
        self.card = ModelCard(
            name=name,
            knowledge_hash=catalogue.hash,
            faults=tuple(
                _faults(catalogue.hash, self._classifier, parts["SentenceEncoder"].encoder)
            ),
            labels={i: c.label for i, c in catalogue.cards.items()},
        )

    @classmethod
    def load(cls, models: Path = ROOT / "models") -> BotUnderTest:
        """Loads the newest model of a folder, or a model file.

        Raises:
            ModelError: if there is none, or it cannot be loaded.
        """
        found = [models] if models.is_file() else sorted(models.glob("*.tar.gz"), key=_written)
        if not found:
            raise ModelError(f"There is no trained model in {models}. Run `make train`.")
        quiet_third_parties()
        _quiet_logs()
        from rasa.core.agent import Agent

        path = found[-1]
        try:
            agent = Agent.load(str(path))
        except Exception as error:
            raise ModelError(f"{path} cannot be loaded ({error}). Run `make train`.") from error
        if not agent.is_ready():
            raise ModelError(f"{path} cannot be loaded. Run `make train`.")
        return cls(agent, path.name)

    def read(self, texts: Sequence[str], label: str) -> list[Parsed]:
        """Reads messages one by one; `label` names the set in the progress line."""
        return asyncio.run(self._read_all(texts, label))

    def read_after(self, pairs: Sequence[tuple[str, str]], label: str) -> list[Parsed]:
        """Reads messages, each right after the passage of that id was quoted: (passage, text)."""
        return asyncio.run(self._read_pairs(pairs, label))

    async def _read_pairs(self, pairs: Sequence[tuple[str, str]], label: str) -> list[Parsed]:
        return [await self._read(text, after=passage) for passage, text in shown(label, pairs)]

    @property
    def retriever(self) -> Retriever:
        """The index that the model was trained with."""
        return self._retriever

    def look(self, text: str, retriever: Retriever | None = None) -> Look:
        """Reads one message with the numbers behind it, over another index if one is given."""
        trained = self._retriever
        self._retriever = self._retrieving.retriever = retriever or trained
        try:
            return asyncio.run(self._look(text))
        finally:
            self._retriever = self._retrieving.retriever = trained

    async def _read_all(self, texts: Sequence[str], label: str) -> list[Parsed]:
        return [await self._read(text) for text in shown(label, texts)]

    async def _read(self, text: str, *, after: str | None = None) -> Parsed:
        return (await self._look(text, after=after)).parsed

    async def _look(self, text: str, *, after: str | None = None) -> Look:
        from rasa.core.channels.channel import UserMessage

        data = await self._agent.processor.parse_message(
            UserMessage(text), self._conversation(after), only_output_properties=False
        )
        verdict = data.get(contract.VERDICT)
        embeddings = data.get(contract.EMBEDDINGS)
        ranked: tuple[str, ...] = ()
        confidence, alarm, ranking = 0.0, None, None
        if embeddings is not None:
            widened = data[contract.QUERIES].text
            ranking = self._retriever.rank(text, embeddings.query, widened=widened, top=DEPTH)
            ranked = tuple(h.target for h in ranking.passages)
            confidence = ranking.confidence
            alarm = self._classifier_alarm(text, embeddings)
        intent = data.get("intent") or {}
        parsed = Parsed(
            text=text,
            intent=str(intent.get("name")),
            decision=data.get(contract.DECISION) or {},
            verdict=Verdict.from_dict(verdict) if verdict else None,
            ranked=ranked,
            confidence=confidence,
            classifier_alarm=alarm,
            patterns_alarm=_alarms(quick_verdict(text)),
        )
        vector = None if embeddings is None else embeddings.query
        return Look(parsed, ranking, vector, float(intent.get("confidence") or 0.0))

    def _conversation(self, passage: str | None) -> Any:
        """Returns a conversation in which that passage was the last answer."""
        from rasa.shared.core.events import SlotSet
        from rasa.shared.core.trackers import DialogueStateTracker

        tracker = DialogueStateTracker("evaluation", self._agent.domain.slots)
        card = self._retriever.catalogue.cards.get(passage or "")
        if card is not None:
            answer = {"id": card.id, "label": card.label}
            tracker.update(SlotSet(contract.SLOT_ANSWER, answer))
            tracker.update(SlotSet(contract.SLOT_OUTCOME, contract.OUTCOMES[contract.UTTER_ANSWER]))
        return tracker

    def _classifier_alarm(self, text: str, embeddings: Any) -> bool | None:
        if self._classifier is None:
            return None
        scores = self._classifier.scores(
            embeddings.whole,
            embeddings.clause_vectors,
            texts=[text, *(clause.text for clause in embeddings.clauses)],
            examined=NOTHING_FOUND,
        )
        limits = self._classifier.thresholds
        return bool(scores.urgent >= limits.urgent or scores.crisis >= limits.crisis)


def _written(path: Path) -> float:
    return path.stat().st_mtime


def _alarms(verdict: Verdict) -> bool:
    return verdict.urgent or verdict.crisis


def _faults(trained_on: str, classifier: Any, encoder: Any) -> Iterator[str]:
    if trained_on != knowledge_hash(ROOT / "knowledge"):
        yield "the model was trained on another version of knowledge/: run `make train`"
    if classifier is None:
        yield "the urgency classifier did not load, so the patterns decide alone: run `make train`"
    if encoder is None:
        yield "the sentence encoder did not load: run `make train`"


def _components(agent: Any) -> dict[str, Any]:
    """Returns the loaded components by class name; Rasa has no public way to them."""
    nodes = agent.processor.graph_runner._instantiated_nodes.values()
    return {type(c).__name__: c for c in (n._component for n in nodes) if c is not None}


def _quiet_logs() -> None:
    """Rasa logs the text of each message at debug level through structlog."""
    import structlog

    level = logging.ERROR
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))
    logging.getLogger("rasa").setLevel(level)


def read_selector(model: Path, intent: str, texts: Sequence[str]) -> list[list[tuple[str, float]]]:
    """Reads texts with a Rasa model that holds a ResponseSelector and nothing of ours.

    Returns:
        For each text, the response keys of a retrieval intent with their confidence, best first.
    """
    quiet_third_parties()
    _quiet_logs()
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))

    async def read() -> list[list[tuple[str, float]]]:
        found = []
        for text in shown("ResponseSelector", texts):
            parsed = await agent.parse_message(text)
            ranking = parsed["response_selector"][intent]["ranking"]
            found.append(
                [(r["intent_response_key"].split("/")[1], float(r["confidence"])) for r in ranking]
            )
        return found

    return asyncio.run(read())
