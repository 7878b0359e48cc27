"""Markdown into passages: every kind of block, stable ids, and every refusal with its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import KnowledgeError
from bot.knowledge.document import MAX_WORDS, Document, read_document
from bot.knowledge.passage import Passage, PassageKind, Source, slug
from tests.fakes import BODY_LINE, FRONT_MATTER, document_text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "doc.md"


def read(path: Path, body: str, **fields: str | None) -> Document:
    path.write_text(document_text(body, **fields), encoding="utf-8")
    return read_document(path)


def problems(path: Path, body: str, **fields: str | None) -> list[str]:
    with pytest.raises(KnowledgeError) as caught:
        read(path, body, **fields)
    return caught.value.problems


def only(document: Document) -> Passage:
    (passage,) = document.passages
    return passage


# --- Every kind of block ----------------------------------------------------------------------


def test_a_paragraph_is_a_passage_of_the_title_above_the_first_heading(path: Path) -> None:
    passage = only(read(path, "Two words,\nand more."))
    assert passage.kind is PassageKind.PARAGRAPH
    assert passage.text == passage.quote == "Two words, and more."
    assert passage.section == "A document"
    assert passage.heading_path == ()
    assert passage.id == "doc/opening/two-words-and-more"
    assert passage.line == BODY_LINE


def test_marks_go_and_words_stay(path: Path) -> None:
    body = (
        r"**Bold**, *slanted*, `code`, [a link](https://x.org), \*star\*, &lt;5 & <https://y.org>"
    )
    assert only(read(path, body)).text == "Bold, slanted, code, a link, *star*, <5 & https://y.org"


def test_a_line_break_is_a_space(path: Path) -> None:
    assert only(read(path, "one\ntwo  \nthree\\\nfour")).text == "one two three four"


def test_an_item_carries_its_lead_in(path: Path) -> None:
    document = read(path, "## Care\n\nWatch for:\n\n- fever\n- chills\n  and shaking\n")
    assert [p.text for p in document.passages] == ["fever", "chills and shaking"]
    assert {p.lead for p in document.passages} == {"Watch for:"}
    assert document.passages[1].searched == "Watch for:\n• chills and shaking"
    assert document.passages[1].kind is PassageKind.ITEM


def test_a_short_list_is_quoted_whole(path: Path) -> None:
    document = read(path, "Watch for:\n\n- fever\n- chills\n\nCall us.\n")
    whole = "Watch for:\n• fever\n• chills"
    assert [p.quote for p in document.passages] == [whole, whole, "Call us."]
    assert [p.searched for p in document.passages[:2]] == [
        "Watch for:\n• fever",
        "Watch for:\n• chills",
    ]


@pytest.mark.parametrize(("words", "together"), [(59, True), (60, False)])
def test_a_list_that_is_too_long_is_quoted_item_by_item(
    path: Path, words: int, together: bool
) -> None:
    first, second = "one " * 59 + "end", "two " * (words - 1) + "end"
    document = read(path, f"Lead:\n\n- {first}\n- {second}\n")
    assert [p.quote == p.searched for p in document.passages] == [not together] * 2
    assert all(len(p.quote.split()) <= MAX_WORDS + 2 for p in document.passages)  # And bullets.


def test_a_numbered_list_keeps_its_numbers(path: Path) -> None:
    document = read(path, "In this order:\n\n1. wash\n2. dry\n")
    assert document.passages[1].quote == "In this order:\n1. wash\n2. dry"


@pytest.mark.parametrize("lead", ["Watch for:", ""])
@pytest.mark.parametrize("kind", ["- ", "1. "])
def test_a_piece_stands_where_it_is_said_to(path: Path, lead: str, kind: str) -> None:
    body = f"## Why?\n\nBecause.\n\n{lead}\n\n{kind}fever\n{kind}hot fever\n{kind}rest\n"
    for passage in read(path, body).passages:
        assert passage.quote[passage.start :].startswith(passage.text)
        assert passage.quote[: passage.start].endswith(("• ", ". ", "\n")) or not passage.start


def test_a_list_without_a_lead_in_is_quoted_item_by_item(path: Path) -> None:
    document = read(path, "## Care\n\n- day\n- night\n")
    assert [p.quote for p in document.passages] == ["day", "night"]


def test_a_lead_in_belongs_to_the_list_right_below_it_only(path: Path) -> None:
    document = read(path, "First:\n\n- a\n\nBetween.\n\nSecond:\n\n1. b\n\n* c\n")
    assert [(p.lead, p.text) for p in document.passages] == [
        ("First:", "a"),
        ("", "Between."),
        ("Second:", "b"),
        ("", "c"),
    ]


def test_a_list_inside_an_item_is_refused(path: Path) -> None:
    # Read with its item it would be quoted run together: "outer inner".
    with pytest.raises(KnowledgeError) as error:
        read(path, "- first\n- outer\n  1. inner\n     - innermost\n")
    assert [f":{BODY_LINE + 2}: a list inside a list item" in p for p in error.value.problems] == [
        True
    ]
    assert "a list of its own" in str(error.value)


def test_a_row_is_its_column_headers_and_cells_and_nothing_else(path: Path) -> None:
    body = "## Steps\n\n| Step | Where |\n|:--|--:|\n| One | *Here* |\n| Two | There \\| yonder |\n"
    first, second = read(path, body).passages
    assert first.quote == first.text == "Step: One\nWhere: Here"
    assert second.text == "Step: Two\nWhere: There | yonder"
    assert (first.kind, first.lead, first.id) == (PassageKind.ROW, "", "doc/steps/one")
    # Heading in line 1 of the body, header in 3, its rule in 4, rows in 5 and 6.
    assert (first.line, second.line) == (BODY_LINE + 4, BODY_LINE + 5)


OUTLINE = "<!-- outline -->\n\n"
TABLE = "| Step | What | And |\n|---|---|---|\n| One | We wash. | x |\n| Two | Twice | y |\n"


def test_a_table_is_outlined_where_an_editor_says_so(path: Path) -> None:
    first, *others = read(path, f"Two steps.\n\n{OUTLINE}{TABLE}").passages
    assert first.quote == "Two steps.\n• One: We wash.\n• Two: Twice"
    assert (first.text, first.searched, first.start) == ("Two steps.", "Two steps.", 0)
    assert first.together == (first.id, *(p.id for p in others))
    assert [p.quote for p in others] == [
        "Step: One\nWhat: We wash.\nAnd: x",
        "Step: Two\nWhat: Twice\nAnd: y",
    ]


def test_a_table_is_not_outlined_by_itself(path: Path) -> None:
    # "Never | Drive a car." would be said as "Drive a car."
    first = read(path, f"Two steps.\n\n{TABLE}").passages[0]
    assert (first.quote, first.outline, first.together) == ("Two steps.", (), ())


@pytest.mark.parametrize("comments", ["<!-- id: wash -->\n\n", "<!-- a note -->\n\n"])
def test_other_comments_may_stand_beside_an_outline(path: Path, comments: str) -> None:
    for both in (comments + OUTLINE, OUTLINE + comments):
        assert read(path, f"Two steps.\n\n{both}{TABLE}").passages[0].outline


def test_the_outline_of_a_table_under_a_question_stands_below_its_answer(path: Path) -> None:
    first = read(path, f"## What is done?\n\nTwo steps.\n\n{OUTLINE}{TABLE}").passages[0]
    assert first.quote == "What is done?\nTwo steps.\n• One: We wash.\n• Two: Twice"
    assert first.quote[first.start :].startswith(first.text)


@pytest.mark.parametrize(
    "body",
    [
        f"Two steps.\n\n## Steps\n\n{OUTLINE}{TABLE}",
        f"- item\n\n{OUTLINE}{TABLE}",
        f"> Quoted.\n\n{OUTLINE}{TABLE}",
        f"Two steps.\n\n{OUTLINE}Three.\n\n{TABLE}",
        f"{OUTLINE}{TABLE}",
        f"Two steps.\n\n{TABLE}\n{OUTLINE}",
    ],
    ids=["heading", "list", "quotation", "paragraph", "first", "last"],
)
def test_an_outline_of_nothing_is_refused(path: Path, body: str) -> None:
    (found,) = problems(path, body)
    line = BODY_LINE + body[: body.index("<!--")].count("\n")
    assert f":{line}: an outline of nothing" in found
    assert "right below it" in found


@pytest.mark.parametrize("words", [115, 116])
def test_an_outline_that_is_too_long_is_refused(path: Path, words: int) -> None:
    body = f"{'word ' * (words - 1)}end.\n\n{OUTLINE}{TABLE}"
    if words == 115:
        assert read(path, body).passages[0].outline
    else:
        (found,) = problems(path, body)
        assert "121 words" in found and "leave the outline out" in found


def test_an_answer_carries_the_question_above_it(path: Path) -> None:
    body = "## FAQ\n\n### Can it wait?\n\nNo.\n\nCall first.\n\n## Next\n\nText.\n"
    answer, more, text = read(path, body).passages
    assert (answer.kind, answer.quote) == (PassageKind.FAQ, "Can it wait?\nNo.")
    assert more.quote == "Can it wait?\nCall first."
    assert answer.heading_path == ("FAQ", "Can it wait?")
    assert (text.kind, text.heading_path) == (PassageKind.PARAGRAPH, ("Next",))


def test_a_quotation_is_read_as_paragraphs_and_a_rule_as_nothing(path: Path) -> None:
    document = read(path, "> One.\n>\n> Two.\n\n***\n\nThree.\n")
    assert [p.text for p in document.passages] == ["One.", "Two.", "Three."]


def test_headings_nest(path: Path) -> None:
    body = "# A\n\n## B\n\nx\n\n### C\n\ny\n\n## D\n\nz\n\nE\n=\n\nw\n"
    assert [p.heading_path for p in read(path, body).passages] == [
        ("A", "B"),
        ("A", "B", "C"),
        ("A", "D"),
        ("E",),
    ]


def test_comments_are_for_editors(path: Path) -> None:
    document = read(path, "<!-- to\ndo -->\n\nSeen <!-- not seen --> words.\n")
    assert only(document).text == "Seen words."


# --- Ids --------------------------------------------------------------------------------------

ARTICLE = """Opening words here.

