"""Which clauses beside a symptom are a question of their own."""

from __future__ import annotations

import pytest

from bot.retrieval.asking import asks, asks_alone, opens_with_question_word
from bot.safety.clauses import split_clauses


@pytest.mark.parametrize(
    "clause",
    [
        "where do I park",
        "and where do we stay",
        "What is CRS",
        "so can he eat sushi",
        "is the infusion long",
        "when can I drive again",
        "sushi?",
        "tell me about the wallet card",
        "I was wondering about my job",
        "I also wanted to ask how long it lasts?",
        "isn't the card enough",
        "isn’t the card enough",
        "had he to stay",
        "and then what is the card for",
        "didn't they say so",
    ],
)
def test_a_question_is_one(clause: str) -> None:
    assert asks(clause)


@pytest.mark.parametrize(
    "clause",
    [
        "since this morning",
        "for two days now",
        "when he lies down",
        "and it started last night",
        "while I was eating",
        "the nurse who gave him the bag is gone",
        "he had the infusion on Monday",
        "he has the infusion on Monday",
        "he is the patient",
        "I am a nurse",
        "it was the pills",
        "this is his third day",
        "I can't explain it",
        "people who know me said so",
        "not what I expected",
        "what a night",
        "so badly",
        "which is new",
        "thank you",
        "because of the pills",
        "",
    ],
)
def test_what_only_adds_to_the_symptom_is_none(clause: str) -> None:
    assert not asks(clause)


def test_a_message_of_several_clauses_is_asked_by_its_question() -> None:
    clauses = split_clauses("He has had a fever since noon, and it went up. Where do I take him?")
    assert [asks(c.text) for c in clauses] == [False] * (len(clauses) - 1) + [True]


@pytest.mark.parametrize(("text", "asked"), [("well why then", True), ("that is why", False)])
def test_a_question_word_counts_up_front_only(text: str, asked: bool) -> None:
    assert opens_with_question_word(text) is asked


@pytest.mark.parametrize(
    ("clauses", "alone"),
    [
        (["since this morning", "where do we stay?"], True),
        (["what is CRS"], True),
        (["is he allowed sushi"], True),
        (["is that on the list?"], False),
        (["should they ever come", "whom do I ring?"], False),
        (["this started at noon", "what is CRS"], True),
        (["since this morning"], False),
        ([], False),
    ],
)
def test_a_question_about_the_symptom_does_not_stand_alone(clauses: list[str], alone: bool) -> None:
    assert asks_alone(clauses) is alone
