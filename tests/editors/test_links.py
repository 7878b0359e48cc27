"""Links to files, headings and pages; the web is a server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.editors.finding import Finding, Level
from bot.editors.links import check_links, fetch_page
from bot.knowledge.document import read_document
from tests.fakes import BODY_LINE, document_text


def findings(tmp_path: Path, body: str, **fields: str | None) -> list[Finding]:
    path = tmp_path / "doc.md"
    path.write_text(document_text(body, **fields), encoding="utf-8")
    (tmp_path / "other.md").write_text(
        document_text("## What is CRS?\n\nWords.\n", id="other"), encoding="utf-8"
    )
    return list(check_links(read_document(path)))


@pytest.mark.parametrize(
    "target",
    [
        "other.md",
        "other.md#what-is-crs",
        "#a-heading",
        "mailto:team@clinic.example",
        "tel:+15550100",
        "https://nobody-is-asked.example/",
    ],
)
def test_links_that_lead_somewhere(tmp_path: Path, target: str) -> None:
    assert findings(tmp_path, f"## A *heading*\n\nSee [this]({target}).\n") == []


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("missing.md", "there is no file missing.md"),
        ("other.md#nowhere", "other.md has no heading '#nowhere'"),
        ("#nowhere", "doc.md has no heading '#nowhere'"),
        ("ftp://clinic.example/leaflet", "cannot follow 'ftp'"),
        ("", "names nothing"),
    ],
)
def test_links_that_lead_nowhere(tmp_path: Path, target: str, words: str) -> None:
    [found] = findings(tmp_path, f"## A heading\n\nSee [this]({target}).\n")
    assert found.level is Level.ERROR
    assert found.line == BODY_LINE + 2
    assert words in found.what


def test_two_headings_of_the_same_words_have_two_anchors(tmp_path: Path) -> None:
    body = "## Care\n\nSee [this](#care-1) and [that](#care-2).\n\n## Care\n\nMore of it.\n"
    [found] = findings(tmp_path, body)
    assert "#care-2" in found.what


class Pages(BaseHTTPRequestHandler):
    """Knows /here and nothing else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/here" else 404)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_pages_are_asked_for_only_when_that_is_wanted(tmp_path: Path, site: str) -> None:
    body = f"[one]({site}/here) and [two]({site}/gone).\n"
    assert findings(tmp_path, body, url=f"{site}/moved") == []
    found = list(check_links(read_document(tmp_path / "doc.md"), fetch_page))
    assert [(f.level, f.line) for f in found] == [(Level.ERROR, BODY_LINE), (Level.WARNING, 5)]
    assert "it answers 404" in found[0].what
    assert f"{site}/moved" in found[1].what


def test_a_server_that_is_not_there_is_named() -> None:
    assert fetch_page("http://127.0.0.1:9/").startswith("no answer")
    assert fetch_page("http://").startswith("no answer")
