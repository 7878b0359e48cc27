"""Rasa's own way to choose among fixed answers, trained on the same questions: a baseline."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from bot.errors import GuideError
from bot.evaluation.baselines import DEPTH, Ranked
from bot.knowledge.base import KnowledgeBase
from bot.retrieval.entries import EntryKind, build_entries, is_passage

INTENT = "passage"
"""The one retrieval intent; each passage is a response key below it."""

EPOCHS = 10
"""About ten minutes. Batches of 256 throughout were as slow and much worse (0.58 against 0.82)."""

TIMEOUT = 3600
"""Seconds after which a training is given up."""

CONFIG = {
    "recipe": "default.v1",
    "language": "en",
    "pipeline": [
        {"name": "WhitespaceTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {
            "name": "ResponseSelector",
            "retrieval_intent": INTENT,
            "epochs": EPOCHS,
            "constrain_similarities": True,
            "random_seed": 1,
        },
    ],
}
"""The pipeline that `rasa init` writes, without what only other components need."""

Read = Callable[[Path, str, Sequence[str]], list[list[tuple[str, float]]]]
"""Reads texts with a model: for each, the keys of an intent with their confidence, best first."""


class ResponseSelectorBaseline:
    """Ranks passages as Rasa's ResponseSelector does."""

    name = "Rasa's ResponseSelector, questions"

    def __init__(self, model: Path, passages: Sequence[str], read: Read) -> None:
        self._model = model
        self._passages = list(passages)
        self._read = read

    def rank(self, texts: Sequence[str]) -> list[Ranked]:
        """Returns one ranking a text."""
        return [self._ranked(found) for found in self._read(self._model, INTENT, texts)]

    def _ranked(self, found: Sequence[tuple[str, float]]) -> Ranked:
        passages = tuple(self._passages[int(key.removeprefix("p"))] for key, _ in found[:DEPTH])
        return Ranked(passages, found[0][1])


def trained_selector(knowledge: KnowledgeBase, cache: Path, read: Read) -> ResponseSelectorBaseline:
    """Trains a selector, or takes the one that was trained on the same questions before.

    Raises:
        GuideError: if the training fails.
    """
    questions = questions_by_passage(knowledge)
    files = project(questions, {p.id: p.quote for p in knowledge.passages})
    digest = hashlib.sha256(version("rasa").encode())
    for name, text in files.items():
        digest.update(f"\0{name}\0{text}".encode())
    model = cache / f"{digest.hexdigest()[:24]}.tar.gz"
    if not model.is_file():
        _train(files, model)
    return ResponseSelectorBaseline(model, list(questions), read)


def questions_by_passage(knowledge: KnowledgeBase) -> dict[str, list[str]]:
    """Lists each passage's questions; one without any is asked for by its own words."""
    entries = [e for e in build_entries(knowledge) if is_passage(e.target)]
    found: dict[str, list[str]] = {e.target: [] for e in entries}
    for entry in entries:
        if entry.kind is EntryKind.QUESTION:
            found[entry.target].append(entry.text)
    for entry in entries:
        if not found[entry.target]:
            found[entry.target].append(entry.text)
    return found


def project(questions: dict[str, list[str]], quotes: dict[str, str]) -> dict[str, str]:
    """Returns the files of a Rasa project by name."""
    keys = {passage: f"{INTENT}/p{n}" for n, passage in enumerate(questions)}
    nlu = [
        {"intent": keys[passage], "examples": "".join(f"- {_one_line(t)}\n" for t in texts)}
        for passage, texts in questions.items()
    ]
    domain = {
        "version": "3.1",
        "intents": [INTENT],
        "responses": {f"utter_{key}": [{"text": quotes[p]}] for p, key in keys.items()},
    }
    return {
        "config.yml": yaml.safe_dump(CONFIG, sort_keys=False),
        "domain.yml": yaml.safe_dump(domain, sort_keys=False, allow_unicode=True),
        "nlu.yml": yaml.safe_dump(
            {"version": "3.1", "nlu": nlu}, sort_keys=False, allow_unicode=True, width=10_000
        ),
    }


def _one_line(text: str) -> str:
    # Brackets and braces would mark entities.
    return " ".join(text.translate(str.maketrans("[]{}", "    ")).split())


def _train(files: dict[str, str], model: Path) -> None:
    model.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in files.items():
            (root / name).write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "rasa", "train", "nlu", "--config", "config.yml"]
        command += ["--domain", "domain.yml", "--nlu", "nlu.yml", "--out", "."]
        command += ["--fixed-model-name", "selector"]
        print("training Rasa's ResponseSelector, about ten minutes ...", file=sys.stderr)
        try:
            done = subprocess.run(
                command, cwd=root, capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise GuideError(f"The ResponseSelector was not trained in {TIMEOUT} s.") from error
        trained = root / "selector.tar.gz"
        if done.returncode or not trained.is_file():
            raise GuideError(f"The ResponseSelector was not trained: {done.stderr[-500:]}")
        draft = model.with_suffix(".tmp")
        draft.write_bytes(trained.read_bytes())
        draft.replace(model)
