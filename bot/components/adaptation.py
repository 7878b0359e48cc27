"""The encoder that all components share: the packaged one, or the one adapted to the domain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import contract
from bot.components.fingerprint import code_hash, files_hash
from bot.components.quiet_examples import quiet_examples
from bot.encoding import DEFAULT_MODEL, Encoder, load_encoder, remembering, weights_digest
from bot.encoding.adaptation import (
    ORIGIN,
    PRETRAINED,
    Task,
    adapted_folder,
    is_whole,
    load_adapted,
    load_heads,
    weights_of,
)
from bot.encoding.head import Head
from bot.encoding.holdout import held_out
from bot.knowledge.base import KnowledgeBase, load_knowledge
from bot.retrieval.entries import EntryKind, build_entries
from bot.safety import PatternDetector
from bot.safety.quick import shared_patterns
from bot.safety.training import Example, load_examples, load_taught, quiet
from bot.settings import ROOT, load_settings

URGENCY = "urgency"
QUESTIONS = "questions"
INTENTS = "intents"

KNOWN = ROOT / ".rasa" / "adaptation.json"
"""Which adaptation the texts of the last training led to."""

CODE = (
    "encoding",
    "safety",
    "knowledge",
    "retrieval/entries.py",
    "components/adaptation.py",
    "components/quiet_examples.py",
)
"""What decides, beside the texts, what an encoder is adapted on."""

MIXED_LENGTH = 160
"""Quiet texts up to this many characters are put around others."""


@dataclass(frozen=True)
class TrainingEncoder:
    """An encoder for training, with its heads and its folder if it was adapted."""

    encoder: Encoder
    heads: dict[str, Head]
    folder: Path | None


def encoder_defaults() -> dict[str, Any]:
    """Returns the settings that every component which encodes must share (config.yml)."""
    return {"model": DEFAULT_MODEL, "adapt": True, "knowledge": "knowledge"}


def off_topic(examples: Sequence[tuple[str, str]]) -> list[str]:
    """Lists the examples that have nothing to do with the knowledge base."""
    return [text for text, intent in examples if intent == contract.INTENT_OUT_OF_SCOPE]


def nlu_examples(training_data: TrainingData) -> list[tuple[str, str]]:
    """Lists the NLU examples as (text, intent), in an order of their own."""
    pairs = {
        (str(m.get(TEXT)), str(m.get(INTENT))) for m in training_data.intent_examples if m.get(TEXT)
    }
    return sorted(pairs)


def urgency_examples(
    knowledge: KnowledgeBase, examples: Sequence[tuple[str, str]], patterns: PatternDetector
) -> list[Example]:
    """Lists what the detector learns from: its own data, and what people ask without a symptom."""
    return [*load_examples(), *quiet(quiet_examples(knowledge, examples, patterns))]


def tasks(knowledge: KnowledgeBase, examples: Sequence[tuple[str, str]]) -> list[Task]:
    """Collects what the encoder is adapted on: urgency, which passage answers a question, intents.

    Of a passage only a heading that is a question is among it, so that another edit of a passage
    does not start an adaptation.
    """
    patterns = shared_patterns(load_settings().fever_celsius)
    urgency = [e for e in urgency_examples(knowledge, examples, patterns) if not held_out(e.text)]
    asked = [
        (e.text, e.target)
        for e in build_entries(knowledge, off_topic(examples))
        if e.kind is EntryKind.QUESTION and not held_out(e.text)
    ]
    meant = [(text, intent) for text, intent in examples if not held_out(text)]
    calm = [e.text for e in urgency if e.label == "neither" and len(e.text) <= MIXED_LENGTH]
    return [
        Task(
            URGENCY,
            tuple(e.text for e in urgency),
            tuple(e.right for e in urgency),
            share=0.75,
            mixed=tuple(calm),
            taught=load_taught(),
        ),
        Task(
            QUESTIONS,
            tuple(text for text, _ in asked),
            tuple((target,) for _, target in asked),
            share=0.5,
        ),
        Task(
            INTENTS,
            tuple(text for text, _ in meant),
            tuple((intent,) for _, intent in meant),
        ),
    ]


def training_encoder(
    config: dict[str, Any], training_data: TrainingData, user: str
) -> TrainingEncoder:
    """Returns the encoder of a config; adapts it first if that is asked for and not done yet.

    `user` names the component, whose vectors are remembered apart.
    """
    model = str(config["model"])
    if not config["adapt"]:
        plain = remembering(load_encoder(model), weights_digest(model), user)
        return TrainingEncoder(plain, {}, None)
    folder = _adapted(config, nlu_examples(training_data))
    encoder = remembering(load_adapted(model, folder), weights_of(folder), user)
    return TrainingEncoder(encoder, load_heads(folder), folder)


def _adapted(
    config: dict[str, Any], examples: Sequence[tuple[str, str]], known: Path = KNOWN
) -> Path:
    """Returns the adaptation to these texts.

    Which one it is, is kept for the last texts: to collect them again the patterns would read
    20,000 questions, ten seconds after each edit of a passage.
    """
    model = str(config["model"])
    knowledge = load_knowledge(ROOT / str(config["knowledge"]))
    passages = [(p.id, p.lead) for p in knowledge.passages]
    sources = files_hash(adaptation_sources(config)) + code_hash(*CODE)
    fever = load_settings().fever_celsius
    asked = json.dumps([weights_digest(model), sources, fever, passages, examples])
    key = hashlib.sha256(asked.encode()).hexdigest()
    try:
        kept = json.loads(known.read_text("utf-8"))
        found: Path = ROOT / str(kept["folder"])
        if kept["key"] == key and is_whole(found):
            return found
    except (OSError, ValueError, KeyError, TypeError):  # None yet, or damaged: collect them.
        pass
    folder = adapted_folder(model, tasks(knowledge, examples), pretrained=PRETRAINED)
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_text(json.dumps({"key": key, "folder": str(place)}), "utf-8")
    return folder


def adaptation_sources(config: dict[str, Any]) -> Sequence[Path]:
    """Lists what an adaptation reads beside the detector's data, for fingerprints."""
    root = ROOT / str(config["knowledge"])
    asked = [*root.glob("questions/*.yml"), *root.glob("not_covered.yml")]
    return [*asked, *PRETRAINED.glob(ORIGIN)]
