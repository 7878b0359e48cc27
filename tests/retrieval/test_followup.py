"""A second message is read by what was learned from others: an answer, all said, or neither."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.retrieval.entries import Entry, EntryKind
from bot.retrieval.followup import (
    CHOICE_NAMES,
    FROM_EACH,
    GATE_NAMES,
    FollowUpModel,
    Places,
    Second,
    _choice,
    _gate_row,
    behind,
    standing_alone,
)
from bot.retrieval.linear import CharacterFeatures, count_characters
from bot.retrieval.ranker import standardise
from bot.retrieval.ranking import Hit, Ranking

ONE, TWO = ("text", "one"), ("text", "two")
PLACES = Places(("a", "b", "c", "d"), (ONE, ONE, TWO, TWO))
LABELS = {"a": "Collection", "b": "Waiting", "c": "Fever", "d": "Cost"}
KINDS = {
    "b": ("and how many weeks", "c"),
    "d": ("who pays for it", "c"),
    "c": ("what temperature counts", "c"),
    "": ("which colour is the ward", "c"),
}
"""The passage that answers, and a second message behind the passage that was quoted."""


def ranking(passages: str, confidence: float, share: float = 0.6) -> Ranking:
    hits = [Hit(p, share / (n + 1), 0.5) for n, p in enumerate(passages)]
    return Ranking(tuple(hits), (Hit("off-topic", 0.1, 0.1),), confidence)


def second(text: str, last: str, answer: str, sure: float = 0.5, nearest: str = "") -> Second:
    """`answer` is what the signals of the message alone point to."""
    signals = np.zeros((4, len(CHOICE_NAMES) - 4))
    if answer:
        signals["abcd".index(answer)] = 1.0
    order = "".join(dict.fromkeys((nearest or answer or "a") + "abcd"))
    alone = ranking(order, sure if answer else 0.02)
    in_context = ranking(order, 0.6 if answer else 0.02)
    return Second(text, behind(LABELS[last], text), last, alone, in_context, signals)


def of_kind(answer: str) -> Second:
    text, last = KINDS[answer]
    return second(text, last, answer)


@pytest.fixture(scope="module")
def characters() -> CharacterFeatures:
    return CharacterFeatures.fit(
        count_characters([*LABELS.values(), *(text for text, _ in KINDS.values())])
    )


@pytest.fixture(scope="module")
def model(characters: CharacterFeatures) -> FollowUpModel:
    seconds, answers = [], []
    for answer, (text, last) in KINDS.items():
        for word in ("", "ok", "hm", "well", "so", "please", "doctor", "sorry", "tell me", "hello"):
            seconds.append(second(f"{word} {text}".strip(), last, answer))
            answers.append(answer or None)
    plain = [(behind(LABELS["a"], f"all about {LABELS[p].casefold()}"), p) for p in LABELS]
    right = [frozenset(a or "") for a in answers]
    return FollowUpModel.fit(seconds, answers, right, plain, PLACES, characters)


@pytest.mark.parametrize("answer", KINDS, ids=["section", "elsewhere", "said already", "nothing"])
def test_it_tells_the_kinds_apart(answer: str, model: FollowUpModel) -> None:
    found = model.read(of_kind(answer))
    assert found is not None
    assert found.said_already is (answer == "c")
    assert found.answer == (answer if answer in {"b", "d"} else None)
    assert "c" not in found.offers
    assert 1 <= len(found.offers) <= 3
    if found.answer:
        assert found.offers[0] == found.answer
        assert found.trust >= 0.6


def test_what_was_asked_after_a_passage_is_learned_where_the_signals_are_silent(
    model: FollowUpModel,
) -> None:
    """The titled message alone, with no signal: the learned half knows what follows what."""
    silent = second("how many weeks", "c", "")
    found = model.read(silent)
    assert found is not None
    assert found.offers[0] == "b"


def test_where_nothing_is_trusted_the_nearest_is_offered_even_if_just_quoted(
    model: FollowUpModel,
) -> None:
    text, last = KINDS[""]
    found = model.read(second(text, last, "", nearest="c"))
    assert found is not None and found.answer is None and not found.said_already
    assert found.offers[0] == "c" and sorted(found.offers) == ["a", "b", "c", "d"]
    assert 0.0 <= found.trust < 0.6


def test_what_is_written_reads_the_same(
    model: FollowUpModel, characters: CharacterFeatures, tmp_path: Path
) -> None:
    data = model.save(tmp_path / "learned.npz")
    again = FollowUpModel.load(tmp_path / "learned.npz", data, PLACES, characters)
    for answer in KINDS:
        before, after = model.read(of_kind(answer)), again.read(of_kind(answer))
        assert before is not None and after is not None
        assert (after.answer, after.said_already, after.offers) == (
            before.answer,
            before.said_already,
            before.offers,
        )
        assert after.trust == pytest.approx(before.trust, abs=5e-3)  # Kept in half precision.


def test_behind_a_passage_that_only_leads_in_messages_are_read(model: FollowUpModel) -> None:
    """It can be quoted by its place, and is none of those that are found."""
    text, _ = KINDS["d"]
    of_d = of_kind("d")
    lead = Second(text, of_d.titled, "z", of_d.alone, of_d.in_context, of_d.signals)
    found = model.read(lead)
    assert found is not None and found.answer == "d" and not found.said_already
    assert PLACES.around("z").tolist() == [[0, 0, 0]] * 4


def test_where_nothing_was_found_nothing_is_read(model: FollowUpModel) -> None:
    nothing = Ranking((), (), 0.0)
    assert model.read(replace(of_kind("b"), alone=nothing)) is None
    assert model.read(replace(of_kind("b"), in_context=nothing)) is None


def test_one_passage_leaves_nothing_to_choose(
    model: FollowUpModel, characters: CharacterFeatures, tmp_path: Path
) -> None:
    data = model.save(tmp_path / "learned.npz")
    lonely = FollowUpModel.load(tmp_path / "learned.npz", data, Places(("a",), (ONE,)), characters)
    alone = ranking("a", 0.5)
    assert lonely.read(Second("x", "x", "a", alone, alone, np.zeros((1, 5)))) is None


def test_where_a_passage_stands_from_the_last_one() -> None:
    around = PLACES.around("a")
    assert around.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert PLACES.around("d").tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_no_message_that_a_passage_answers_is_still_a_model(
    characters: CharacterFeatures,
) -> None:
    seconds = [second(f"no {n}", "a", "") for n in range(8)]
    plain = [(behind(LABELS["a"], label), p) for p, label in LABELS.items()]
    nothing: list[frozenset[str]] = [frozenset()] * 8
    model = FollowUpModel.fit(seconds, [None] * 8, nothing, plain, PLACES, characters)
    found = model.read(seconds[0])
    assert found is not None and found.answer is None and not found.said_already


def test_what_stands_alone_stands_behind_titles_of_other_passages() -> None:
    entries = [
        Entry(target, EntryKind.QUESTION, f"question {target} {n}")
        for target in ("a", "topic:costs", "b", "off-topic")
        for n in range(FROM_EACH * 2)
    ]
    entries.append(Entry("c", EntryKind.SENTENCE, "question c 0"))
    found = standing_alone(entries, LABELS)
    assert Counter(p for _, p in found) == {"a": FROM_EACH, "b": FROM_EACH, "c": 1}
    of_a = [text for text, p in found if p == "a"]
    assert not any(text.startswith(LABELS["a"]) for text in of_a)
    for other in "bcd":
        assert any(text.startswith(f"{LABELS[other]} question a ") for text in of_a)
    assert of_a[0].endswith(" 0") and of_a[-1].endswith(f" {FROM_EACH * 2 - 1}")


def test_scores_are_compared_within_a_message() -> None:
    rows = standardise(np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]], dtype=np.float32))
    assert rows[0].tolist() == pytest.approx([-1.2247449, 0, 1.2247449])
    assert rows[1].tolist() == [0, 0, 0]


def test_each_number_is_what_its_name_says(model: FollowUpModel) -> None:
    asked = of_kind("d")
    learned = np.array([0.0, 1.0, 2.0, 5.0], dtype=np.float32)
    row = dict(zip(CHOICE_NAMES, _choice(asked, learned, PLACES)[3], strict=True))
    assert row["probe alone"] == 1.0
    assert row["learned from second messages"] == standardise(learned)[3]
    assert (row["the last passage"], row["another of its section"], row["the one after it"]) == (
        0,
        1,
        1,
    )
    shares = np.array([0.1, 0.2, 0.1, 0.6])
    gate = dict(zip(GATE_NAMES, _gate_row(asked, shares, learned, PLACES), strict=True))
    assert gate["the likeliest passage's share"] == 0.6
    assert gate["lead over the next, log odds"] == pytest.approx(np.log(3))
    assert gate["the likeliest is the last passage"] == 0
    assert gate["the likeliest is first alone"] == 1
    assert gate["learned score of the likeliest"] == 5.0
    assert gate["a word that points back"] == 1  # "it"
    assert gate["other targets' best share alone"] == 0.1


def test_in_context_a_message_stands_behind_the_title() -> None:
    assert behind("Cytokine release syndrome", "how long") == "Cytokine release syndrome how long"
