"""Reads the corpus of medical answers and splits it into passages that could be quoted."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = "medquad_passages.jsonl.gz"

PASSAGE_WORDS = 75
"""Longest passage unless one sentence is longer: the corpus then gives about 50,000."""

SEED = 20261124

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z0-9-])")


@dataclass(frozen=True)
class Corpus:
    """Passages in a seeded order of their answers, so that each prefix is a sample.

    `owners[i]` is the number of the answer that passage i is a part of; `questions[n]` and
    `answers[n]` are that answer's own.
    """

    passages: tuple[str, ...]
    owners: tuple[int, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]


def read_corpus(path: Path, limit: int) -> Corpus:
    """Reads whole answers until the next one would go past `limit` passages."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    random.Random(SEED).shuffle(rows)
    passages: list[str] = []
    owners: list[int] = []
    kept: list[dict[str, str]] = []
    for row in rows:
        parts = split(row["answer"])
        if len(passages) + len(parts) > limit:
            break
        passages += parts
        owners += [len(kept)] * len(parts)
        kept.append(row)
    return Corpus(
        tuple(passages),
        tuple(owners),
        tuple(str(row["question"]) for row in kept),
        tuple(str(row["answer"]) for row in kept),
    )


def split(text: str) -> list[str]:
    """Joins sentences to passages of at most PASSAGE_WORDS words; no word is lost."""
    passages: list[list[str]] = []
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        if passages and len(passages[-1]) + len(words) <= PASSAGE_WORDS:
            passages[-1] += words
        elif words:
            passages.append(words)
    return [" ".join(words) for words in passages]


def sample(corpus: Corpus, count: int) -> Sequence[int]:
    """Chooses the answers whose questions are asked, the same each time."""
    numbers = range(len(corpus.questions))
    return sorted(random.Random(SEED).sample(numbers, min(count, len(numbers))))
