"""Which questions teach the urgency classifier what is quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.components import quiet_examples as module
from bot.components.quiet_examples import quiet_examples
from bot.knowledge.base import KnowledgeBase, load_knowledge
from bot.safety import PatternDetector

FRONT = (
    "---\nid: d\ntitle: D\npublisher: unknown\nurl: unknown\nas_of: 2026-06\n"
    "reviewed_by: unknown\nreviewed_on: unknown\nlanguage: en\n---\n\n"
)


@pytest.fixture
def knowledge(tmp_path: Path) -> KnowledgeBase:
    (tmp_path / "d.md").write_text(
        FRONT
        + "## Calm\n\nThe lab prepares the cells.\n\n## Loud\n\nCall if you have chest pain.\n"
    )
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "d.yml").write_text(
        "passages:\n"
        "  - id: d/calm/the-lab-prepares-the-cells\n    questions: [who prepares the cells,"
        " what happens in the lab]\n"
        "  - id: d/loud/call-if-you-have-chest-pain\n    questions: [when should we ring, is chest pain one]\n"
    )
    (tmp_path / "not_covered.yml").write_text(
        "topics:\n  - {id: parking, topic: parking, ask: the desk, questions: [where do I park]}\n"
        "  - {id: labs, topic: labs, ask: a nurse, questions: [my oxygen is 84, what is ferritin]}\n"
    )
    return load_knowledge(tmp_path)


def test_what_mentions_or_may_mean_a_symptom_is_left_out(knowledge: KnowledgeBase) -> None:
    examples = [
        ("hello there", "greet"),
        ("I feel odd", "report_symptom"),
        ("may I stop my pills", "ask_personal_medical_advice"),
        ("hi, I have chest pain", "greet"),
    ]
    assert quiet_examples(knowledge, examples, PatternDetector()) == [
        "hello there",
        "may I stop my pills",
        "who prepares the cells",
        "what happens in the lab",
        "where do I park",
    ]


def test_too_many_are_thinned_out_evenly(
    knowledge: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_QUESTIONS", 2)
    examples = [("hello number 1", "greet"), ("hello number 2", "greet")]
    # Small talk stays; of 3 questions 2 are wanted, so every second one is kept.
    assert quiet_examples(knowledge, examples, PatternDetector()) == [
        "hello number 1",
        "hello number 2",
        "who prepares the cells",
        "where do I park",
    ]
