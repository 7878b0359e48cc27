"""The wire format: the schema, its examples, and what the channel really sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.channels.guard import TurnGuard
from bot.channels.widget import lines
from bot.channels.widget.request import MalformedError, read_message
from bot.channels.widget.tickets import Ticket
from bot.clinic import load_clinic
from bot.settings import load_settings
from tests.channels.test_guard import incoming
from tests.channels.widget.schema import MESSAGE, REQUEST, WIRE, assert_of_the_schema, read
from tests.channels.widget.server import BEGIN, Site

EXAMPLES = sorted((WIRE / "fixtures").glob("*.json"))
REFUSED = sorted((WIRE / "refused").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_examples_are_of_the_schema(path: Path) -> None:
    assert_of_the_schema([read(path)])


@pytest.mark.parametrize("path", REFUSED, ids=lambda p: p.stem)
def test_the_schema_refuses_what_it_should(path: Path) -> None:
    with pytest.raises(AssertionError):
        assert_of_the_schema([read(WIRE / "fixtures" / "text.json"), read(path)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("escalation", "my husband has a fever"),
        ("emergency", "he cannot breathe"),
        ("crisis", "I want to kill myself"),
        ("escalation_es", "mi esposo tiene fiebre"),
    ],
)
async def test_the_escalations_among_them_are_those_of_the_shipped_clinic(
    name: str, text: str
) -> None:
    settings = load_settings({})
    guard = TurnGuard(settings, load_clinic(settings, {}))
    said: list[dict[str, Any]] = []

    async def silent(message: Any) -> None:
        return None

    async def deliver(message: dict[str, Any]) -> None:
        said.append(message)

    await guard.handle(incoming(text), silent, deliver)
    assert json.loads(lines.line_of(said[0])) == read(WIRE / "fixtures" / f"{name}.json")


def test_the_lines_that_are_no_message_are_of_the_schema() -> None:
    for line in (
        lines.conversation(Ticket("id", 1_800_000_000, "id.1800000000.s")),
        lines.end(),
        lines.end(wait=0.2),
        lines.end(why="The body is not JSON."),
    ):
        assert MESSAGE.is_valid(json.loads(lines.line_of(line)))
    assert lines.end(wait=0.2)["custom"]["retry_after"] == 1  # Whole seconds, never too few.


@pytest.mark.parametrize("custom", [{}, None, "odd", ["odd"]])
def test_a_message_that_an_action_says_is_plain_text(custom: Any) -> None:
    line = json.loads(lines.line_of({"recipient_id": "a", "text": "hi", "custom": custom}))
    assert line == {"text": "hi", "custom": {"v": 1, "kind": "text"}}


@pytest.mark.parametrize(
    "text", ["silent", "silent: he cannot breathe", "I want to kill myself", ""]
)
async def test_what_the_channel_sends_is_of_the_schema(site: Site, text: str) -> None:
    assert_of_the_schema(await site.say(text))


@pytest.mark.parametrize(
    "body",
    [
        {"text": "hi"},
        {
            "v": 1,
            "text": "",
            "message_id": "a-B_1",
            "begin": BEGIN,
            "conversation": "",
            "site": "n",
        },
        {"v": 2, "text": "hi"},
        {"text": None},
        {"text": "hi", "message_id": "a b"},
        {"text": "hi", "message_id": 7},
        {"text": "hi", "begin": ""},
        {"text": "hi", "begin": BEGIN[:22]},
        {"text": "hi", "begin": BEGIN[:21]},
        {"text": "hi", "site": 7},
        {},
    ],
)
def test_the_channel_takes_what_the_schema_takes(body: dict[str, Any]) -> None:
    try:
        read_message(json.dumps(body).encode())
        taken = True
    except MalformedError:
        taken = False
    assert taken is REQUEST.is_valid(body)
