"""Sources and reviews, on both sides of each date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.editors.finding import Finding, Level
from bot.editors.reviews import Rules, check_source, first_day, last_day
from bot.knowledge.document import read_document
from tests.fakes import document_text

TODAY = date(2026, 11, 24)
DEMO = Rules(TODAY)
PRODUCTION = Rules(TODAY, production=True)
UNREVIEWED = Rules(TODAY, production=True, allow_unreviewed=True)
NAMED = {
    "publisher": "The clinic",
    "url": "https://clinic.example/car-t",
    "reviewed_by": "Dr. Example",
    "reviewed_on": "2026-07-01",
}


def findings(tmp_path: Path, rules: Rules = DEMO, /, **fields: str) -> list[Finding]:
    path = tmp_path / "doc.md"
    path.write_text(document_text("\nWords.\n", **{**NAMED, **fields}), encoding="utf-8")
    return list(check_source(read_document(path), rules))


def test_a_named_and_reviewed_document_has_none(tmp_path: Path) -> None:
    assert findings(tmp_path) == []
    assert findings(tmp_path, PRODUCTION) == []


@pytest.mark.parametrize("field", ["publisher", "url", "as_of", "reviewed_by", "reviewed_on"])
def test_what_is_unknown_warns_and_stops_production(tmp_path: Path, field: str) -> None:
    [warning] = findings(tmp_path, **{field: "unknown"})
    assert warning.level is Level.WARNING
    assert field in warning.what
    lines = (tmp_path / "doc.md").read_text("utf-8").splitlines()
    assert lines[warning.line - 1].startswith(f"{field}:")
    [error] = findings(tmp_path, PRODUCTION, **{field: "unknown"})
    assert error.level is Level.ERROR


def test_production_may_allow_unreviewed_texts_but_no_missing_source(tmp_path: Path) -> None:
    [reviewer] = findings(tmp_path, UNREVIEWED, reviewed_by="unknown")
    assert reviewer.level is Level.WARNING
    [publisher] = findings(tmp_path, UNREVIEWED, publisher="unknown")
    assert publisher.level is Level.ERROR


@pytest.mark.parametrize(
    ("fields", "expired"),
    [
        ({"reviewed_on": "2025-11-24", "as_of": "2025-06"}, False),  # ends today: still valid
        ({"reviewed_on": "2025-11-23", "as_of": "2025-06"}, True),
        ({"reviewed_on": "2025-11", "as_of": "2025-06"}, False),  # a month counts to its end
        ({"reviewed_on": "2025-10", "as_of": "2025-06"}, True),
        ({"valid_until": "2026-11-24"}, False),
        ({"valid_until": "2026-11-23"}, True),
        ({"valid_until": "2027", "reviewed_on": "2020-01-01", "as_of": "2019"}, False),
    ],
)
def test_a_review_runs_out_after_its_last_day(
    tmp_path: Path, fields: dict[str, str], expired: bool
) -> None:
    found = findings(tmp_path, **fields)
    assert bool(found) is expired
    assert all("ran out" in f.what and f.level is Level.WARNING for f in found)
    in_production = findings(tmp_path, PRODUCTION, **fields)
    assert all(f.level is Level.ERROR for f in in_production)


def test_the_29th_of_february_has_a_year_too(tmp_path: Path) -> None:
    assert findings(tmp_path, reviewed_on="2024-02-29", as_of="2024-01")[0].what == (
        "the review ran out on 2025-02-28"
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"as_of": "June 2026"}, "is no date"),
        ({"reviewed_on": "2026-13"}, "is no date"),
        ({"valid_until": "2026-02-30"}, "is no date"),
        ({"reviewed_on": "2026-11-25"}, "lies in the future"),
        ({"as_of": "2027"}, "lies in the future"),
        ({"url": "clinic.example"}, "is no address"),
    ],
)
def test_what_cannot_be_true_is_an_error(
    tmp_path: Path, fields: dict[str, str], words: str
) -> None:
    found = [f for f in findings(tmp_path, **fields) if f.level is Level.ERROR]
    assert len(found) == 1
    assert words in found[0].what


def test_a_text_newer_than_its_review_is_named(tmp_path: Path) -> None:
    [found] = findings(tmp_path, as_of="2026-09", reviewed_on="2026-08-31")
    assert "newer" in found.what
    assert findings(tmp_path, as_of="2026-08", reviewed_on="2026-08-01") == []


def test_days() -> None:
    assert (first_day("2026"), last_day("2026")) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (first_day("2028-02"), last_day("2028-02")) == (date(2028, 2, 1), date(2028, 2, 29))
    assert first_day("2026-11-24") == last_day("2026-11-24") == TODAY
