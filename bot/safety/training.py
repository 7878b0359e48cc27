"""Reads the urgency classifier's own training data."""

from __future__ import annotations

import json
from pathlib import Path

DATA = Path(__file__).parent / "data"


def load_examples(folder: Path = DATA) -> tuple[list[str], list[str]]:
    """Returns texts and their labels (urgent, crisis, neither) from the JSONL files."""
    texts: list[str] = []
    labels: list[str] = []
    for name in ("urgent", "crisis", "neither"):
        for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            texts.append(str(row["text"]))
            labels.append(str(row["label"]))
    return texts, labels
