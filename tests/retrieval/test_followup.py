"""A second message is read by what was learned from others: an answer, all said, or neither."""

from __future__ import annotations

import numpy as np
import pytest

from bot.retrieval.followup import FEATURE_NAMES, FollowUpModel, Second, behind, features
from bot.retrieval.ranking import Hit, Ranking


def ranking(passages: str, confidence: float, share: float = 0.6) -> Ranking:
    hits = [Hit(p, share / (n + 1), 0.5) for n, p in enumerate(passages)]
    return Ranking(tuple(hits), (Hit("off-topic", 0.1, 0.1),), confidence)


# Behind "a": the message alone is sure of what it asks; it points back; it asks for what was said.
NEW = Second("what is the price of eggs", ranking("bcd", 0.7), ranking("bad", 0.6), "a")
LEANS = Second("and how long is it", ranking("cbd", 0.1), ranking("dab", 0.6), "a")
SAID = Second("how does it work", ranking("cad", 0.1), ranking("adb", 0.9), "a")
NOTHING = Second("hmm", ranking("cbd", 0.02, 0.2), ranking("cad", 0.02, 0.2), "a")
KINDS = {"b": NEW, "d": LEANS, "a": SAID, "": NOTHING}


@pytest.fixture(scope="module")
def model() -> FollowUpModel:
    rng = np.random.default_rng(0)
    seconds, right = [], []
    for answer, second in KINDS.items():
        for _ in range(30):
            shaken = [
                Ranking(
                    r.passages, r.others, float(np.clip(r.confidence + rng.normal(0, 0.02), 0, 1))
                )
                for r in (second.alone, second.in_context)
            ]
            seconds.append(Second(second.text, shaken[0], shaken[1], second.last))
            right.append(frozenset(answer))
    return FollowUpModel.fit(seconds, right)


@pytest.mark.parametrize("answer", KINDS, ids=["new", "leans", "said already", "nothing"])
def test_it_tells_the_kinds_apart(answer: str, model: FollowUpModel) -> None:
    found = model.read(KINDS[answer])
    assert found is not None
    assert found.said_already is (answer == "a")
    assert found.answer == (answer if answer in {"b", "d"} else None)
    assert "a" not in found.offers
    assert 1 <= len(found.offers) <= 3


def test_where_nothing_is_trusted_the_nearest_is_offered_even_if_just_quoted(
    model: FollowUpModel,
) -> None:
    found = model.read(Second("hmm", ranking("acd", 0.02, 0.2), ranking("cad", 0.02, 0.2), "a"))
    assert found is not None and found.answer is None and not found.said_already
    assert found.offers == ("a", "c", "d")
    assert 0.0 <= found.trust < 0.5


def test_what_is_written_reads_the_same(model: FollowUpModel) -> None:
    again = FollowUpModel.from_list(model.as_list())
    assert [again.read(s) for s in KINDS.values()] == [model.read(s) for s in KINDS.values()]


@pytest.mark.parametrize("passages", ["a", ""], ids=["one passage", "no passage"])
def test_without_another_passage_there_is_nothing_to_choose(
    passages: str, model: FollowUpModel
) -> None:
    assert model.read(Second("x", ranking(passages, 0.2), ranking(passages, 0.9), "a")) is None


def test_features_are_those_that_are_named() -> None:
    row = dict(zip(FEATURE_NAMES, features(LEANS), strict=True))
    assert row["the last passage is first in context"] == 0
    assert row["last passage's share in context"] == pytest.approx(0.3)
    assert row["a word that points back"] == row["a word that goes on"] == 1
    assert np.isfinite(features(Second("", ranking("b", 0.0), ranking("b", 1.0), "a"))).all()


def test_in_context_a_message_stands_behind_the_title() -> None:
    assert behind("Cytokine release syndrome", "how long") == "Cytokine release syndrome how long"
