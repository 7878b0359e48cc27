"""Conversations with real words through the trained bot, one file a goal, wording compared.

`GUIDE_REWRITE=1 pytest tests/trained/test_conversations.py` writes the replies anew; read the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.words import domain_responses
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


SAID = (
    "utter_answer",
    "utter_nearest",
    "utter_clarify",
    "utter_pick_one",
    "utter_rephrase",
    "utter_dont_know",
    "utter_not_covered",
    "utter_care_team_related",
    "utter_no_more",
    "utter_source",
    "utter_escalation",
    "utter_bot_challenge",
    "utter_capabilities",
)
"""What a conversation must have heard at least once, in some wording of it."""


@pytest.mark.parametrize("name", SAID)
def test_what_the_bot_can_do_is_in_a_conversation(name: str) -> None:
    lines = [
        line
        for path in GOALS
        for turn in yaml.safe_load(path.read_text("utf-8"))["turns"]
        for line in turn["bot"]
    ]
    wordings = [w["text"] for w in domain_responses()[name]]
    fixed = [max(re.split(r"\{\w+\}", wording), key=len).strip() for wording in wordings]
    assert any(words in line for words in fixed for line in lines)