## First section

A paragraph of the first.

Watch for:

- one thing
- another thing

## Second section

| Step | What |
|---|---|
| Alpha | a |

### Is it so?

It is.
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Opening words here.", "Other words.\n\nAnd one more paragraph."),
        ("A paragraph of the first.", "Inserted above.\n\nA paragraph of the first."),
        ("- one thing\n", "- zero\n- one thing\n"),
        ("## Second", "## A new section\n\nNew.\n\n## Second"),
        ("| Alpha | a |", "| Before | b |\n| Alpha | a |"),
        ("Watch for:", "Look out for:"),
    ],
    ids=["opening", "paragraph", "item", "section", "row", "lead-in"],
)
def test_ids_survive_edits_elsewhere(path: Path, old: str, new: str) -> None:
    before = {p.id for p in read(path, ARTICLE).passages}
    after = {p.id for p in read(path, ARTICLE.replace(old, new)).passages}
    gone = before - after
    assert gone <= {"doc/opening/opening-words-here"}
    assert bool(gone) == old.startswith("Opening")


def test_the_end_of_a_passage_may_be_edited_without_changing_its_id(path: Path) -> None:
    before = only(read(path, "One two three four five six seven.")).id
    assert only(read(path, "One two three four five six eight.")).id == before


def test_an_id_comment_names_the_next_passage_and_only_that(path: Path) -> None:
    document = read(path, "## S\n\n<!-- id: my-name -->\nText.\n\nMore.\n")
    assert [p.id for p in document.passages] == ["doc/my-name", "doc/s/more"]


