"""Reads the urgency classifier's own training data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.encoding.taught import Taught
from bot.safety.families import FAMILIES

DATA = Path(__file__).parent / "data"
TAUGHT = DATA / "taught.npz"
"""What a larger model says of the examples and of their clauses (`python -m bot.teach`)."""
NEITHER = "neither"


@dataclass(frozen=True)
class Example:
    """A message written for training; `label` is urgent, crisis or neither."""

    text: str
    label: str
    families: tuple[str, ...] = ()

    @property
    def right(self) -> tuple[str, ...]:
        """The families of which any is right: all urgent ones where the writer named none."""
        if self.label == NEITHER:
            return (NEITHER,)
        if self.label == "crisis":
            return ("self_harm",)
        return tuple(f for f in self.families if f in URGENT) or URGENT


URGENT = tuple(
    name for name, f in FAMILIES.items() if f.tier in ("core", "ext") and name != "unspecified"
)


def load_examples(folder: Path = DATA) -> list[Example]:
    """Returns the examples of the JSONL files, in their order."""
    found = []
    for name in ("urgent", "crisis", NEITHER):
        for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            families = tuple(map(str, row.get("families") or ()))
            found.append(Example(str(row["text"]), str(row["label"]), families))
    return found


def load_taught(path: Path = TAUGHT) -> Taught | None:
    """Returns what a larger model says of the examples, or None where none was asked.

    Raises:
        ModelError: if the file is damaged.
    """
    return Taught.load(path) if path.is_file() else None


def quiet(texts: Sequence[str]) -> list[Example]:
    """Makes examples of texts that mention nothing urgent."""
    return [Example(text, NEITHER) for text in texts]
