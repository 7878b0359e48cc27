"""A glossary puts the documents' words beside those that a person used, and adds nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import KnowledgeError
from bot.knowledge.base import knowledge_files, load_knowledge
from bot.knowledge.glossary import Glossary, Term, read_glossary
from bot.settings import ROOT

GLOSSARY = Glossary(
    [
        Term("cytokine release syndrome", ("CRS", "cytokine storm")),
        Term("lymphodepleting chemotherapy", ("wash-out chemo",)),
    ]
)


@pytest.mark.parametrize(
    ("text", "widened"),
    [
        ("what is CRS?", "what is CRS? (cytokine release syndrome)"),
        ("is crs bad", "is crs bad (cytokine release syndrome)"),
        ("the wash-out chemo", "the wash-out chemo (lymphodepleting chemotherapy)"),
        # One letter of fourteen is wrong: 2 * 13 / 28 = 93 of 100.
        ("a citokine storm", "a citokine storm (cytokine release syndrome)"),
        (
            "CRS after the wash-out chemo",
            "CRS after the wash-out chemo (cytokine release syndrome, lymphodepleting chemotherapy)",
        ),
    ],
)
def test_other_words_bring_the_documents_words(text: str, widened: str) -> None:
    assert GLOSSARY.widen(text) == widened


@pytest.mark.parametrize(
    "text",
    [
        "",
        "what happens on infusion day?",
        "how much does it cost",
        "is cytokine release syndrome (CRS) dangerous",  # The term is there.
        "crisis",  # Holds no word "crs".
        "cps",  # Three letters, one of them wrong.
    ],
)
def test_nothing_else_is_added(text: str) -> None:
    assert GLOSSARY.widen(text) == text


@given(st.text(max_size=80))
def test_what_was_typed_comes_first_and_twice_is_once(text: str) -> None:
    widened = GLOSSARY.widen(text)
    assert widened.startswith(text)
    assert GLOSSARY.widen(widened) == widened


def test_the_shipped_glossary_is_read_with_the_knowledge_base() -> None:
    knowledge = load_knowledge(ROOT / "knowledge")
    assert "cytokine release syndrome" in knowledge.glossary.widen("whats crs")
    assert ROOT / "knowledge" / "glossary.yml" in knowledge_files(ROOT / "knowledge")


def write(folder: Path, text: str) -> Path:
    path = folder / "glossary.yml"
    path.write_text(text, encoding="utf-8")
    return path


ABOUT = """about: {title: t, as_of: "2026-11", reviewed_by: unknown, reviewed_on: unknown, language: en}
"""


def test_no_file_is_no_glossary(tmp_path: Path) -> None:
    assert read_glossary(tmp_path / "glossary.yml").terms == ()


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("terms: []\n", 1, "about"),
        (ABOUT + "terms:\n  - term: CRS\n", 3, "also"),
        (
            ABOUT + "terms:\n  - term: a b\n    also: [x1]\n  - term: A B\n    also: [y]\n",
            5,
            "twice",
        ),
        (ABOUT + "terms:\n  - term: a\n    also: [x1]\n  - term: b\n    also: [X1]\n", 6, "x1"),
        (ABOUT + "terms: [\n", 3, "not readable"),
    ],
    ids=["no front matter", "no other words", "a term twice", "one word, two terms", "broken"],
)
def test_a_bad_glossary_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(KnowledgeError) as caught:
        read_glossary(path)
    assert f"{path}:{line}" in caught.value.problems[0]
    assert says in caught.value.problems[0].casefold()
