"""What reaches the editors: the question, the day and the numbers, and nobody's identity."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.store import MAX_QUESTION, FeedbackStore, anonymous


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "new" / "feedback.db"


def rows(database: Path, table: str) -> list[dict[str, object]]:
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(r) for r in connection.execute(f"select * from {table} order by id")]
    connection.close()
    return found


def today() -> str:
    return datetime.now(timezone.utc).date().isoformat()


def test_feedback_is_written_and_read_back(database: Path) -> None:
    store = FeedbackStore(f"sqlite:///{database}")
    before = today()
    store.add_feedback(helpful=True, passage="d/p", knowledge_hash="h", model_id="m")
    store.add_feedback(helpful=False, passage=None, knowledge_hash=None, model_id=None)
    first, second = rows(database, "guide_feedback")
    day = first.pop("day")
    assert day in {before, today()}  # A day and no time: ten characters.
    assert first == {
        "id": 1,
        "passage": "d/p",
        "helpful": 1,
        "knowledge_hash": "h",
        "model_id": "m",
    }
    assert (second["helpful"], second["passage"]) == (0, None)


def test_a_question_is_written_and_read_back(database: Path) -> None:
    store = FeedbackStore(f"sqlite:///{database}")
    store.add_unanswered("is it painful?", topic="cost", confidence=0.25, knowledge_hash="h")
    (row,) = rows(database, "guide_unanswered")
    assert len(str(row.pop("day"))) == 10
    assert row == {
        "id": 1,
        "question": "is it painful?",
        "topic": "cost",
        "confidence": 0.25,
        "knowledge_hash": "h",
    }


def test_a_second_start_keeps_what_is_there(database: Path) -> None:
    for question in ("one", "two"):
        store = FeedbackStore(f"sqlite:///{database}")
        store.add_unanswered(question, topic=None, confidence=None, knowledge_hash=None)
    assert [r["question"] for r in rows(database, "guide_unanswered")] == ["one", "two"]


def test_no_column_could_hold_an_identity_or_a_time(database: Path) -> None:
    FeedbackStore(f"sqlite:///{database}")
    with sqlite3.connect(database) as connection:
        names = {
            r[1]
            for table in ("guide_feedback", "guide_unanswered")
            for r in connection.execute(f"pragma table_info({table})")
        }
    connection.close()
    assert names == {
        "id",
        "day",
        "passage",
        "helpful",
        "knowledge_hash",
        "model_id",
        "question",
        "topic",
        "confidence",
    }


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("write to ann.lee+x@mail.example.org please", "write to [e-mail] please"),
        ("call me at +1 (212) 555-0100 today", "call me at [number] today"),
        ("my number is 212-555-0100", "my number is [number]"),
        ("MRN 123456", "MRN [number]"),
        ("born 5/6/1958", "born [number]"),
        ("see https://x.org/me?id=1 here", "see [link] here"),
        ("My name is John Smith", "My name is [name]"),
        ("my name is john smith, what now", "my name is [name], what now"),
        ("My name's Ana and I ask", "My name's [name] and I ask"),
        ("my name’s Ana", "my name’s [name]"),
        ("His name is José O'Neil", "His name is [name]"),
        ("I am Mary Ann Jones.", "I am [name]."),
        ("I'm Mary", "I'm [name]"),
        ("i’m Åsa", "i’m [name]"),
        ("This is Bob", "This is [name]"),
        ("Dr. Lee said so", "Dr. [name] said so"),
        ("mrs Ünal asked", "mrs [name] asked"),
    ],
)
def test_what_could_name_a_person_is_taken_out(text: str, stored: str) -> None:
    assert anonymous(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        "how long does it take",
        "38.5 for 3 days",
        "CD19 or BCMA?",
        "i am tired and i'm scared",
        "this is hard",
        "100.4 F after day 12",
        "",
        "🙂 ¿cuánto cuesta?",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert anonymous(text) == text


@pytest.mark.parametrize("extra", [-1, 0, 1], ids=["shorter", "as long", "longer"])
def test_long_questions_are_cut(extra: int) -> None:
    assert len(anonymous("x" * (MAX_QUESTION + extra))) == min(MAX_QUESTION + extra, MAX_QUESTION)


@given(st.text(max_size=80), st.from_regex(r"[a-z]{2,8}@[a-z]{2,8}\.(org|com)", fullmatch=True))
def test_no_address_survives_anywhere(around: str, address: str) -> None:
    assert address not in anonymous(f"{around} {address} {around}")


@given(st.text(alphabet="ab ,.\n", max_size=40), st.from_regex(r"[0-9]{6,12}", fullmatch=True))
def test_no_long_number_survives_anywhere(around: str, number: str) -> None:
    assert number not in anonymous(f"{around}{number}{around}")


@given(st.text())
def test_any_text_can_be_stored(text: str) -> None:
    assert len(anonymous(text)) <= MAX_QUESTION
