"""A preview by the shipped model: the same decision as the bot's, and an edit without a training."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot import contract
from bot.editors.preview import changes, views
from bot.editors.trained_vectors import with_memory
from bot.encoding import Encoder
from bot.evaluation.bot_under_test import BotUnderTest
from bot.evaluation.sets import nlu_examples
from bot.knowledge.base import load_knowledge
from bot.settings import ROOT

QUESTION = "zorbled quimby frazzles after the infusion"
"""Made-up words, which only the edit below teaches."""


@pytest.fixture(scope="module")
def bot(model: Path) -> BotUnderTest:
    return BotUnderTest.load(model)


def off_topic() -> list[str]:
    return sorted({e.text for e in nlu_examples() if e.intent == contract.INTENT_OUT_OF_SCOPE})


def remembered(bot: BotUnderTest) -> Encoder:
    assert bot.encoder is not None
    quote = next(iter(bot.retriever.catalogue.cards.values())).quote
    return with_memory(bot.encoder, quote)


def test_the_preview_of_unchanged_files_is_what_the_bot_says(bot: BotUnderTest) -> None:
    question = "how is car t different from chemo?"
    knowledge = load_knowledge(ROOT / "knowledge")
    [view] = views(question, bot, knowledge, off_topic(), remembered(bot))
    assert view.look.parsed.decision == bot.read([question], "one")[0].decision
    assert view.look.parsed.decision["action"] == contract.UTTER_ANSWER
    assert view.lines[0].target == view.look.parsed.decision["passage"]
    assert view.lines[0].match is not None


def test_an_edit_is_seen_without_a_training(bot: BotUnderTest, tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(ROOT / "knowledge", folder)
    trained = bot.retriever
    passage = next(iter(trained.catalogue.cards))
    file = folder / "questions" / "car-t-cell-therapy.yml"
    entry = f"  - id: {passage}\n"
    text = file.read_text("utf-8")
    assert entry in text
    start = text.index("    questions:\n", text.index(entry)) + len("    questions:\n")
    taught = "".join(f'      - "{QUESTION} {n}"\n' for n in range(8))
    file.write_text(text[:start] + taught + text[start:], encoding="utf-8")
    knowledge = load_knowledge(folder)
    before, after = views(QUESTION, bot, knowledge, off_topic(), remembered(bot))
    matched = after.lines[0].match
    assert matched is not None
    assert matched.text.startswith(QUESTION)
    assert changes(before, after)
    assert bot.retriever is trained  # The next question is asked of the model's own index.
