"""The scale benchmark on corpora of a few lines, whose neighbours and hits are plain to see."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.encoding import Vectors
from bot.evaluation.metrics import Rate
from bot.evaluation.scale import __main__ as program
from bot.evaluation.scale import embeddings, report
from bot.evaluation.scale.corpus import FILE, PASSAGE_WORDS, Corpus, read_corpus, sample, split
from bot.evaluation.scale.embeddings import embed
from bot.evaluation.scale.hits import by_bm25, by_vectors, count_hits
from bot.evaluation.scale.index_figures import (
    KINDS,
    IndexFigures,
    brute_force,
    measure_here,
    measure_index,
    recall,
)
from bot.evaluation.scale.ranker_figures import first_answers, rank_here
from bot.evaluation.scale.run import run
from bot.retrieval.vectors import VectorIndex
from tests.evaluation.fakes import WordEncoder

ANSWERS = ["Red cells carry air.", "People sleep at night.", "Bread is made of flour."]
QUESTIONS = ["what do red cells carry", "when do people sleep", "what is bread made of"]


def write_corpus(folder: Path, answers: Sequence[str] = ANSWERS) -> Path:
    path = folder / FILE
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for question, answer in zip(QUESTIONS, answers, strict=False):
            file.write(json.dumps({"question": question, "answer": answer}) + "\n")
    return path


def random_vectors(count: int, dimension: int = 16) -> Vectors:
    rows = np.random.default_rng(0).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_splitting_loses_no_word_and_keeps_sentences_whole() -> None:
    sentence = "One two three four five. "
    text = sentence * 40
    parts = split(text)
    assert " ".join(parts).split() == text.split()
    assert [len(p.split()) for p in parts] == [PASSAGE_WORDS, PASSAGE_WORDS, 50]
    assert all(p.endswith("five.") for p in parts)
    assert split("word " * 200) == [" ".join(["word"] * 200)]  # one sentence is never cut
    assert split("  ") == []


def test_a_corpus_holds_whole_answers_in_a_fixed_order(tmp_path: Path) -> None:
    path = write_corpus(tmp_path)
    corpus = read_corpus(path, 10)
    assert sorted(corpus.answers) == sorted(ANSWERS)
    assert corpus == read_corpus(path, 10)
    for passage, owner in zip(corpus.passages, corpus.owners, strict=True):
        assert passage in corpus.answers[owner]
        assert QUESTIONS[ANSWERS.index(corpus.answers[owner])] == corpus.questions[owner]
    two = read_corpus(path, 2)
    assert two.answers == corpus.answers[:2]
    assert sample(corpus, 2) == sample(corpus, 2)
    assert list(sample(corpus, 99)) == [0, 1, 2]


class CountingEncoder(WordEncoder):
    """Counts the texts it encodes."""

    encoded = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Returns vectors."""
        self.encoded += len(texts)
        return super().encode(texts)


def test_encoding_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "BLOCK", 2)
    encoder = CountingEncoder()
    texts = ["a", "b", "c", "d", "e"]
    assert embed(texts, encoder, "key", tmp_path, seconds=0) is None
    assert encoder.encoded == 0
    assert embed(texts[:2], encoder, "key", tmp_path) is not None
    found = embed(texts, encoder, "key", tmp_path)
    assert found is not None
    assert np.array_equal(found, WordEncoder().encode(texts))
    assert encoder.encoded == 5  # the first two only once
    again = embed(texts, encoder, "key", tmp_path, seconds=0)
    assert again is not None
    assert np.array_equal(found, again)
    embed(texts[:2], encoder, "another encoder", tmp_path)
    assert encoder.encoded == 7


