"""Which adaptation a training takes, and that it is not looked for twice."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.components import adaptation
from bot.components.adaptation import encoder_defaults
from bot.encoding.adaptation import HEADS, WEIGHTS, Task

PASSAGES = [SimpleNamespace(id="a/b", lead="Is it new?")]
EXAMPLES = [("hello", "greet"), ("thanks a lot", "thank")]


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Counts how often the texts were collected; adaptations are folders with two files."""
    times: list[int] = []

    def tasks(*_: Any) -> list[Task]:
        times.append(1)
        return []

    def adapted_folder(*_: Any, **__: Any) -> Path:
        folder = tmp_path / f"adapted-{len(times)}"
        folder.mkdir()
        for name in (WEIGHTS, HEADS):
            (folder / name).write_bytes(b"numbers")
        return folder

    monkeypatch.setattr(adaptation, "tasks", tasks)
    monkeypatch.setattr(adaptation, "adapted_folder", adapted_folder)
    monkeypatch.setattr(adaptation, "load_knowledge", lambda _: SimpleNamespace(passages=PASSAGES))
    return times


def test_the_texts_are_collected_once_for_the_same_questions(
    collected: list[int], tmp_path: Path
) -> None:
    config, known = encoder_defaults(), tmp_path / ".rasa" / "known.json"
    first = adaptation._adapted(config, EXAMPLES, known)
    assert adaptation._adapted(config, EXAMPLES, known) == first
    assert len(collected) == 1


def test_they_are_collected_again_where_anything_differs(
    collected: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, known = encoder_defaults(), tmp_path / "known.json"
    first = adaptation._adapted(config, EXAMPLES, known)
    other = adaptation._adapted(config, [*EXAMPLES, ("bye", "goodbye")], known)
    assert first != other and len(collected) == 2
    monkeypatch.setenv("GUIDE_FEVER_CELSIUS", "37.6")
    adaptation._adapted(config, [*EXAMPLES, ("bye", "goodbye")], known)
    assert len(collected) == 3
    monkeypatch.setattr(PASSAGES[0], "lead", "Is it old?")
    adaptation._adapted(config, [*EXAMPLES, ("bye", "goodbye")], known)
    assert len(collected) == 4


@pytest.mark.parametrize("damage", ["not json", "[]", json.dumps({"key": 1})])
def test_a_damaged_note_is_written_anew(damage: str, collected: list[int], tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    known.write_text(damage)
    first = adaptation._adapted(encoder_defaults(), EXAMPLES, known)
    assert adaptation._adapted(encoder_defaults(), EXAMPLES, known) == first


def test_an_adaptation_that_is_gone_is_made_again(collected: list[int], tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    first = adaptation._adapted(encoder_defaults(), EXAMPLES, known)
    (first / HEADS).unlink()
    assert adaptation._adapted(encoder_defaults(), EXAMPLES, known) != first
