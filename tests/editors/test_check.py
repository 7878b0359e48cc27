"""The whole check, on knowledge bases of a few lines whose cosines are plain to see."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.editors import program
from bot.editors.check import check
from bot.editors.finding import Finding, Level
from bot.editors.neighbours import ask_all
from bot.editors.reviews import Rules
from bot.knowledge.base import load_knowledge
from bot.retrieval.catalogue import Catalogue
from bot.retrieval.entries import Entry, EntryKind
from bot.settings import ROOT
from tests.fakes import BODY_LINE, WordEncoder, write_knowledge

RULES = Rules(date(2026, 11, 24))

BODY = "## Cells\n\nRed cells carry air.\n\n## Sleep\n\nRest at night helps people.\n"
QUESTIONS = """\
passages:
  - id: doc/cells/red-cells-carry-air
    label: Red cells
    questions:
      - what do red cells carry
      - do red cells carry air
      - red cells
      - carry air
      - what do cells do
  - id: doc/sleep/rest-at-night-helps-people
    label: Rest
    questions:
      - does rest help
      - rest at night
      - how to rest
      - should people rest at night
      - {last}
"""
LAST_LINE = 17


def found(
    tmp_path: Path,
    *,
    body: str = BODY,
    last: str = "rest and night",
    topics: str | None = None,
) -> list[Finding]:
    """Returns the findings but for the unknown sources that every such document has."""
    root = write_knowledge(
        tmp_path, {"doc": body}, questions={"doc.yml": QUESTIONS.format(last=last)}
    )
    if topics is not None:
        (root / "not_covered.yml").write_text(topics, encoding="utf-8")
    findings = check(root, RULES, WordEncoder())
    return [f for f in findings if "unknown" not in f.what]


def test_a_sound_knowledge_base_has_none(tmp_path: Path) -> None:
    assert found(tmp_path) == []


def test_a_question_that_asks_for_another_passage_is_named_with_its_line(tmp_path: Path) -> None:
    [finding] = found(tmp_path, last="do the red cells carry air")
    assert finding.level is Level.WARNING
    assert (finding.path.name, finding.line) == ("doc.yml", LAST_LINE)
    assert "nearer to 'Red cells'" in finding.what


def test_the_same_question_under_two_passages_must_be_mended(tmp_path: Path) -> None:
    errors = [f for f in found(tmp_path, last="RED cells!") if f.level is Level.ERROR]
    assert [(f.path.name, f.line) for f in errors] == [("doc.yml", LAST_LINE)]
    assert "doc.yml:7" in errors[0].what


def test_the_same_question_under_a_topic_must_be_mended(tmp_path: Path) -> None:
    topics = (
        "topics:\n  - id: air\n    topic: air\n    ask: us\n    questions:\n      - carry air\n"
    )
    errors = [f for f in found(tmp_path, topics=topics) if f.level is Level.ERROR]
    assert [(f.path.name, f.line) for f in errors] == [("not_covered.yml", 6)]


def test_the_same_words_twice_must_be_mended(tmp_path: Path) -> None:
    body = BODY + "\n## Again\n\nRed cells carry air.\n"
    errors = [f for f in found(tmp_path, body=body) if f.level is Level.ERROR]
    assert [(f.path.name, f.line) for f in errors] == [("doc.md", BODY_LINE + 10)]
    assert f"doc.md:{BODY_LINE + 2}" in errors[0].what


def test_nearly_the_same_words_are_named(tmp_path: Path) -> None:
    # Four words of four and five: 4 / sqrt(4 * 5) = 0.89.
    body = BODY + "\n## Again\n\nAll red cells carry air.\n"
    alike = [f for f in found(tmp_path, body=body) if "nearly the same" in f.what]
    assert [(f.line, f.level) for f in alike] == [(BODY_LINE + 10, Level.WARNING)]


def test_a_passage_without_questions_is_named(tmp_path: Path) -> None:
    body = BODY + "\n## Food\n\nEat what you like.\n"
    [finding] = found(tmp_path, body=body)
    assert "no questions lead to 'doc/food/eat-what-you-like'" in finding.what
    assert finding.line == BODY_LINE + 10
    assert "doc.yml" in finding.remedy


def test_a_passage_that_its_questions_do_not_find_is_named(tmp_path: Path) -> None:
    asked = QUESTIONS.index("      - does rest help")
    questions = QUESTIONS[:asked].replace("label: Rest", "label: what do red")
    questions += "".join(f"      - {word}\n" for word in ("red", "cells", "carry", "air", "{last}"))
    root = write_knowledge(
        tmp_path, {"doc": BODY}, questions={"doc.yml": questions.format(last="what do")}
    )
    unreached = [f for f in check(root, RULES, WordEncoder()) if "asked anew" in f.what]
    assert [(f.path.name, f.line) for f in unreached] == [("doc.yml", 10)]


def test_without_an_encoder_the_rest_is_checked(tmp_path: Path) -> None:
    root = write_knowledge(tmp_path, {"doc": BODY})
    what = [f.what for f in check(root, RULES, None)]
    assert any("no questions" in w for w in what)


def test_a_question_does_not_find_itself() -> None:
    # The second 'a b' is the first one's only help: alone, each would be found by nothing.
    entries = [
        Entry("one", EntryKind.QUESTION, "a b"),
        Entry("one", EntryKind.QUESTION, "c d"),
        Entry("two", EntryKind.QUESTION, "a e"),
    ]
    first, second, third = ask_all(entries, WordEncoder())
    assert (first.rank, first.nearest) == (2, "two")  # 'a e' has 0.5; its own has (-1 + 0) / 2
    assert first.lead == pytest.approx(0.5 - -0.5)
    assert second.rank == 2
    assert third.nearest == "one"


def test_the_shipped_knowledge_has_nothing_that_must_be_mended() -> None:
    errors = [f for f in check(ROOT / "knowledge", RULES, None) if f.level is Level.ERROR]
    assert errors == []


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_knowledge(tmp_path, {"doc": BODY})
    options = ["check", "--quick", "--knowledge", str(root)]
    assert program.main(options) == 0
    assert "0 errors" in capsys.readouterr().out
    assert program.main([*options, "--production"]) == 1
    (root / "doc.md").write_text("no front matter", encoding="utf-8")
    assert program.main(options) == 1
    assert "front matter is missing" in capsys.readouterr().out


def test_a_preview_without_a_question_or_a_model_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["preview", "--", ""]) == 2
    assert 'make preview Q="' in capsys.readouterr().err
    assert program.main(["preview", "--model", str(tmp_path), "what is CRS?"]) == 2
    assert "make train" in capsys.readouterr().err


def test_what_was_never_encoded_here_is_left_to_another_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_knowledge(tmp_path, {"doc": BODY})
    monkeypatch.setattr(program, "not_remembered", lambda texts: len(list(texts)))
    monkeypatch.setattr(program, "plain_encoder", WordEncoder)
    # Two passages without questions: quote, sentence and heading of each.
    options = ["check", "--knowledge", str(root), "--encode-at-most"]
    assert program.main([*options, "6"]) == 0
    assert "not run" not in capsys.readouterr().out
    assert program.main([*options, "5"]) == 0
    assert "not run: checks by meaning, 6 texts" in capsys.readouterr().out


def marked(folder: Path, body: str, section: str, flags: dict[str, str]) -> Path:
    """Writes a document of one section, and which of its passages may follow an escalation."""
    entries = "".join(
        f"  - id: doc/{section}/{name}\n    label: A {name}\n    after_escalation: {flag}\n"
        f"    questions: [is {name} bad]\n"
        for name, flag in flags.items()
    )
    return write_knowledge(folder, {"doc": body}, questions={"doc.yml": f"passages:\n{entries}"})


SIGNS = "## Signs\n\nWatch for:\n\n- fever\n- chills\n"


@pytest.mark.parametrize(
    ("fever", "chills", "named"),
    [("true", "true", 0), ("false", "false", 0), ("true", "false", 1), ("false", "true", 1)],
)
def test_an_item_that_withholds_its_list_after_an_escalation_is_named(
    tmp_path: Path, fever: str, chills: str, named: int
) -> None:
    root = marked(tmp_path, SIGNS, "signs", {"fever": fever, "chills": chills})
    findings = [f for f in check(root, RULES, None) if "quoted together" in f.what]
    assert len(findings) == named
    if named:
        assert findings[0].level is Level.WARNING
        withheld = "fever" if fever == "false" else "chills"
        assert f"doc/signs/{withheld}" in findings[0].what
        other = "chills" if fever == "false" else "fever"
        line = (root / "questions" / "doc.yml").read_text("utf-8").split("\n")[findings[0].line - 1]
        assert f"doc/signs/{other}" in line
        assert findings[0].path.name == "doc.yml"


STEPS = "## Steps\n\nOne step.\n\n<!-- outline -->\n\n| Step | What |\n|---|---|\n| Wait | Better wait. |\n"


@pytest.mark.parametrize(
    ("lead", "row", "named"),
    [("true", "true", 0), ("false", "true", 0), ("true", "false", 1), ("false", "false", 0)],
)
def test_a_row_that_withholds_the_outline_of_its_table_is_named(
    tmp_path: Path, lead: str, row: str, named: int
) -> None:
    root = marked(tmp_path, STEPS, "steps", {"one-step": lead, "wait": row})
    found = [f for f in check(root, RULES, None) if "quoted together" in f.what]
    assert ["doc/steps/wait" in f.what for f in found] == [True] * named
    cards = Catalogue.of(load_knowledge(root)).cards
    assert cards["doc/steps/one-step"].after_escalation is (lead == row == "true")
    assert cards["doc/steps/wait"].after_escalation is (row == "true")