def test_an_id_comment_tells_twins_apart(path: Path) -> None:
    twins = "## S\n\nSame words.\n\n{}Same words.\n"
    assert len(problems(path, twins.format(""))) == 1
    document = read(path, twins.format("<!-- id: twin -->\n"))
    assert [p.id for p in document.passages] == ["doc/s/same-words", "doc/twin"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Crème brûlée, 2 ways!", "creme-brulee-2-ways"),
        ("a b c d", "a-b-c"),
        ("中文", "passage"),
        ("", "passage"),
    ],
)
def test_slug(text: str, expected: str) -> None:
    assert slug(text, words=3 if text == "a b c d" else 9) == expected


# --- Refusals ---------------------------------------------------------------------------------

LONG = " ".join(["word"] * (MAX_WORDS + 1))


@pytest.mark.parametrize(
    ("body", "line", "what", "remedy"),
    [
        ("", -1, "holds no text", "below the front matter"),
        ("# Only a heading\n", 0, "section 'Only a heading' is empty", "add text"),
        ("## A\n\n## B\n\nText.\n", 0, "section 'A' is empty", "or remove it"),
        ("Text.\n\n## A\n\n### B\n", 4, "section 'B' is empty", "add text"),
        ("## \n\nText.\n", 0, "heading without words", "name the section"),
        (f"Text.\n\n{LONG}\n", 2, "121 words is too long", "at most 120"),
        (f"Look:\n\n- {LONG[5:]}\n", 2, "121 words", "split it"),
        ("Same start.\n\nSame start.\n", 2, f"in line {BODY_LINE}", "<!-- id:"),
        ("<!-- id: x -->\nA.\n\n<!-- id: x -->\nB.\n", 4, "'x' is already used", "another"),
        ("<!-- id: Bad_Id -->\nA.\n", 0, "'Bad_Id' cannot be an id", "lower-case"),
        ("| a | b |\n| c | d |\n", 0, "a broken table", "header row"),
        ("a | b\n--|--|--\nc | d\n", 0, "a broken table", "header row"),
        ("| a | |\n|---|---|\n| c | d |\n", 0, "empty column header", "name every column"),
        ("| a | b |\n|---|---|\n| c |\n", 2, "1 cells below 2 headers", "fill every cell"),
        ("| a | b |\n|---|---|\n| c | d | e |\n", 2, "3 cells below 2", "fill every cell"),
        ("| a | b |\n|---|---|\n| c | |\n", 2, "or empty ones", "fill every cell"),
        ("Text.\n\n| a | b |\n|---|---|\n", 2, "a table without rows", "add a row"),
        ("- a\n-\n", 1, "an empty list item", "or remove it"),
        ("<div>\nText.\n</div>\n", 0, "raw HTML", "in Markdown"),
        ("Text <b>bold</b>.\n", 0, "raw HTML ('<b>')", "in Markdown"),
        ("fever <b and c> chills\n", 0, "raw HTML", "backslash"),
        ("- a\n\n  <div>lost</div>\n", 2, "raw HTML", "of its own"),
        ("<!-- note --> Text.\n", 0, "text beside a comment", "a line of its own"),
        ("Text.\n\n<!-- never closed\n\nLost.\n", 2, "text beside a comment", "of its own"),
        ("```\ncode\n```\n", 0, "a code block", "paragraph"),
        ("- a\n\n  ```\n  lost\n  ```\n", 2, "a code block", "paragraph"),
        ("Text.\n\n    indented\n", 2, "an indented block", "paragraph"),
        ("See ![what it shows](x.png).\n", 0, "an image", "say in words"),
        ("Text.\n\n[note]: fever\n", 2, "'[NOTE]: ...' reads as", "backslash"),
        ("2026. was a good year\n", 0, "begins with 2026", "backslash"),
    ],
    ids=lambda value: re.sub(r"\W+", "-", value)[:32] if isinstance(value, str) else str(value),
)
def test_refusals_name_line_and_remedy(
    path: Path, body: str, line: int, what: str, remedy: str
) -> None:
    found = problems(path, body)
    place = f"{path}:{BODY_LINE + line}: "
    matching = [p for p in found if p.startswith(place) and what in p]
    assert matching, found
    assert remedy in matching[0].split(" -> ")[1]


