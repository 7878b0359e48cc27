"""Previews over small indexes, with a bot that has no graph behind it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot import contract
from bot.editors.preview import View, changes, name, views
from bot.editors.preview_text import as_text
from bot.editors.trained_vectors import PREVIEWED, with_memory
from bot.encoding import CachingEncoder
from bot.evaluation.parsed import Look, Parsed
from bot.knowledge.base import KnowledgeBase, load_knowledge
from bot.retrieval.entries import OFF_TOPIC
from bot.retrieval.retriever import Retriever
from bot.safety import Finding, Level, Verdict
from tests.fakes import WordEncoder, write_knowledge

BODY = "## Cells\n\nRed cells carry air.\n\n## Sleep\n\nRest at night helps people.\n"
CELLS, SLEEP = "doc/cells/red-cells-carry-air", "doc/sleep/rest-at-night-helps-people"
OFF = ["play some music", "what is the weather"]
FEVER = Verdict(Level.URGENT, (Finding("fever_chills", "core", 0, 5, "pattern"),))


def knowledge(folder: Path, cells: str, sleep: str) -> KnowledgeBase:
    """Writes two passages with one question each, and a label."""
    questions = (
        f"passages:\n  - id: {CELLS}\n    label: Red cells\n    questions: [{cells}]\n"
        f"  - id: {SLEEP}\n    label: Rest\n    questions: [{sleep}]\n"
    )
    topics = "topics:\n  - id: cost\n    topic: costs\n    ask: us\n    questions: [what is it]\n"
    root = write_knowledge(
        folder, {"doc": BODY}, questions={"doc.yml": questions}, not_covered=topics
    )
    return load_knowledge(root)


class PlainBot:
    """Answers with whatever ranks first; has no thresholds."""

    adapted = False

    def __init__(self, retriever: Retriever, encoder: WordEncoder) -> None:
        self.retriever = retriever
        self._encoder = encoder

    def look(self, text: str, retriever: Retriever | None = None) -> Look:
        """Reads a message."""
        vector = self._encoder.encode([text])[0]
        ranking = (retriever or self.retriever).rank(text, vector)
        decision = {"action": contract.UTTER_ANSWER, "passage": ranking.passages[0].target}
        verdict = FEVER if "fever" in text else None
        parsed = Parsed(text, "ask_question", decision, verdict, confidence=ranking.confidence)
        return Look(parsed, ranking, vector, 0.75)


def seen(tmp_path: Path, question: str, *, edited: bool) -> list[View]:
    encoder = WordEncoder()
    old = knowledge(tmp_path / "old", "what carries air", "how to doze")
    new = knowledge(tmp_path / "new", "how to doze", "what carries air") if edited else old
    bot = PlainBot(Retriever.fit(old, encoder, OFF), encoder)
    return views(question, bot, new, OFF, encoder)


def test_one_view_while_the_files_are_as_trained(tmp_path: Path) -> None:
    [view] = seen(tmp_path, "what carries air then", edited=False)
    first = view.lines[0]
    assert first.target == CELLS
    assert first.match is not None
    assert (first.match.kind.value, first.match.text) == ("question", "what carries air")
    assert first.match.cosine == pytest.approx(3 / np.sqrt(3 * 4), abs=1e-6)
    assert view.decision == "answered: Red cells"


def test_an_edit_is_seen_without_a_training(tmp_path: Path) -> None:
    before, after = seen(tmp_path, "how to doze", edited=True)
    assert (before.lines[0].target, after.lines[0].target) == (SLEEP, CELLS)
    assert after.lines[0].match is not None
    assert after.lines[0].match.text == "how to doze"
    found = changes(before, after)
    assert found[0] == "the reply: answered: Rest -> answered: Red cells"
    assert "Red cells: place 2 -> place 1" in found
    assert changes(after, after) == []


def test_the_old_texts_are_told_by_their_quotes_only(tmp_path: Path) -> None:
    before, _ = seen(tmp_path, "red cells carry air to where", edited=True)
    assert before.lines[0].match is not None
    assert before.lines[0].match.text == "Red cells carry air."
    topic = next(line for line in before.lines if line.name.startswith("("))
    assert topic.match is None


def test_text_shows_scores_match_and_change(tmp_path: Path) -> None:
    text = as_text("how to doze", seen(tmp_path, "how to doze", edited=True))
    assert text.startswith("Question: how to doze")
    assert 'question, 1.000: "how to doze"' in text
    assert "Intent: ask_question (0.75)" in text
    assert "(its texts have changed since)" in text
    assert text.rindex("What the edit changes") > text.index("== As trained")


def test_text_says_that_nothing_changes(tmp_path: Path) -> None:
    [view] = seen(tmp_path, "how to doze", edited=False)
    assert as_text("how to doze", [view, view]).endswith("  nothing")


def test_text_puts_an_escalation_first(tmp_path: Path) -> None:
    lines = as_text("fever", seen(tmp_path, "fever", edited=False)).splitlines()
    assert lines[3] == "The escalation goes out first (fever_chills)"


def test_a_question_that_could_not_be_encoded_is_said(tmp_path: Path) -> None:
    look = Look(Parsed("x", "greet", {"action": None}, None), None, None, 0.0)
    text = as_text("x", [View("As trained", look, (), "")])
    assert "could not be encoded" in text
    assert "small talk" in text


def test_names(tmp_path: Path) -> None:
    catalogue = Retriever.fit(knowledge(tmp_path, "a", "b"), WordEncoder(), OFF).catalogue
    assert name(CELLS, catalogue) == "Red cells"
    assert name(OFF_TOPIC, catalogue) == "(off topic)"
    assert name("topic:cost", catalogue) == "(not covered: costs)"
    assert name("topic:gone", catalogue) == "(not covered: topic:gone)"
    assert name("doc/gone", catalogue) == "doc/gone"


class Other(WordEncoder):
    """Another encoder: the same axes, turned round."""

    def encode(self, texts: object) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """Returns vectors that differ from WordEncoder's."""
        return super().encode(texts)[:, ::-1]  # type: ignore[arg-type]


def test_the_vectors_of_the_models_own_training_are_found(tmp_path: Path) -> None:
    CachingEncoder(Other(), tmp_path / "embeddings-other.npz").encode(["a passage"])
    CachingEncoder(WordEncoder(), tmp_path / "embeddings-own.npz").encode(["a passage"])
    found = with_memory(WordEncoder(), "a passage", tmp_path)
    assert found._path.name == "embeddings-own.npz"
    assert with_memory(WordEncoder(), "unseen", tmp_path)._path.name == PREVIEWED


def test_another_models_previews_are_forgotten(tmp_path: Path) -> None:
    with_memory(Other(), "a passage", tmp_path).encode(["a passage"])
    assert (tmp_path / PREVIEWED).is_file()
    encoder = with_memory(WordEncoder(), "a passage", tmp_path)
    assert not (tmp_path / PREVIEWED).exists()
    encoder.encode(["a passage"])
    assert with_memory(WordEncoder(), "a passage", tmp_path)._path.is_file()
