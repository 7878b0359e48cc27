"""The two actions with a stand-in for the tracker; nothing of the sender is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions import actions
from actions.actions import RecordFeedback, RecordUnanswered
from bot import contract
from bot.settings import ROOT
from tests.actions.test_store import rows
from tests.fakes import FakeTracker

SENDER = "telegram-778812345"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "feedback.db"
    monkeypatch.setenv("GUIDE_FEEDBACK_URL", f"sqlite:///{path}")
    actions._store.cache_clear()
    yield path
    actions._store.cache_clear()


def run(
    action: Any,
    message: dict[str, Any],
    slots: dict[str, Any] | None = None,
    actions: Sequence[str] = (),
) -> None:
    dispatcher = CollectingDispatcher()
    tracker = FakeTracker(message, slots or {}, SENDER, actions)
    assert action.run(dispatcher, tracker, {}) == []
    assert dispatcher.messages == []  # The words are domain.yml's.


@pytest.mark.parametrize(
    ("intent", "helpful"), [("feedback_positive", 1), ("feedback_negative", 0), (None, 0)]
)
def test_feedback_is_about_the_last_answer(
    database: Path, intent: str | None, helpful: int
) -> None:
    answer = {"id": "d/p", "knowledge_hash": "h", "model_id": "m", "confidence": 0.9}
    said = [contract.UTTER_ANSWER, "utter_feedback_positive"]
    run(RecordFeedback(), {"intent": {"name": intent}}, {contract.SLOT_ANSWER: answer}, said)
    (row,) = rows(database, "guide_feedback")
    assert (row["helpful"], row["passage"]) == (helpful, "d/p")
    assert (row["knowledge_hash"], row["model_id"]) == ("h", "m")


def test_feedback_on_a_reply_that_quoted_nothing_is_about_no_passage(database: Path) -> None:
    answer = {"id": "d/p", "knowledge_hash": "h", "model_id": "m", "confidence": 0.9}
    said = [contract.UTTER_ANSWER, contract.UTTER_NOT_COVERED, "utter_feedback_negative"]
    run(RecordFeedback(), {"intent": None}, {contract.SLOT_ANSWER: answer}, said)
    (row,) = rows(database, "guide_feedback")
    assert (row["passage"], row["knowledge_hash"], row["model_id"]) == (None, None, None)


def test_feedback_before_any_answer_is_kept_too(database: Path) -> None:
    run(RecordFeedback(), {"intent": None})
    (row,) = rows(database, "guide_feedback")
    assert row["passage"] is None


def test_a_question_without_an_answer_is_kept_without_its_writer(database: Path) -> None:
    decision = {
        "topic": {"id": "cost", "topic": "costs"},
        "confidence": 0.12,
        "knowledge_hash": "h",
    }
    message = {
        "text": "I'm Ann (ann@x.org), what does it cost?",
        "message_id": SENDER,
        contract.DECISION: decision,
    }
    run(RecordUnanswered(), message)
    (row,) = rows(database, "guide_unanswered")
    assert row["question"] == "I'm [name] [e-mail] what does it cost?"
    assert (row["topic"], row["confidence"], row["knowledge_hash"]) == ("cost", 0.12, "h")


@pytest.mark.parametrize("decision", [None, {}, {"topic": None}])
def test_a_question_without_a_decision_is_kept(
    database: Path, decision: dict[str, Any] | None
) -> None:
    run(RecordUnanswered(), {"text": None, contract.DECISION: decision})
    (row,) = rows(database, "guide_unanswered")
    assert (row["question"], row["topic"], row["confidence"]) == ("", None, None)


def test_nothing_of_the_sender_is_in_the_file(database: Path) -> None:
    answer = {"id": "d/p", "knowledge_hash": "h", "model_id": "m"}
    run(
        RecordFeedback(),
        {"intent": {"name": "feedback_positive"}, "sender_id": SENDER},
        {contract.SLOT_ANSWER: answer},
    )
    run(RecordUnanswered(), {"text": "what?", "sender_id": SENDER, "metadata": {"id": SENDER}})
    content = database.read_bytes()
    assert SENDER.encode() not in content
    assert b"778812345" not in content


def test_the_domain_lists_these_actions() -> None:
    domain = (ROOT / "domain.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^  - (action_\w+)$", domain, re.MULTILINE)
    assert sorted(listed) == sorted([RecordFeedback().name(), RecordUnanswered().name()])
