"""Reading grades, with the formula worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.editors.finding import Level
from bot.editors.grade import FEWEST_WORDS, check_grades, reading_grade, syllables
from bot.knowledge.document import read_document
from tests.fakes import BODY_LINE, document_text


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("the", 1),
        ("cells", 1),
        ("changes", 2),
        ("treated", 2),
        ("looked", 1),
        ("people", 2),
        ("chemotherapy", 5),
        ("cytokine", 3),
        ("yes", 1),
        ("CRS", 1),
        ("T-cell", 1),
    ],
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_grade_is_flesch_and_kincaids() -> None:
    # Two sentences of three words of one syllable: 0.39 * 3 + 11.8 * 1 - 15.59.
    assert reading_grade("The cat sat. The dog ran.") == pytest.approx(-2.62)
    assert reading_grade("1, 2, 3!") is None


def test_only_long_passages_that_are_hard_are_named(tmp_path: Path) -> None:
    easy = "The cat sat on the mat. " * 5
    hard = "Immunological complications necessitate multidisciplinary hospitalization " * 6
    assert len(hard.split()) >= FEWEST_WORDS
    path = tmp_path / "doc.md"
    path.write_text(document_text(f"{easy}\n\n{hard}\n\nImmunotherapeutics.\n"), encoding="utf-8")
    found = list(check_grades(read_document(path)))
    assert {f.level for f in found} == {Level.NOTE}
    assert BODY_LINE + 2 in {f.line for f in found}
    assert BODY_LINE not in {f.line for f in found}
    assert BODY_LINE + 4 not in {f.line for f in found}
