"""Replaces the marked place of a Markdown page, so that tables are measured and never typed."""

from __future__ import annotations

from pathlib import Path

from bot.errors import GuideError


def fill(path: Path, begin: str, end: str, text: str) -> None:
    """Puts a text between two marks of a page.

    Raises:
        GuideError: if the page has no such place.
    """
    old = path.read_text(encoding="utf-8")
    if begin not in old or end not in old:
        raise GuideError(f"{path} has no place for results: add {begin} and {end}.")
    before, after = old.split(begin)[0], old.split(end, 1)[1]
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
