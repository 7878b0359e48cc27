"""Stand-ins that can be computed in the head, and small knowledge bases written to disk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.encoding import Vectors

FRONT_MATTER = {
    "id": "doc",
    "title": "A document",
    "publisher": "unknown",
    "url": "unknown",
    "as_of": "2026-06",
    "reviewed_by": "unknown",
    "reviewed_on": "unknown",
    "language": "en",
}
BODY_LINE = len(FRONT_MATTER) + 3
"""The first line below the front matter: one `---`, a line a field, another `---`."""


class WordEncoder:
    """Gives each word an axis of its own.

    The cosine of two texts is (words in common) / sqrt(words of one * words of the other).
    """

    def __init__(self, dimension: int = 512) -> None:
        self.dimension = dimension
        self._axes: dict[str, int] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Returns one row of length 1 a text; a text without words is all zeros."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in set(re.findall(r"\w+", text.lower())):
                vectors[row, self._axes.setdefault(word, len(self._axes))] = 1.0
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


class FakeTracker:
    """What an action of rasa_sdk reads: the last message and the slots."""

    def __init__(
        self,
        message: Mapping[str, Any],
        slots: Mapping[str, Any],
        sender_id: str = "sender",
        actions: Sequence[str] = (),
    ) -> None:
        self.events = [{"event": "action", "name": name} for name in actions]
        self.latest_message = dict(message)
        self.sender_id = sender_id
        self._slots = slots

    def get_slot(self, name: str) -> Any:
        """Returns a slot's value."""
        return self._slots.get(name)


def document_text(body: str, **fields: str | None) -> str:
    """Writes a document: front matter with some fields replaced, or None to leave one out."""
    lines = [f"{k}: {v}" for k, v in {**FRONT_MATTER, **fields}.items() if v is not None]
    return "\n".join(["---", *lines, "---", body])


def write_knowledge(
    root: Path,
    documents: Mapping[str, str],
    *,
    questions: Mapping[str, str] | None = None,
    not_covered: str | None = None,
) -> Path:
    """Writes a knowledge base: bodies by document id, question files by name."""
    (root / "questions").mkdir(parents=True, exist_ok=True)
    for identity, body in documents.items():
        text = document_text(body, id=identity, title=f"About {identity}")
        (root / f"{identity}.md").write_text(text, encoding="utf-8")
    for name, text in (questions or {}).items():
        (root / "questions" / name).write_text(text, encoding="utf-8")
    if not_covered is not None:
        (root / "not_covered.yml").write_text(not_covered, encoding="utf-8")
    return root