@pytest.mark.parametrize("count", [MAX_WORDS - 1, MAX_WORDS], ids=["119", "120"])
def test_a_passage_of_up_to_120_words_is_accepted(path: Path, count: int) -> None:
    assert len(only(read(path, " ".join(["word"] * count))).text.split()) == count


def test_the_lead_in_counts_as_it_is_said(path: Path) -> None:
    # 20 + 100 words are said together: exactly 120; one more is too many.
    lead, item = " ".join(["lead"] * 20), " ".join(["word"] * 100)
    assert len(read(path, f"{lead}\n\n- {item}\n").passages) == 1
    assert "121 words" in problems(path, f"{lead}\n\n- {item} more\n")[0]


def test_all_problems_of_a_file_are_reported_at_once(path: Path) -> None:
    assert len(problems(path, "## A\n\n## B\n\n```\nx\n```\n\n| a | b |\n| c | d |\n")) == 4


def test_a_link_by_reference_is_a_link(path: Path) -> None:
    assert only(read(path, "See [there][1].\n\n[1]: https://x.org\n")).text == "See there."


# --- Front matter -----------------------------------------------------------------------------


def test_front_matter_becomes_the_source(path: Path) -> None:
    source = read(path, "Text.", as_of="2026-06-15", language="no", publisher='"A: B"').source
    assert source == Source(
        **{**FRONT_MATTER, "as_of": "2026-06-15", "language": "no", "publisher": "A: B"}
    )
    assert not source.reviewed


