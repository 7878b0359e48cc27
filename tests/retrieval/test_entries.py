"""What is searched, and which passages are as good as each other."""

from __future__ import annotations

from pathlib import Path

from bot.knowledge.base import load_knowledge
from bot.retrieval.entries import alike_pairs
from tests.fakes import write_knowledge

BODY = "## Care\n\nWash hands often.\n\nSoap and water help.\n\nSo, what about hands?\n"
HANDS, SOAP = "doc/care/wash-hands-often", "doc/care/soap-and-water-help"
LEAD = "doc/care/so-what-about-hands"


def pairs(root: Path, questions: str) -> list[tuple[str, str]]:
    return alike_pairs(
        load_knowledge(write_knowledge(root, {"doc": BODY}, questions={"doc.yml": questions}))
    )


def test_a_pair_is_listed_once_whoever_names_it(tmp_path: Path) -> None:
    one = f"passages:\n- id: {HANDS}\n  alike: [{SOAP}]\n- id: {SOAP}\n"
    both = f"passages:\n- id: {HANDS}\n  alike: [{SOAP}]\n- id: {SOAP}\n  alike: [{HANDS}]\n"
    assert pairs(tmp_path / "one", one) == [(SOAP, HANDS)]
    assert pairs(tmp_path / "both", both) == [(SOAP, HANDS)]


def test_what_a_passage_leads_in_to_stands_for_it(tmp_path: Path) -> None:
    text = f"passages:\n- id: {LEAD}\n  instead: {HANDS}\n  alike: [{HANDS}, {SOAP}]\n"
    assert pairs(tmp_path, text) == [(SOAP, HANDS)]
