"""The pretraining that comes with the code is of the messages and the model that come with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.components.pretraining import ORIGIN, origin, pretrained, urgency_task
from bot.encoding import DEFAULT_MODEL
from bot.encoding.adaptation import PRETRAINED, load_adapted, load_heads
from bot.encoding.holdout import held_out
from bot.safety.training import NEITHER, Example, load_examples
from tests.encoding.tiny import make_tiny_model

REMEDY = "bot/safety/data has changed since: run `make pretrain` (about an hour), and commit it"


def test_it_is_of_the_messages_that_come_with_it() -> None:
    assert json.loads((PRETRAINED / ORIGIN).read_text("utf-8")) == origin(), REMEDY


def test_it_tells_alarms_from_the_rest_on_messages_that_it_has_not_seen() -> None:
    kept = [e for e in load_examples() if held_out(e.text)][::25]
    encoder, head = load_adapted(DEFAULT_MODEL, PRETRAINED), load_heads(PRETRAINED)["urgency"]
    alarm = (
        1
        - head.probabilities(encoder.encode([e.text for e in kept]))[:, head.columns([NEITHER])[0]]
    )
    right = [(p > 0.5) == (e.label != NEITHER) for p, e in zip(alarm, kept, strict=True)]
    assert len(kept) > 100
    assert sum(right) / len(right) > 0.85


def test_a_model_goes_on_only_from_its_own(tmp_path: Path) -> None:
    assert pretrained(DEFAULT_MODEL) == PRETRAINED
    assert pretrained(str(make_tiny_model(tmp_path))) is None
    assert pretrained(DEFAULT_MODEL, tmp_path / "none") is None


@pytest.mark.parametrize("share", [1.0, 0.25])
def test_the_task_holds_no_message_that_is_held_out(share: float) -> None:
    examples = [Example(f"message {n}", NEITHER) for n in range(200)]
    task = urgency_task([*examples, Example("x" * 500, NEITHER)], share)
    assert 150 < len(task.texts) < 201
    assert not any(map(held_out, task.texts))
    assert task.share == share
    assert "x" * 500 not in task.mixed
