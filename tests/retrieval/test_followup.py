"""A message that is unclear alone is read behind the last answer; one that is not stands."""

from __future__ import annotations

import pytest

from bot.retrieval.followup import AGREED, LEANING, SURE_IN_CONTEXT, FollowUp, follow_up
from bot.retrieval.retriever import Hit, Ranking


def ranking(passages: str, confidence: float) -> Ranking:
    return Ranking(tuple(Hit(p, 0.1, 0.5) for p in passages), (), confidence)


def test_a_passage_that_both_rankings_put_first_is_the_answer() -> None:
    # Behind "a" the best other passage is "b", and so it is without it.
    found = follow_up(ranking("bcd", AGREED), ranking("abd", 0.9), "a")
    assert found == FollowUp("b", False, ("b", "d", "c"))


@pytest.mark.parametrize(
    ("alone", "in_context"),
    [
        pytest.param(ranking("bcd", AGREED - 0.01), ranking("abc", 0.9), id="too unclear"),
        pytest.param(ranking("cbd", AGREED), ranking("abc", 0.9), id="they differ"),
        pytest.param(ranking("abc", AGREED), ranking("abc", 0.9), id="the last one is nearest"),
    ],
)
def test_else_the_last_passage_was_all_and_others_are_offered(
    alone: Ranking, in_context: Ranking
) -> None:
    found = follow_up(alone, in_context, "a")
    assert found is not None
    assert found.said_already
    assert found.answer is None
    assert "a" not in found.offers


@pytest.mark.parametrize(
    ("alone", "in_context"),
    [
        pytest.param(ranking("bcd", LEANING - 0.01), ranking("abc", 0.99), id="nowhere answered"),
        pytest.param(ranking("cbd", 0.2), ranking("abc", SURE_IN_CONTEXT - 0.01), id="unsure"),
        pytest.param(ranking("cbd", 0.2), ranking("bac", 0.99), id="another passage leads"),
        pytest.param(ranking("a", 0.2), ranking("a", 0.99), id="there is one passage only"),
        pytest.param(ranking("", 0.2), ranking("", 0.99), id="there is none"),
    ],
)
def test_what_does_not_lean_is_left_alone(alone: Ranking, in_context: Ranking) -> None:
    assert follow_up(alone, in_context, "a") is None


def test_on_the_thresholds() -> None:
    assert follow_up(ranking("cbd", LEANING), ranking("abc", SURE_IN_CONTEXT), "a") == FollowUp(
        None, True, ("b", "c", "d")
    )
