"""`make encoder`: what it adapts on, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot import pretrain
from bot.encoding.adaptation import Task
from bot.errors import ModelError


def test_it_adapts_on_the_texts_of_the_repository(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def adapt(model: str, tasks: Sequence[Task], *, fresh: bool) -> None:
        asked.update(model=model, fresh=fresh, tasks={task.name: task for task in tasks})

    monkeypatch.setattr(pretrain, "pretrain", adapt)
    assert pretrain.main(["--fresh"]) == 0
    assert asked["fresh"] is True
    tasks = asked["tasks"]
    assert set(tasks) == {"urgency", "questions", "intents"}
    assert {"neither", "self_harm", "breathing"} <= set(tasks["urgency"].names)
    assert {"greet", "request_human", "tell_me_more"} <= set(tasks["intents"].names)
    assert all(len(task.texts) == len(task.labels) > 1000 for task in tasks.values())
    assert "Commit it with the texts it was made of." in capsys.readouterr().out


def test_what_is_wrong_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def adapt(*_: Any, **__: Any) -> None:
        raise ModelError("it is damaged; make it anew")

    monkeypatch.setattr(pretrain, "pretrain", adapt)
    assert pretrain.main([]) == 1
    assert capsys.readouterr().err == "it is damaged; make it anew\n"
