"""Checks that the links of a document lead somewhere: files and headings always, pages if asked."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.editors.finding import Finding, Level
from bot.knowledge.document import Document
from bot.knowledge.front_matter import field_line, read_front_matter, read_utf8

PATIENCE = 10.0
"""Seconds that a page may take to answer."""

Fetch = Callable[[str], str]
"""Asks for an address; returns what is wrong with it, or nothing."""


@dataclass(frozen=True)
class _Link:
    target: str
    line: int


def check_links(document: Document, fetch: Fetch | None = None) -> Iterator[Finding]:
    """Yields the links that lead nowhere.

    Args:
        document: whose links are looked at, its front matter's `url` among them.
        fetch: asks for pages on the web; None leaves them alone.
    """
    path = document.path
    text = read_utf8(path)
    for link in _links(text, path):
        wrong = _wrong(link.target, path, fetch)
        if wrong:
            what = f"the link '{link.target}' is broken: {wrong}"
            yield Finding(Level.ERROR, path, link.line, what, "mend it, or remove the link")
    url = document.source.url
    if fetch and url.startswith("http"):
        wrong = fetch(url)
        if wrong:
            what, line = f"the source '{url}' is not there: {wrong}", field_line(text, "url")
            yield Finding(Level.WARNING, path, line, what, "look where the page has moved to")


def fetch_page(url: str) -> str:
    """Asks for a page; returns what is wrong, or nothing."""
    request = urllib.request.Request(url, headers={"User-Agent": "knowledge-check"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        return f"it answers {error.code}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"no answer ({reason})"
    return ""


def _links(text: str, path: Path) -> Iterator[_Link]:
    _, body, offset = read_front_matter(text, path)
    for token in _inlines(body):
        line = (token.map[0] if token.map else 0) + offset + 1
        for child in token.children or []:
            if child.type == "link_open":
                yield _Link(str(child.attrGet("href") or ""), line)


def _inlines(body: str) -> list[Token]:
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    return [t for t in tokens if t.type == "inline"]


def _wrong(target: str, path: Path, fetch: Fetch | None) -> str:
    parts = urlsplit(target)
    if parts.scheme in {"http", "https"}:
        return fetch(target) if fetch else ""
    if parts.scheme in {"mailto", "tel"}:
        return ""
    if parts.scheme or parts.netloc:
        return f"a page cannot follow '{parts.scheme or '//'}'"
    named = path.parent / unquote(parts.path) if parts.path else path
    if not parts.path and not parts.fragment:
        return "it names nothing"
    if not named.exists():
        return f"there is no file {parts.path}"
    if parts.fragment and named.suffix == ".md" and unquote(parts.fragment) not in _anchors(named):
        return f"{named.name} has no heading '#{parts.fragment}'"
    return ""


def _anchors(path: Path) -> set[str]:
    """Lists the anchors of a document's headings, as GitHub and most editors make them."""
    body = re.sub(r"\A---\n.*?\n---(?:\n|\Z)", "", read_utf8(path), flags=re.DOTALL)
    tokens = MarkdownIt("commonmark").parse(body)
    anchors: set[str] = set()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(c.content for c in inline.children or [] if c.content)
            plain = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
            found, number = plain, 0
            while found in anchors:
                number += 1
                found = f"{plain}-{number}"
            anchors.add(found)
    return anchors