@pytest.mark.parametrize("kind", KINDS)
def test_index_figures(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"
    np.save(path, random_vectors(200))
    figures = measure_here(kind, path, 100, random_vectors(5))
    assert (figures.kind, figures.size) == (kind, 100)
    assert figures.recall >= 0.9  # a hundred vectors: HNSW misses next to none, exact none
    assert figures.file_megabytes * 2**20 >= 100 * 16 * 4
    assert 0 <= figures.median_milliseconds <= figures.p95_milliseconds
    assert figures.build_seconds >= 0


def test_each_index_has_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npy"
    np.save(path, random_vectors(50))
    assert measure_index("exact", path, 50, random_vectors(3)).recall == 1.0


def test_the_whole_ranker_is_measured(tmp_path: Path) -> None:
    texts = ["red cells", "red blood", "deep sleep", "sleep at night", "not asked"]
    corpus = Corpus(tuple(texts), (0, 0, 1, 1, 2), ("what is red", "who sleeps", "x"), ("",) * 3)
    vectors = WordEncoder().encode(texts)
    np.save(tmp_path / "v.npy", vectors)
    found = rank_here(*first_answers(corpus, 2), tmp_path / "v.npy", ["a", "b"], vectors[:2])
    assert (found.targets, found.entries) == (2, 4)
    assert found.train_seconds > 0
    assert found.median_milliseconds > 0


def test_the_exact_index_is_brute_force_and_recall_counts_ties() -> None:
    rows, queries = random_vectors(60), random_vectors(3)
    true = brute_force(rows, queries)
    scores, _ = VectorIndex.build(rows).search(queries, 10)
    assert np.allclose(scores, true, atol=1e-6)
    assert recall(list(scores), true) == 1.0
    assert recall([true[0][:9]], true[:1]) == 0.9
    tied = np.full((1, 10), 0.5, dtype=np.float32)
    assert recall([np.full(10, 0.5, dtype=np.float32)], tied) == 1.0


def test_an_answer_ranks_by_its_best_passage() -> None:
    vectors = WordEncoder().encode(["sky", "red cells", "sleep", "red"])
    ranked = by_vectors(VectorIndex.build(vectors), [0, 0, 1, 1], WordEncoder().encode(["red"]))
    assert ranked == [[1, 0]]
    assert by_bm25(["red cells", "sky", "sun"], [0, 1, 2], ["cells"]) == [[0, 1, 2]]


def test_hits() -> None:
    hits = count_hits("s", [[1, 2], [2, 1], [0, 9]], [1, 1, 3])
    assert (hits.at_1, hits.at_10) == (Rate(1, 3), Rate(2, 3))


def figures(kind: str, path: Path, size: int, queries: Vectors) -> IndexFigures:
    return IndexFigures(kind, size, 0.1, 1.0, 2.0, 0.01, 0.02, 1.0)


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # matplotlib's own
def test_a_whole_run(tmp_path: Path) -> None:
    file = write_corpus(tmp_path)
    made = run(file, WordEncoder(), "k", tmp_path / "c", sizes=(1, 2, 50), measure=figures)
    assert made is not None
    assert (made.answers, made.passages, made.asked) == (3, 3, 3)
    assert [(f.size, f.kind) for f in made.indexes] == [
        (n, kind) for n in (1, 2, 3) for kind in KINDS
    ]
    by_system = {h.system: h for h in made.hits}
    assert by_system["MiniLM, exact"].at_1 == Rate(3, 3)  # each shares two words with its own
    assert by_system["BM25, whole answers"].at_10 == Rate(3, 3)
    report.write_results(made, tmp_path / "out")
    page = (tmp_path / "out" / "scale.html").read_text("utf-8")
    assert page.count("data:image/png;base64,iVBOR") == 4
    assert json.loads((tmp_path / "out" / "scale.json").read_text("utf-8"))["answers"] == 3
    docs = tmp_path / "scale.md"
    docs.write_text(f"# S\n{report.BEGIN}\n{report.END}\n", encoding="utf-8")
    report.write_docs(made, docs)
    assert "| 3 | HNSW |" in docs.read_text("utf-8")


def test_a_run_that_ran_out_of_time_measures_nothing(tmp_path: Path) -> None:
    file = write_corpus(tmp_path)
    assert run(file, WordEncoder(), "k", tmp_path / "c", seconds=0, measure=figures) is None


@pytest.mark.parametrize("named", [True, False])
def test_an_absent_corpus_is_not_run_and_says_so(
    named: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--data", str(tmp_path)] if named else []) == 0
    assert capsys.readouterr().out.startswith("not run")
