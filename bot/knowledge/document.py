"""Reads one Markdown document with front matter into passages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.errors import KnowledgeError, problem
from bot.knowledge.front_matter import read_front_matter, read_utf8
from bot.knowledge.passage import Passage, PassageKind, Source, slug

MAX_WORDS = 120
"""A passage longer than this is too long to quote on a phone."""

_COMMENT = re.compile(r"<!--(?:(?!-->).)*-->", re.DOTALL)
_ID_COMMENT = re.compile(r"<!--\s*id:\s*(.*?)\s*-->", re.DOTALL)
_OUTLINE_COMMENT = re.compile(r"<!--\s*outline\s*-->")
_TABLE_RULE = re.compile(r"-:?\s*\|\s*:?-")
_LISTS = frozenset({"bullet_list_open", "ordered_list_open"})
_UNQUOTABLE = {"fence": "a code block", "code_block": "an indented block", "html_block": "raw HTML"}


@dataclass(frozen=True)
class Document:
    """A document's front matter and its passages in reading order."""

    source: Source
    passages: tuple[Passage, ...]
    path: Path


def read_document(path: Path) -> Document:
    """Reads a document.

    Raises:
        KnowledgeError: all problems of the file, each with line and remedy.
    """
    source, body, offset = read_front_matter(read_utf8(path), path)
    reader = _Reader(source, path, offset)
    found: dict[str, Any] = {}
    tokens = MarkdownIt("commonmark").enable("table").parse(body, found)
    reader.check(tokens, found.get("references", {}))
    reader.read(tokens, body)
    if not reader.passages and not reader.problems:
        remedy = "write what it says below the front matter"
        reader.problems.append(problem(path, offset, "the document holds no text", remedy))
    if reader.problems:
        raise KnowledgeError(reader.problems)
    return Document(source, tuple(reader.passages), path)