@pytest.mark.parametrize(
    ("by", "on", "reviewed"),
    [
        ("Dr. A", "2026-07-01", True),
        ("unknown", "2026-07-01", False),
        ("Dr. A", "unknown", False),
        ("unknown", "unknown", False),
    ],
)
def test_reviewed_needs_both_who_and_when(path: Path, by: str, on: str, reviewed: bool) -> None:
    document = read(path, "Text.", reviewed_by=by, reviewed_on=on)
    assert document.source.reviewed is reviewed


@pytest.mark.parametrize("field", list(FRONT_MATTER))
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
def test_each_field_is_asked_for_by_name(path: Path, field: str, value: str | None) -> None:
    assert problems(path, "Text.", **{field: value}) == [
        f"{path}:1: front matter has no '{field}' -> add `{field}: ...`, or `{field}: unknown`"
    ]


def test_an_unknown_field_is_named_with_its_line(path: Path) -> None:
    # Line 1 is `---`, the eight fields follow, so the ninth stands in line 10.
    (found,) = problems(path, "Text.", reveiwed="x")
    assert found == (
        f"{path}:10: front matter has an unknown field 'reveiwed' -> remove or rename it"
    )


@pytest.mark.parametrize("identity", ["Doc", "a b", "a_b", "a/b", "-a", "é"])
def test_a_bad_id_is_refused(path: Path, identity: str) -> None:
    (found,) = problems(path, "Text.", id=identity)
    assert found.startswith(f"{path}:2: '{identity}' cannot be an id -> use lower-case")


@pytest.mark.parametrize(
    "text",
    ["", "Text.\n", "\n---\nid: x\n---\n", "---\nid: x\n"],
    ids=["empty file", "only text", "not at the top", "never closed"],
)
def test_missing_front_matter_is_refused(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        KnowledgeError, match=r"doc\.md:1: front matter is missing -> begin the file"
    ):
        read_document(path)


def test_broken_front_matter_names_the_line(path: Path) -> None:
    # Line 3 is `title: CAR T: the basics`: a colon inside a value.
    (found,) = problems(path, "Text.", title="CAR T: the basics")
    assert found.startswith(f"{path}:3: front matter is not YAML -> ")
    assert "quotes" in found


def test_front_matter_that_is_not_a_list_of_fields_lacks_them_all(path: Path) -> None:
    path.write_text("---\njust words\n---\nText.", encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        read_document(path)
    assert len(caught.value.problems) == len(FRONT_MATTER)


# --- Encodings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encode",
    [
        lambda t: t.replace("\n", "\r\n").encode(),
        lambda t: b"\xef\xbb\xbf" + t.encode(),
        lambda t: t.replace("\n", "\r").encode(),
    ],
    ids=["CRLF", "byte order mark", "CR"],
)
def test_other_editors_files_read_the_same(path: Path, encode: Callable[[str], bytes]) -> None:
    expected = read(path, ARTICLE)
    path.write_bytes(encode(document_text(ARTICLE)))
    assert read_document(path) == expected


def test_other_encodings_are_refused_with_line_and_remedy(path: Path) -> None:
    path.write_bytes(document_text("One.\n\nCafé.").encode("latin-1"))
    with pytest.raises(KnowledgeError) as caught:
        read_document(path)
    line = BODY_LINE + 2
    assert caught.value.problems == [
        f"{path}:{line}: a letter is not UTF-8 -> save the file as UTF-8"
    ]


