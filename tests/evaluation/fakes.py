"""A bot and an encoder whose answers can be worked out in the head."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from bot import contract
from bot.encoding import Vectors
from bot.evaluation.baselines import words
from bot.evaluation.parsed import ModelCard, Parsed
from bot.safety import Finding, Level, Verdict

FEVER = Verdict(Level.URGENT, (Finding("fever_chills", "core", 0, 5, "pattern"),))
"""Urgent, the clinic's number first."""
CHEST = Verdict(Level.URGENT, (Finding("chest", "core", 0, 5, "pattern"),))
"""Urgent, the emergency number first."""
FAINT = Verdict(Level.URGENT, (Finding("faint_lowbp", "core", 0, 5, "pattern", emergency=True),))
"""Urgent, the emergency number first for the wording, not for the family."""
CRISIS = Verdict(Level.CRISIS, (Finding("self_harm", "crisis", 0, 5, "pattern"),))
"""The crisis line first."""
OVERDOSE = Verdict(Level.CRISIS, (Finding("self_harm", "crisis", 0, 5, "reading", emergency=True),))
"""The emergency number first, then the crisis line."""


class WordEncoder:
    """Gives each word an axis (by checksum), so that texts with the same words are equal."""

    dimension = 512

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Returns one row a text, of length 1; a text without words lies along axis 0."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(text):
                row[zlib.crc32(word.encode()) % self.dimension] += 1
            if not row.any():
                row[0] = 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


class SilentBot:
    """Knows nothing, and escalates what holds the word fever."""

    card = ModelCard("silent.tar.gz", "0000")

    def read(self, texts: Sequence[str], label: str) -> list[Parsed]:
        """Reads messages."""
        return [
            parsed(contract.UTTER_DONT_KNOW, text=t, verdict=FEVER if "fever" in t else None)
            for t in texts
        ]

    def read_after(self, pairs: Sequence[tuple[str, str]], label: str) -> list[Parsed]:
        """Reads messages; what was said before changes nothing."""
        return self.read([text for _, text in pairs], label)


def parsed(
    action: str | None,
    *,
    text: str = "words",
    passage: str | None = None,
    offered: Sequence[str] = (),
    ranked: Sequence[str] = (),
    confidence: float = 0.0,
    verdict: Verdict | None = None,
    patterns: bool = False,
    classifier: bool | None = False,
) -> Parsed:
    """Builds one message as the bot read it."""
    decision: dict[str, Any] = {
        "action": action,
        "passage": passage,
        "related": [{"id": i, "label": i} for i in offered],
    }
    return Parsed(
        text,
        "ask_question",
        decision,
        verdict,
        tuple(ranked),
        confidence,
        classifier_alarm=classifier,
        patterns_alarm=patterns,
    )