class _Reader:
    """Walks Markdown tokens and collects passages and problems."""

    def __init__(self, source: Source, path: Path, offset: int) -> None:
        self.source = source
        self.path = path
        self.offset = offset
        self.passages: list[Passage] = []
        self.problems: list[str] = []
        self._headings: list[tuple[int, str, int]] = []
        self._filled = True
        self._given_id = ""
        self._outlined: Token | None = None
        self._lead: tuple[str, int] | None = None
        self._used: dict[str, int] = {}

    def check(self, tokens: list[Token], references: dict[str, Any]) -> None:
        """Refuses whatever Markdown allows and a quote would lose: no word goes missing."""
        for label, reference in references.items():
            if "://" not in reference["href"] and not reference["href"].startswith("mailto:"):
                line = reference["map"][0] + self.offset + 1
                what = f"'[{label}]: ...' reads as the address of a link"
                remedy = "put a backslash before the bracket"
                self.problems.append(problem(self.path, line, what, remedy))
        for token in tokens:
            nested = token.level > 0 and not _COMMENT.fullmatch(token.content.strip())
            if nested and token.type in _UNQUOTABLE:
                self._bad(token, _UNQUOTABLE[token.type], "write it as a paragraph of its own")
            if token.type == "ordered_list_open" and token.attrGet("start") not in {None, 0}:
                what = f"a list that begins with {token.attrGet('start')}"
                remedy = "begin the list with 1, or put a backslash before the dot (2026\\.)"
                self._bad(token, what, remedy)
            for child in token.children or []:
                if child.type == "image":
                    self._bad(token, "an image", "say in words what it shows")
                elif child.type == "html_inline" and not _COMMENT.fullmatch(child.content):
                    what = f"raw HTML ('{child.content}')"
                    self._bad(token, what, "write it in Markdown, or put a backslash before the <")

    def read(self, tokens: list[Token], body: str) -> None:
        """Reads all top-level blocks; lists and tables are read whole."""
        lines = body.split("\n")
        i = 0
        while i < len(tokens):
            token = tokens[i]
            end = _closing(tokens, i)
            if self._outlined and token.type not in {"table_open", "html_block"}:
                self._lost_outline()
            if token.type == "heading_open":
                self._heading(token, tokens[i + 1])
            elif token.type == "paragraph_open":
                self._paragraph(tokens[i + 1], next_is_list=_list_follows(tokens, end))
            elif token.type in _LISTS:
                self._list(tokens[i : end + 1])
            elif token.type == "table_open":
                self._table(tokens[i : end + 1], lines, led=_leads(tokens[:i]))
            elif token.type == "html_block":
                self._comment(token)
            elif token.type == "blockquote_open":
                for inner in tokens[i:end]:
                    if inner.type == "inline":
                        self._paragraph(inner, next_is_list=False)
            elif token.type != "hr":
                what = _UNQUOTABLE.get(token.type, f"a block of the kind '{token.type}'")
                self._bad(token, what, "write it as a paragraph")
            i = end + 1
        if self._outlined:
            self._lost_outline()
        self._close_section()
        self._close_lead()

    def _lost_outline(self) -> None:
        if self._outlined:
            remedy = "put it between a paragraph and the table right below it"
            self._bad(self._outlined, "an outline of nothing", remedy)
        self._outlined = None

    def _line(self, token: Token) -> int:
        return (token.map[0] if token.map else 0) + self.offset + 1

    def _bad(self, token: Token, what: str, remedy: str) -> None:
        self.problems.append(problem(self.path, self._line(token), what, remedy))

    def _heading(self, token: Token, inline: Token) -> None:
        self._close_lead()
        level, text, line = int(token.tag[1]), _plain(inline), self._line(token)
        if not text:
            self._bad(token, "a heading without words", "name the section, or remove the line")
        deeper = bool(self._headings) and level > self._headings[-1][0]
        if not deeper:
            self._close_section()
        self._headings = [h for h in self._headings if h[0] < level] + [(level, text, line)]
        self._filled = False

    def _close_section(self) -> None:
        if not self._filled and self._headings:
            _, text, line = self._headings[-1]
            remedy = "add text below the heading, or remove it"
            self.problems.append(problem(self.path, line, f"section '{text}' is empty", remedy))
        self._filled = True

    def _close_lead(self) -> None:
        if self._lead:
            text, line = self._lead
            self._lead = None
            self._add(PassageKind.PARAGRAPH, text, "", line)

    def _comment(self, token: Token) -> None:
        text = token.content.strip()
        if not _COMMENT.fullmatch(text):
            what = "text beside a comment" if text.startswith("<!--") else "raw HTML"
            self._bad(token, what, "write it in Markdown, on a line of its own")
            return
        if _OUTLINE_COMMENT.fullmatch(text):
            self._outlined = token
            return
        match = _ID_COMMENT.fullmatch(text)
        if match and match.group(1) != slug(match.group(1), words=20):
            remedy = "use lower-case letters, digits and hyphens"
            self._bad(token, f"'{match.group(1)}' cannot be an id", remedy)
        elif match:
            self._given_id = match.group(1)

    def _paragraph(self, inline: Token, *, next_is_list: bool) -> None:
        self._close_lead()
        text, line = _plain(inline), self._line(inline)
        if (text.startswith("|") and "|" in text[1:]) or _TABLE_RULE.search(text):
            self._bad(inline, "a broken table", "give it a header row and a |---|---| line below")
            return
        if next_is_list:
            self._lead = (text, line)
            return
        question = self._headings[-1][1] if self._headings else ""
        if question.endswith("?"):
            self._add(PassageKind.FAQ, text, question, line)
        else:
            self._add(PassageKind.PARAGRAPH, text, "", line)

    def _list(self, tokens: list[Token]) -> None:
        lead = self._lead[0] if self._lead else ""
        self._lead = None
        level, first = tokens[0].level + 1, len(self.passages)
        for i, token in enumerate(tokens):
            if token.type == "list_item_open" and token.level == level:
                end = _closing(tokens, i)
                inner = next((t for t in tokens[i + 1 : end] if t.type in _LISTS), None)
                if inner:
                    remedy = "write it as a list of its own, below a line that leads in"
                    self._bad(
                        inner, "a list inside a list item would be quoted run together", remedy
                    )
                    continue
                text = " ".join(_plain(t) for t in tokens[i:end] if t.type == "inline")
                if not text:
                    self._bad(token, "an empty list item", "write it out, or remove it")
                    continue
                self._add(PassageKind.ITEM, text, lead, self._line(token))
        items = self.passages[first:]
        numbered = tokens[0].type == "ordered_list_open"
        whole, ids = tuple(p.text for p in items), tuple(p.id for p in items)
        if lead and len(" ".join((lead, *whole)).split()) <= MAX_WORDS:
            self.passages[first:] = [
                replace(p, whole_list=whole, numbered=numbered, together=ids) for p in items
            ]

    def _table(self, tokens: list[Token], lines: list[str], *, led: bool) -> None:
        self._close_lead()
        first = len(self.passages)
        rows: list[tuple[Token, list[str]]] = []
        for i, token in enumerate(tokens):
            if token.type == "tr_open":
                end = _closing(tokens, i)
                rows.append((token, [_plain(t) for t in tokens[i:end] if t.type == "inline"]))
        header = rows[0][1]
        if len(rows) == 1:
            self._bad(tokens[0], "a table without rows", "add a row, or remove the table")
        if not all(header):
            self._bad(tokens[0], "a table with an empty column header", "name every column")
        for token, cells in rows[1:]:
            raw = lines[token.map[0]].strip().strip("|") if token.map else ""
            written = len(re.split(r"(?<!\\)\|", raw))
            if written != len(header) or not all(cells):
                what = (
                    f"a table row with {written} cells below {len(header)} headers, or empty ones"
                )
                self._bad(token, what, "fill every cell, one a column")
                continue
            text = "\n".join(f"{h}: {c}" for h, c in zip(header, cells, strict=True))
            self._add(PassageKind.ROW, text, "", self._line(token), name=cells[0])
        if self._outlined and led and first:
            self._outline(first - 1, [cells for _, cells in rows[1:]], self._outlined)
            self._outlined = None
        elif self._outlined:
            self._lost_outline()

    def _outline(self, leading: int, rows: list[list[str]], comment: Token) -> None:
        """Has the paragraph above a table said with the first two cells of each row."""
        lead = self.passages[leading]
        outline = tuple(": ".join(cells[:2]) for cells in rows)
        words = len(" ".join((lead.searched, *outline)).split())
        if words > MAX_WORDS:
            what = f"paragraph and outline have {words} words: too long to quote"
            self._bad(comment, what, f"leave the outline out: a quote holds at most {MAX_WORDS}")
            return
        ids = tuple(p.id for p in self.passages[leading:])
        self.passages[leading] = replace(lead, outline=outline, together=ids)

    def _add(self, kind: PassageKind, text: str, lead: str, line: int, *, name: str = "") -> None:
        self._filled = True
        words = len(f"{lead} {text}".split())
        if words > MAX_WORDS:
            remedy = f"split it: a quote holds at most {MAX_WORDS}"
            what = f"a passage of {words} words is too long to quote"
            self.problems.append(problem(self.path, line, what, remedy))
        path = tuple(h[1] for h in self._headings)
        given, self._given_id = self._given_id, ""
        section = slug(path[-1], words=5) if path else "opening"
        local = given or f"{section}/{slug(name or text, words=6)}"
        identity = f"{self.source.id}/{local}"
        first = self._used.setdefault(identity, line)
        if first != line:
            if given:
                what, remedy = f"id '{given}' is already used in line {first}", "choose another"
            else:
                what = f"the passage begins like the one in line {first} of the same section"
                remedy = "reword its first words, or put `<!-- id: a-name -->` above it"
            self.problems.append(problem(self.path, line, what, remedy))
        self.passages.append(Passage(identity, self.source, kind, path, text, lead, line))


def _closing(tokens: list[Token], start: int) -> int:
    """Returns the index of the token that closes the block opened at `start`."""
    depth = 0
    for i in range(start, len(tokens)):
        depth += tokens[i].nesting
        if depth <= 0:
            return i
    return len(tokens) - 1


def _leads(before: list[Token]) -> bool:
    """Tells whether the last block before a table, comments aside, is a paragraph."""
    blocks = [token.type for token in before if token.type != "html_block"]
    return bool(blocks) and blocks[-1] == "paragraph_close"


def _list_follows(tokens: list[Token], end: int) -> bool:
    after = tokens[end + 1].type if end + 1 < len(tokens) else ""
    return after in _LISTS


def _plain(inline: Token) -> str:
    """Returns the words of an inline token, without Markdown marks."""
    parts: list[str] = []
    for child in inline.children or []:
        if child.type in {"text", "code_inline", "text_special"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
    return re.sub(r"\s+", " ", "".join(parts)).strip()