def test_unicode_stays_as_it_is(path: Path) -> None:
    text = "“Ärzte” – naïve café… 中文 🙂 e\u0301 \u200d ½ Αθήνα"
    assert only(read(path, text)).text == text


# --- Nothing is lost --------------------------------------------------------------------------

WORDS = st.lists(
    st.text(alphabet="abcXYZ0189éßñ中,.;?!'’()“”-—/%°", min_size=1, max_size=8),
    min_size=1,
    max_size=12,
).map(lambda words: "w" + " ".join(words))


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draws a well-formed document and all its texts."""
    blocks, texts = [], []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["paragraph", "section", "list", "table", "quotation"]))
        body = [f"u{number} {draw(WORDS)}" for _ in range(draw(st.integers(2, 4)))]
        body = [f"v{place}{text}" for place, text in enumerate(body)]
        texts += body
        if kind == "paragraph":
            blocks += body
        elif kind == "section":
            blocks += [f"## {body[0]}", *body[1:]]
        elif kind == "list":
            blocks += [body[0], "\n".join(f"- {t}" for t in body[1:])]
        elif kind == "table":
            rows = "\n".join(f"| {t} | {t} |" for t in body[1:])
            blocks.append(f"| {body[0]} | {body[0]} |\n|---|---|\n{rows}")
        else:
            blocks.append("\n>\n".join(f"> {t}" for t in body))
    return "\n\n".join(blocks), texts


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents())
def test_reading_loses_no_word(path: Path, drawn: tuple[str, list[str]]) -> None:
    body, texts = drawn
    document = read(path, body)
    said = [t for p in document.passages for t in (*p.heading_path, p.lead, *p.text.split("\n"))]
    for text in texts:
        wanted = " ".join(text.split())
        assert any(wanted in line for line in said), wanted


def read_or_refuse(path: Path, body: str) -> tuple[Document | None, list[str]]:
    try:
        return read(path, body), []
    except KnowledgeError as error:
        return None, error.problems


TOKENS = st.lists(
    st.sampled_from(
        ["word"] * 8
        + ["\n", "\n\n", "\n- ", "\n1. ", "\n# ", "\n> ", "\n| ", " | ", "|\n|---|---|\n", "    "]
        + [
            "```",
            "`",
            "*",
            "_",
            "<b>",
            "<",
            ">",
            "<!--",
            "-->",
            "[",
            "]",
            "]: ",
            "!",
            "\\",
            "\n---\n",
        ]
    ),
    max_size=30,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TOKENS)
def test_whatever_is_written_is_read_in_full_or_refused(path: Path, tokens: list[str]) -> None:
    numbered = [f" w{i}w " if t == "word" else t for i, t in enumerate(tokens)]
    body = "".join(numbered)
    document, refusals = read_or_refuse(path, body)
    if document is None:
        assert all(re.match(r".+:\d+: .+ -> .+", p) for p in refusals)
        return
    said = " ".join(" ".join((*p.heading_path, p.quote)) for p in document.passages)
    visible = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    assert set(re.findall(r"w\d+w", visible)) <= set(re.findall(r"w\d+w", said))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reviewed_on", "TBD"),
        ("reviewed_on", "none"),
        ("as_of", "soon"),
        ("as_of", "summer 20266"),
        ("valid_until", "next year"),
        ("reviewed_by", "None"),
        ("reviewed_by", "n/a"),
        ("reviewed_by", "TBD."),
    ],
)
def test_what_is_no_date_and_nobody_is_no_review(path: Path, field: str, value: str) -> None:
    (found,) = problems(path, "Text.", **{field: value})
    assert value in found and f"`{field}: unknown`" in found
    line = path.read_text(encoding="utf-8").split("\n").index(f"{field}: {value}") + 1
    assert f":{line}:" in found


@pytest.mark.parametrize("value", ["Unknown", "UNKNOWN", "unknown"])
@pytest.mark.parametrize("field", ["reviewed_by", "reviewed_on"])
def test_unknown_in_any_letters_is_no_review(path: Path, field: str, value: str) -> None:
    signed = {"reviewed_by": "Dr. Nobody-Example", "reviewed_on": "June 2026"}
    assert read(path, "Text.", **signed).source.reviewed
    assert not read(path, "Text.", **{**signed, field: value}).source.reviewed
