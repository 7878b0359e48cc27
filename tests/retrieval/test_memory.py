"""What was fitted is taken up again if, and only if, it was fitted on the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bot.knowledge.base import load_knowledge
from bot.retrieval import entries, followup, memory, ranker
from bot.retrieval.linear import LinearModel
from bot.retrieval.memory import KEPT, FitMemory
from bot.retrieval.retriever import Retriever
from tests.fakes import WordEncoder, write_knowledge
from tests.retrieval.test_retriever import (
    BODY,
    COLLECT,
    FEVER,
    NEARBY,
    OFF,
    QUERIES,
    QUESTIONS,
    ROOM,
)

Fit = Callable[[], LinearModel]


def fit_of(value: float, calls: list[float]) -> Fit:
    def fit() -> LinearModel:
        calls.append(value)
        return LinearModel(np.full((2, 3), value, np.float32), np.zeros(2, np.float32))

    return fit


DATA = ("kind", np.arange(6.0), csr_matrix(np.eye(3)), 2, None)
OTHERS = [
    ("another", *DATA[1:]),
    (DATA[0], np.arange(1, 7.0), *DATA[2:]),
    (DATA[0], np.arange(6.0).reshape(2, 3), *DATA[2:]),
    (DATA[0], np.arange(6.0).astype(np.float32), *DATA[2:]),
    (*DATA[:2], csr_matrix(2 * np.eye(3)), *DATA[3:]),
    (*DATA[:2], csr_matrix(np.eye(3)[[1, 0, 2]]), *DATA[3:]),
    (*DATA[:2], csr_matrix((np.ones(3), np.arange(3), np.arange(4)), shape=(3, 4)), *DATA[3:]),
    (*DATA[:3], 3, None),
    (*DATA[:4], np.ones(3)),
]


def test_the_same_is_fitted_once_by_another_process_too(tmp_path: Path) -> None:
    calls: list[float] = []
    first = FitMemory(tmp_path).model(DATA, fit_of(1.5, calls))
    again = FitMemory(tmp_path).model(
        ("kind", np.arange(6.0), csr_matrix(np.eye(3)), 2, None), fit_of(9.0, calls)
    )
    assert calls == [1.5]
    np.testing.assert_array_equal(first.weights, again.weights)
    np.testing.assert_array_equal(first.bias, again.bias)


@pytest.mark.parametrize("other", OTHERS, ids=range(len(OTHERS)))
def test_whatever_differs_is_fitted_anew(tmp_path: Path, other: tuple[object, ...]) -> None:
    calls: list[float] = []
    FitMemory(tmp_path).model(DATA, fit_of(1.0, calls))
    found = FitMemory(tmp_path).model(other, fit_of(2.0, calls))
    assert calls == [1.0, 2.0]
    assert found.weights[0, 0] == 2.0


def test_another_version_of_the_code_is_fitted_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []
    FitMemory(tmp_path).model(DATA, fit_of(1.0, calls))
    monkeypatch.setattr(memory, "_code", lambda: b"later")
    FitMemory(tmp_path).model(DATA, fit_of(2.0, calls))
    assert calls == [1.0, 2.0]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive"], ids=repr)
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    calls: list[float] = []
    FitMemory(tmp_path).model(DATA, fit_of(1.0, calls))
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(content)
    for _ in range(2):
        assert FitMemory(tmp_path).model(DATA, fit_of(1.0, calls)).weights[0, 0] == 1.0
    assert calls == [1.0, 1.0]


def test_no_damaged_byte_stops_a_training(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(4, 40)).astype(np.float16).astype(np.float32)
    calls: list[float] = []

    def fit() -> LinearModel:
        calls.append(1.0)
        return LinearModel(weights, np.zeros(4, np.float32))

    FitMemory(tmp_path).model(DATA, fit)
    (path,) = tmp_path.glob("*.npz")
    whole = path.read_bytes()
    for place in range(0, len(whole), 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        FitMemory(tmp_path).model(DATA, fit)  # Nothing is raised, whatever it is damaged to.
    assert len(calls) > 20


def test_a_folder_that_is_only_readable_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []
    FitMemory(tmp_path).model(DATA, fit_of(1.0, calls))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "touch", refuse)
    FitMemory(tmp_path).model(DATA, fit_of(1.0, calls))
    assert calls == [1.0]


def test_what_was_used_last_is_kept(tmp_path: Path) -> None:
    calls: list[float] = []
    remembered = FitMemory(tmp_path)
    remembered.model(DATA, fit_of(0.0, calls))
    for number in range(KEPT + 3):
        remembered.model((number,), fit_of(1.0, calls))
        remembered.model(DATA, fit_of(0.0, calls))
    assert len(list(tmp_path.iterdir())) == KEPT
    assert calls.count(0.0) == 1
    remembered.model((0,), fit_of(1.0, calls))
    assert len(calls) == KEPT + 5


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    calls: list[float] = []
    for _ in range(2):
        FitMemory(tmp_path / "file" / "below").model(DATA, fit_of(1.0, calls))
    assert calls == [1.0, 1.0]


FOLLOW_UPS = "follow_ups:\n" + "".join(
    f"- after: {after}\n  messages:\n"
    + "".join(f"  - ask: {ask}\n    answered_by: {answer}\n" for ask, answer in asked)
    for after, asked in {
        COLLECT: [("and how long", COLLECT), ("then what", ROOM), ("why near", NEARBY)],
        ROOM: [("and before that", COLLECT), ("which signs", FEVER), ("why so close", NEARBY)],
    }.items()
)


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """One question of a passage is as good as the hundred that the real ones have."""
    monkeypatch.setattr(entries, "MANY", 1)


@pytest.mark.usefixtures("few_are_many")
def test_after_an_edit_of_a_passage_no_model_is_fitted(tmp_path: Path) -> None:
    root = write_knowledge(tmp_path / "in", {"doc": BODY}, questions={"doc.yml": QUESTIONS})
    (root / "follow_ups.yml").write_text(FOLLOW_UPS, "utf-8")
    remembered, encoder = FitMemory(tmp_path / "fitted"), WordEncoder()
    Retriever.fit(load_knowledge(root), encoder, OFF, memory=remembered)

    def never(*_: object) -> LinearModel:
        raise AssertionError("fitted anew")

    path = root / "doc.md"
    words = path.read_text("utf-8")
    assert "It takes hours." in words
    path.write_text(words.replace("It takes hours.", "It takes half a day."), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for module in (ranker, followup):
            patch.setattr(module, "fit_lexical", never)
        patch.setattr(ranker, "fit_probe", never)
        fitted = Retriever.fit(load_knowledge(root), encoder, OFF, memory=remembered)
    assert fitted.follow_ups is not None
    assert "half a day" in fitted.catalogue.cards[COLLECT].quote
    anew = Retriever.fit(load_knowledge(root), encoder, OFF)
    vectors = encoder.encode(QUERIES)
    assert fitted.rank_all(QUERIES, vectors) == anew.rank_all(QUERIES, vectors)


@pytest.mark.usefixtures("few_are_many")
def test_another_answer_to_a_second_message_is_learned_anew(tmp_path: Path) -> None:
    root = write_knowledge(tmp_path / "in", {"doc": BODY}, questions={"doc.yml": QUESTIONS})
    path = root / "follow_ups.yml"
    path.write_text(FOLLOW_UPS, "utf-8")
    remembered, encoder = FitMemory(tmp_path / "fitted"), WordEncoder()
    Retriever.fit(load_knowledge(root), encoder, OFF, memory=remembered)
    before = set((tmp_path / "fitted").iterdir())
    path.write_text(FOLLOW_UPS.replace(f"answered_by: {FEVER}", f"answered_by: {ROOM}"), "utf-8")
    found = [
        Retriever.fit(load_knowledge(root), encoder, OFF, memory=m) for m in (remembered, None)
    ]
    new = set((tmp_path / "fitted").iterdir()) - before
    assert len(new) == followup.FOLDS  # The last, and all folds but the one that holds it out.
    models = [r.follow_ups for r in found]
    assert all(models)
    texts = ["which signs", "then what"]
    titled = [f"{found[0].catalogue.cards[ROOM].label} {text}" for text in texts]
    vectors = encoder.encode([*texts, *titled])
    read = [
        [r.follow_ups.read(s) for s in r.seconds(texts, titled, [ROOM, ROOM], vectors)]
        for r in found
        if r.follow_ups
    ]
    assert read[0] == read[1]


@pytest.mark.usefixtures("few_are_many")
def test_a_passage_with_few_questions_is_learned_from_its_sentences_too(tmp_path: Path) -> None:
    root = write_knowledge(tmp_path, {"doc": BODY}, questions={"doc.yml": QUESTIONS})
    found = entries.build_entries(load_knowledge(root))
    learned = [e for e, teaches in zip(found, entries.taught(found), strict=True) if teaches]
    assert {e.kind for e in learned if e.target == COLLECT} == {entries.EntryKind.QUESTION}
    of_fever = [e for e in found if e.target == FEVER]
    assert of_fever and [e for e in learned if e.target == FEVER] == of_fever
