"""Which verdict the escalation policy acts on, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.events import ActionExecuted, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot import contract
from bot.escalation_words import CRISIS_INTENT_AT, is_due, variant
from bot.policies.escalation import verdict_of
from bot.safety import Finding, Level, Verdict

QUIET = Verdict(Level.NONE)
FEVER = Verdict(Level.URGENT, (Finding("fever_chills", "core", 0, 5, "pattern"),))
DENIED = Verdict(Level.NONE, (Finding("fever_chills", "core", 0, 5, "pattern", negated=True),))


def tracker(text: str, *, verdict: Any = None, intent: str = "greet", sure: float = 1.0) -> Any:
    data = {"text": text, "intent": {"name": intent, "confidence": sure}, "entities": []}
    if verdict is not None:
        data[contract.VERDICT] = verdict
    message = UserUttered(text, data["intent"], [], data)
    events = [SessionStarted(), ActionExecuted("action_listen"), message]
    return DialogueStateTracker.from_events("s", events)


def test_the_graphs_verdict_is_used() -> None:
    assert verdict_of(tracker("fever", verdict=FEVER.as_dict())) == FEVER


def test_a_denied_symptom_is_not_due() -> None:
    assert not is_due(verdict_of(tracker("no fever", verdict=DENIED.as_dict())))


@pytest.mark.parametrize(
    "text", ['/greet{"symptom": "I have chest pain"}', "/I have chest pain", "I HAVE CHEST PAIN!!"]
)
def test_without_a_verdict_the_patterns_read_the_raw_text(text: str) -> None:
    assert is_due(verdict_of(tracker(text)))


def test_an_unreadable_verdict_costs_no_escalation() -> None:
    assert is_due(verdict_of(tracker("I have chest pain", verdict={"level": "nonsense"})))


@pytest.mark.parametrize(
    ("sure", "due"), [(CRISIS_INTENT_AT, True), (CRISIS_INTENT_AT - 0.01, False)]
)
def test_the_crisis_intent_is_believed_from_its_threshold_on(sure: float, due: bool) -> None:
    verdict = verdict_of(tracker("x", verdict=QUIET.as_dict(), intent="crisis", sure=sure))
    assert verdict.crisis is due


def test_no_message_is_no_verdict() -> None:
    assert not is_due(verdict_of(DialogueStateTracker.from_events("s", [])))


@pytest.mark.parametrize(
    ("verdict", "name"),
    [
        (FEVER, "clinic_en"),
        (Verdict(Level.URGENT, FEVER.findings, hypothetical=True), "clinic_en_asked"),
        (Verdict(Level.URGENT, FEVER.findings, language="es"), "clinic_es"),
        (Verdict(Level.URGENT, FEVER.findings, language="unknown"), "clinic_en"),
        (
            Verdict(Level.URGENT, (Finding("breathing", "core", 0, 5, "pattern"),)),
            "emergency_en",
        ),
        (
            Verdict(
                Level.CRISIS,
                (Finding("self_harm", "crisis", 0, 5, "pattern"),),
                hypothetical=True,
            ),
            "crisis_en",
        ),
    ],
)
def test_the_wording_follows_route_language_and_whether_it_is_only_asked(
    verdict: Verdict, name: str
) -> None:
    assert variant(verdict) == name
