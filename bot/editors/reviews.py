"""Checks who stands behind a document, and whether its review has run out."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.editors.finding import Finding, Level
from bot.knowledge.document import Document
from bot.knowledge.front_matter import field_line, read_utf8

UNKNOWN = "unknown"

REVIEW_MONTHS = 12
"""A review lasts this long unless the document says `valid_until`: rules for people after CAR T
changed within a year (June 2025)."""

_REMEDIES = {
    "publisher": "write who published the text",
    "url": "write the address where the text can be read",
    "as_of": "write the month that the words are of, such as 2026-06",
    "reviewed_by": "let somebody of the clinic read it, and write their name",
    "reviewed_on": "write the day of the review, such as 2026-11-24",
}
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_URL = re.compile(r"https?://[^\s/]+\.[^\s/]+\S*")


@dataclass(frozen=True)
class Rules:
    """Which day it is, and whether patients are about to read the texts."""

    today: date
    production: bool = False
    allow_unreviewed: bool = False

    def grave(self, field: str) -> Level:
        """Returns the level of a source that is not named, or not reviewed in time."""
        tolerated = self.allow_unreviewed and field.startswith("reviewed")
        return Level.ERROR if self.production and not tolerated else Level.WARNING


def check_source(document: Document, rules: Rules) -> Iterator[Finding]:
    """Yields what is missing, unreadable or out of date in a document's front matter."""
    source, front = document.source, _Front(document.path)
    for field, remedy in _REMEDIES.items():
        if getattr(source, field) == UNKNOWN:
            yield front.finding(rules.grave(field), field, f"{field} is unknown", remedy)
    if source.url != UNKNOWN and not _URL.fullmatch(source.url):
        remedy = "write the whole address, with https:// before it"
        yield front.finding(Level.ERROR, "url", f"'{source.url}' is no address", remedy)
    days: dict[str, date] = {}
    for field in ("as_of", "reviewed_on", "valid_until"):
        value = getattr(source, field)
        if value == UNKNOWN:
            continue
        try:
            days[field] = last_day(value)
        except ValueError:
            what, remedy = f"{field} '{value}' is no date", "write it as 2026-11-24 or 2026-11"
            yield front.finding(Level.ERROR, field, what, remedy)
            continue
        if field != "valid_until" and first_day(value) > rules.today:
            what = f"{field} '{value}' lies in the future"
            yield front.finding(Level.ERROR, field, what, "mend the date")
    yield from _expiry(days, rules, front)


class _Front:
    """Finds the lines of a document's front matter."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = read_utf8(path)

    def finding(self, level: Level, field: str, what: str, remedy: str) -> Finding:
        return Finding(level, self._path, field_line(self._text, field), what, remedy)


def _expiry(days: dict[str, date], rules: Rules, front: _Front) -> Iterator[Finding]:
    level = rules.grave("reviewed_on")
    reviewed = days.get("reviewed_on")
    if reviewed is None:
        return
    if "as_of" in days and days["as_of"] > _month_end(reviewed):
        what = "the text is newer than its review"
        yield front.finding(level, "reviewed_on", what, "have the new text reviewed")
    until = days.get("valid_until") or _months_later(reviewed, REVIEW_MONTHS)
    if until < rules.today:
        field = "valid_until" if "valid_until" in days else "reviewed_on"
        what = f"the review ran out on {until.isoformat()}"
        yield front.finding(level, field, what, "have it reviewed again, and write the new day")


def first_day(text: str) -> date:
    """Reads a year, a month or a day as the first day of it.

    Raises:
        ValueError: if it is none of them.
    """
    match = _DATE.fullmatch(text)
    if not match:
        raise ValueError(text)
    year, month, day = (int(part or 1) for part in match.groups())
    return date(year, month, day)


def last_day(text: str) -> date:
    """Reads a year, a month or a day as the last day of it.

    Raises:
        ValueError: if it is none of them.
    """
    first = first_day(text)
    if len(text) == len("2026"):
        return date(first.year, 12, 31)
    return _month_end(first) if len(text) == len("2026-11") else first


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
