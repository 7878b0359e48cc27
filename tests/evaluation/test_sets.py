"""The sets are sound: quoted word for word, apart from each other and from all training data."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from bot.evaluation.escalation import ALARMING, QUIET
from bot.evaluation.retrieval import gold_passages
from bot.evaluation.sets import (
    NAMES,
    SAMPLE,
    SETS,
    Row,
    Split,
    drop_seen,
    load_outside,
    load_set,
    nlu_examples,
    normalise,
    training_texts,
    write_rows,
)
from bot.knowledge.base import KnowledgeBase, load_knowledge
from bot.safety.families import FAMILIES
from bot.settings import ROOT

SPLITS: tuple[Split, ...] = ("dev", "test")
FILES = [(name, split) for name in NAMES for split in SPLITS]
DETECTOR = (*ALARMING, *QUIET)
IDS = [f"{name}_{split}" for name, split in FILES]


@lru_cache
def knowledge() -> KnowledgeBase:
    return load_knowledge(ROOT / "knowledge")


@lru_cache
def training() -> dict[str, str]:
    return training_texts(knowledge())


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("name", "split"), FILES, ids=IDS)
def test_lines_are_texts_and_not_repeated(name: str, split: Split) -> None:
    texts = [normalise(row["text"]) for row in load_set(name, split)]
    assert len(texts) >= 50
    assert all(texts)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(("name", "split"), FILES, ids=IDS)
def test_no_line_is_training_data(name: str, split: Split) -> None:
    """Names the place, never the line: a test line that is read is no test line any more."""
    seen = [
        f"line {number} is also in {training()[normalise(row['text'])]}"
        for number, row in enumerate(load_set(name, split), start=1)
        if normalise(row["text"]) in training()
    ]
    remedy = "remove it from the set: python -m bot.evaluation --drop-seen"
    assert not seen, f"{name}_{split}: {'; '.join(seen)} -> {remedy}"


def test_no_test_line_is_a_dev_line() -> None:
    dev = {normalise(row["text"]) for name in NAMES for row in load_set(name, "dev")}
    for name in NAMES:
        shared = sum(normalise(row["text"]) in dev for row in load_set(name, "test"))
        assert shared == 0, f"{name}_test: {shared} lines are also in a dev set -> --drop-seen"


@pytest.mark.parametrize("split", SPLITS)
def test_evidence_is_quoted_by_the_passages_that_are_named(split: Split) -> None:
    base = knowledge()
    article = flat(" ".join(p.quote for p in base.passages))
    for number, row in enumerate(load_set("retrieval", split), start=1):
        where = f"retrieval_{split} line {number}"
        assert row["evidence"], where
        assert row["passages"], where
        assert all(i in base.by_id for i in row["passages"]), f"{where}: unknown passage"
        assert all(flat(e) in article for e in row["evidence"]), f"{where}: not in the article"
        quotes = [flat(base.by_id[i].quote) for i in row["passages"]]
        assert all(any(flat(e) in q for e in row["evidence"]) for q in quotes), where


@pytest.mark.parametrize("split", SPLITS)
def test_gold_survives_a_renamed_passage(split: Split) -> None:
    """The evidence finds the passage again when its id has changed."""
    base = knowledge()
    for row in load_set("retrieval", split):
        by_evidence = gold_passages({**row, "passages": ["renamed"]}, base)
        assert by_evidence == gold_passages(row, base)


@pytest.mark.parametrize("split", SPLITS)
def test_labels_are_the_bots(split: Split) -> None:
    trained = {e.intent for e in nlu_examples()}
    assert {row["intent"] for row in load_set("intent", split)} <= trained
    families = {f for row in load_set("urgent", split) for f in row["families"]}
    assert families <= set(FAMILIES)
    for name in ("urgent", "crisis"):
        assert all(row["person"] and row["lang"] for row in load_set(name, split))
    assert all(row["families"] for row in load_set("urgent", split))


@pytest.mark.parametrize(
    ("split", "writers"), [("dev", {"b", "c", "e", "f", "g"}), ("test", {"a", "d", "e"})]
)
def test_lines_of_the_detectors_sets_say_who_wrote_them_and_how(
    split: Split, writers: set[str]
) -> None:
    """Writer a is older, and noted less; near_crisis came after a."""
    for name in DETECTOR:
        rows = load_set(name, split)
        expected = writers - {"a"} if name == "near_crisis" else writers
        assert {row["writer"] for row in rows} == expected, name
        newer = [row for row in rows if row["writer"] != "a"]
        assert all(row["person"] and row["style"] and row["lang"] for row in newer), name


@pytest.mark.parametrize("split", SPLITS)
def test_sets_are_as_large_as_was_asked_for(split: Split) -> None:
    size = {name: len(load_set(name, split)) for name in DETECTOR}
    assert size["urgent"] >= 400
    assert size["negated"] + size["other_sense"] + size["benign"] >= 300
    assert size["crisis"] >= 60
    assert size["near_crisis"] >= 60


def test_the_page_lists_each_set_with_the_lines_that_were_written() -> None:
    """Lines that training data has come to hold may have been removed since."""
    page = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    written = {name: (int(dev), int(test)) for name, dev, test in listed}
    assert tuple(written) == NAMES
    for name, counts in written.items():
        for split, count in zip(SPLITS, counts, strict=True):
            assert 0.6 * count < len(load_set(name, split)) <= count, f"{name}_{split}"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("What's  CRS?!", "what s crs"),
        ("WHAT\u2019S CRS", "what s crs"),
        ("\uff23\uff32\uff33", "crs"),
        ("🙏", "🙏"),
        ("a_b", "a b"),
    ],
    ids=["punctuation", "case", "full width", "no word at all", "underscore"],
)
def test_normalise(text: str, folded: str) -> None:
    assert normalise(text) == folded
    assert normalise(folded) == folded


@pytest.mark.filterwarnings("ignore")  # Rasa's own, when it is imported first here
def test_nlu_examples_are_read_as_rasa_reads_them() -> None:
    from rasa.shared.nlu.training_data.loading import load_data

    theirs = {
        (m.get("text"), m.get("intent"))
        for m in load_data(str(ROOT / "data" / "nlu")).intent_examples
    }
    assert {(e.text, e.intent) for e in nlu_examples()} == theirs


def test_drop_seen_removes_training_lines_and_dev_lines(tmp_path: Path) -> None:
    known = nlu_examples()[0].text
    write_rows(tmp_path / "x_dev.jsonl", [{"text": known.upper()}, {"text": "zq dev only"}])
    write_rows(tmp_path / "x_test.jsonl", [{"text": "zq, dev only!"}, {"text": "zq test only"}])
    assert drop_seen(tmp_path) == {"x_dev": 1, "x_test": 1}
    assert (tmp_path / "x_test.jsonl").read_text() == '{"text": "zq test only"}\n'
    assert drop_seen(tmp_path) == {"x_dev": 0, "x_test": 0}


def test_an_outside_set_that_is_absent_is_none(tmp_path: Path) -> None:
    assert load_outside(None, "far_out_of_scope") is None
    assert load_outside(tmp_path, "far_out_of_scope") is None
    assert load_outside(tmp_path / "nowhere", "far_out_of_scope") is None


def test_a_large_outside_set_is_sampled_alike_each_time(tmp_path: Path) -> None:
    rows: list[Row] = [{"text": f"command {n}"} for n in range(SAMPLE + 1)]
    write_rows(tmp_path / "big.jsonl", rows)
    sample = load_outside(tmp_path, "big")
    assert len(sample or []) == SAMPLE
    assert sample == load_outside(tmp_path, "big")
    assert load_outside(tmp_path, "big", everything=True) == rows


def test_every_file_of_the_sets_is_known() -> None:
    assert sorted(p.stem for p in SETS.glob("*.jsonl")) == sorted(IDS)
