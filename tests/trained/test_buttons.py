"""Every button that the bot can offer brings the passage that it names."""

from __future__ import annotations

import pytest

from bot import contract
from bot.knowledge.base import load_knowledge
from bot.settings import ROOT
from tests.trained.conftest import Talk, kinds

KNOWLEDGE = load_knowledge(ROOT / "knowledge")


@pytest.mark.parametrize("passage", [p.id for p in KNOWLEDGE.passages])
async def test_a_buttons_words_bring_its_passage(passage: str, talk: Talk) -> None:
    reply = await talk(KNOWLEDGE.label(passage))
    said = kinds(reply)
    quoted = [m["custom"]["source"]["passage"] for m in reply if m["custom"].get("source")]
    if said[0] == contract.KIND_ESCALATION:  # Beside it only what may stand there.
        reading = KNOWLEDGE.readings.get(passage)
        allowed = reading is not None and reading.after_escalation
        assert quoted == ([passage] if allowed else [])
    else:
        assert quoted == [passage]
