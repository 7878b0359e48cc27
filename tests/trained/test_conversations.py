"""Conversations with real words through the trained bot, one file a goal, wording compared.

`GUIDE_REWRITE=1 pytest tests/trained/test_conversations.py` writes the replies anew; read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.trained.conftest import Reply, Talk

FOLDER = Path(__file__).parent / "conversations"
GOALS = sorted(FOLDER.glob("*.yml"))


class _Readable(yaml.SafeDumper):
    """Writes texts of several lines as blocks, as a person would."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)


def plain(reply: Reply) -> list[str]:
    """Shows a reply as a person would see it: texts, and buttons in brackets."""
    lines = []
    for message in reply:
        lines.append(message["text"])
        if message.get("buttons"):
            lines.append("[" + " | ".join(b["title"] for b in message["buttons"]) + "]")
    return lines


@pytest.mark.parametrize("path", GOALS, ids=[p.stem for p in GOALS])
async def test_conversation(path: Path, talk: Talk) -> None:
    goal: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    sender = f"golden-{path.stem}"
    for turn in goal["turns"]:
        said = plain(await talk(turn["user"], sender, site=goal.get("site")))
        if os.environ.get("GUIDE_REWRITE"):
            turn["bot"] = said
        assert said == turn["bot"], turn["user"]
    if os.environ.get("GUIDE_REWRITE"):
        text = yaml.dump(goal, Dumper=_Readable, allow_unicode=True, sort_keys=False, width=1000)
        path.write_text(text, "utf-8")


def test_there_is_a_conversation_for_every_goal_of_the_bot() -> None:
    assert len(GOALS) >= 10
