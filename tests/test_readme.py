"""README.md says what the bot says, and what the scripts ask for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import ROOT, load_settings
from tests import readme

CONVERSATIONS = ROOT / "tests" / "trained" / "conversations"
GOALS = ("infusion_day", "husband_has_fever", "cost")


def golden(goal: str) -> tuple[str, list[str]]:
    """Returns the first turn of a conversation that the trained bot is held to."""
    text = (CONVERSATIONS / f"{goal}.yml").read_text("utf-8")
    turn: dict[str, Any] = yaml.safe_load(text)["turns"][0]
    return turn["user"], turn["bot"]


@pytest.mark.parametrize(("number", "goal"), list(enumerate(GOALS)), ids=GOALS)
def test_the_conversation_is_the_real_one(number: int, goal: str) -> None:
    turn = readme.conversation()[number]
    user, bot = golden(goal)
    texts = [text for text in bot if not text.startswith("[")]
    titles = [t for text in bot if text.startswith("[") for t in text[1:-1].split(" | ")]
    assert turn.said == user
    # README breaks long lines; every word is there, in the same order.
    assert " ".join(turn.lines).split() == " ".join(texts).split()
    assert turn.buttons == titles


def test_the_conversation_has_no_other_turn() -> None:
    assert len(readme.conversation()) == len(GOALS)


def test_the_command_asks_where_make_run_serves() -> None:
    host, path, body = readme.curl()
    assert host == f"localhost:{load_settings({}).port}"
    assert path == "/webhooks/rest/webhook"
    assert set(json.loads(body)) == {"sender", "message"}
    assert f"http://127.0.0.1:{load_settings({}).port}/webhooks/widget/demo" in readme.TEXT


def test_the_rasa_commands_that_are_named_exist() -> None:
    from rasa.__main__ import create_argument_parser

    commands = set(re.findall(r"`(rasa [a-z ]+)`", readme.TEXT))
    assert {"rasa train", "rasa shell", "rasa run", "rasa test", "rasa data validate"} <= commands
    for command in commands:
        create_argument_parser().parse_args(command.split()[1:])


def test_every_make_command_that_is_named_is_a_target() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", readme.TEXT, re.M)) <= targets


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_the_disk_that_is_asked_for_is_one_figure(page: str) -> None:
    script = Path(ROOT / "scripts" / "install.sh").read_text("utf-8")
    figure = re.search(r"INSTALL_NEEDS_GB:-(\d+)", script)
    assert figure is not None
    told = re.findall(r"about (\d+) GB of disk", (ROOT / page).read_text("utf-8"))
    assert told == [figure.group(1)]


def test_what_make_test_needs_is_named() -> None:
    """Node and Chromium are for the widget's tests, which run last: the others need neither."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = makefile[makefile.index("\ntest:") :].split("\n\n")[0].strip().splitlines()
    assert recipe[-1] == "\t@$(MAKE) widget-test"
    for text in (readme.TEXT, (ROOT / "docs" / "development.md").read_text("utf-8"), recipe[0]):
        assert re.search(r"Node.{0,40}Chromium", text, re.DOTALL)
