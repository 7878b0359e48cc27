"""What becomes of a message, read from the decision and the verdict."""

from __future__ import annotations

import pytest

from bot import contract
from bot.evaluation.parsed import Outcome
from tests.evaluation.fakes import FEVER, parsed


@pytest.mark.parametrize(
    ("action", "outcome", "passage"),
    [
        (contract.UTTER_ANSWER, Outcome.ANSWERED, "p"),
        (contract.UTTER_NEAREST, Outcome.NEAREST, "p"),
        (contract.UTTER_CARE_TEAM_RELATED, Outcome.RELATED, "p"),
        (contract.UTTER_SOURCE, Outcome.OTHER, None),
        (contract.UTTER_CLARIFY, Outcome.CLARIFIED, None),
        (contract.UTTER_DONT_KNOW, Outcome.DONT_KNOW, None),
        (None, Outcome.SMALL_TALK, None),
    ],
)
def test_outcome_and_quoted_passage(
    action: str | None, outcome: Outcome, passage: str | None
) -> None:
    message = parsed(action, passage="p")
    assert message.outcome is outcome
    assert message.passage == passage


def test_an_escalation_without_a_passage() -> None:
    assert parsed(None, verdict=FEVER).outcome is Outcome.ESCALATED
    assert parsed(None, verdict=FEVER).escalated


def test_an_answer_after_an_escalation_is_an_answer() -> None:
    message = parsed(contract.UTTER_ANSWER, passage="p", verdict=FEVER)
    assert message.outcome is Outcome.ANSWERED
    assert message.escalated


def test_offers_count_only_where_they_are_the_reply() -> None:
    assert parsed(contract.UTTER_CLARIFY, offered=["p", "q"]).offered == ("p", "q")
    assert parsed(contract.UTTER_ANSWER, passage="p", offered=["q"]).offered == ()
