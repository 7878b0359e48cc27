"""The article is quoted word for word: nothing lost, nothing changed, nothing added."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.knowledge.document import MAX_WORDS, Document, read_document
from bot.knowledge.passage import PassageKind
from bot.settings import ROOT

ARTICLE = ROOT / "knowledge" / "car-t-cell-therapy.md"
SOURCE = Path(__file__).parent.parent / "data" / "car-t-cell-therapy.txt"
HANDED_OVER = ROOT.parent / "shared" / "source" / "car-t-cell-therapy.txt"


@pytest.fixture(scope="module")
def article() -> Document:
    return read_document(ARTICLE)


@pytest.fixture(scope="module")
def source() -> str:
    return SOURCE.read_text(encoding="utf-8")


def words_of(text: str) -> list[str]:
    """Splits at white space, without bullets, column rules and the table's line of dashes."""
    lines = [line.removeprefix("- ") for line in text.splitlines() if set(line) - set("|-")]
    return [w for line in lines for w in line.replace("|", " ").split()]


def words_as_read(document: Document) -> list[str]:
    """Collects headings, lead-ins, column headers and passages, each once, in reading order."""
    said: list[str] = []
    path: tuple[str, ...] = ()
    lead, columns = "", False
    for passage in document.passages:
        said += [
            h
            for i, h in enumerate(passage.heading_path)
            if passage.heading_path[: i + 1] != path[: i + 1]
        ]
        path = passage.heading_path
        if passage.kind is PassageKind.ITEM and passage.lead != lead:
            said.append(passage.lead)
        lead = passage.lead
        if passage.kind is PassageKind.ROW:
            cells = [line.partition(": ") for line in passage.text.split("\n")]
            if not columns:
                said += [header for header, _, _ in cells]
            said += [cell for _, _, cell in cells]
        else:
            said.append(passage.text)
        columns = passage.kind is PassageKind.ROW
    return words_of("\n".join(said))


def test_the_checked_in_source_is_the_one_handed_over() -> None:
    if not HANDED_OVER.is_file():
        pytest.skip("../shared is not here: the checked-in copy stands for it")
    assert SOURCE.read_bytes() == HANDED_OVER.read_bytes()


def test_no_word_is_lost_or_changed(article: Document, source: str) -> None:
    assert words_as_read(article) == words_of(source)


def test_the_markdown_adds_heading_marks_comments_and_blank_lines_only(source: str) -> None:
    body = ARTICLE.read_text(encoding="utf-8").split("---\n", 2)[2]
    body = re.sub(r"<!--.*?-->", "", body)
    lines = [line.lstrip("#").strip() for line in body.splitlines() if line.strip()]
    assert lines == [line.strip() for line in source.splitlines() if line.strip()]


def test_how_many_passages_of_each_kind(article: Document) -> None:
    # Counted in the article by hand: 4 + 3 list items, 5 rows, 4 questions; the rest paragraphs.
    kinds = [p.kind for p in article.passages]
    assert len(kinds) == 47
    assert kinds.count(PassageKind.ITEM) == 7
    assert kinds.count(PassageKind.ROW) == 5
    assert kinds.count(PassageKind.FAQ) == 4
    assert kinds.count(PassageKind.PARAGRAPH) == 31


def test_each_quote_stands_in_the_source_in_order(article: Document, source: str) -> None:
    everything = " ".join(words_of(source))
    for passage in article.passages:
        at = 0
        pieces = [passage.lead, *passage.text.split("\n")]
        if passage.kind is PassageKind.ROW:  # A header stands above all its cells.
            headers, _, cells = zip(*(p.partition(": ") for p in pieces[1:]), strict=True)
            assert " ".join(headers) in everything
            pieces = list(cells)
        for piece in pieces:
            at = everything.find(piece, at)
            assert at >= 0, (passage.id, piece)


def test_a_quote_adds_a_bullet_at_most(article: Document) -> None:
    for passage in article.passages:
        pieces = passage.whole_list or (passage.text, *passage.outline)
        quoted = passage.quote.replace("\n• ", "\n").split()
        assert quoted == " ".join((passage.lead, *pieces)).split()
        assert len(quoted) <= MAX_WORDS
        assert passage.text in passage.quote


def test_the_warning_signs_are_quoted_together(article: Document) -> None:
    (quote,) = {p.quote for p in article.passages if p.lead.startswith("A few symptoms")}
    assert quote == (
        "A few symptoms should always get quick attention:\n"
        "• Fever after CAR T-cell therapy\n"
        "• New confusion, trouble speaking, or unusual sleepiness\n"
        "• Shortness of breath, chest pain, or fainting"
    )


def test_the_steps_are_quoted_in_outline(article: Document) -> None:
    (passage,) = [p for p in article.passages if p.outline]
    assert passage.quote == (
        "The CAR T-cell therapy process feels less mysterious when you break it into individual "
        "pieces.\n"
        "• Leukapheresis: The team removes some of your T cells from your blood.\n"
        "• Lab changes: A lab adds instructions that help the cells recognize cancer.\n"
        "• Lymphodepleting chemotherapy: You get a short course of chemotherapy before the "
        "infusion.\n"
        "• Infusion day: The changed cells go back into your bloodstream.\n"
        "• Monitoring: Your team watches for side effects and checks your response."
    )
    rows = [p.id for p in article.passages if p.kind is PassageKind.ROW]
    assert passage.together == (passage.id, *rows)


def test_nobody_invented_a_publisher_or_a_review(article: Document) -> None:
    source = article.source
    assert (source.title, source.as_of) == ("CAR T-cell therapy", "2026-06")
    assert {source.publisher, source.url, source.reviewed_by, source.reviewed_on} == {"unknown"}
