"""Reading an update without a network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update
from telegram.constants import MessageType

from bot.channels.telegram.reading import SERVICE, Me, Reading, dig, read
from tests.channels.telegram.bot_api import ME, USERNAME, BotApi

BOT = Me(123456789, USERNAME)


def reading(kind: str, content: dict[str, Any]) -> Reading | None:
    return read(Update.de_json({"update_id": 1, kind: content}, None), BOT)


def text(words: str, **fields: Any) -> Reading | None:
    return reading("message", BotApi().message(7, text=words, **fields))


@pytest.mark.parametrize(
    ("words", "command", "argument"),
    [
        ("/start", "start", ""),
        ("/Start north", "start", "north"),
        (f"/help@{USERNAME.upper()}", "help", ""),
        ("/help@another_bot", None, ""),
        ("see /help", None, ""),
        ("/greet{}", "greet", "{}"),
        ("/", None, ""),
    ],
)
def test_commands(words: str, command: str | None, argument: str) -> None:
    found = text(words)
    assert found is not None
    assert (found.command, found.argument) == (command, argument)
    assert found.text == words.replace(f"@{USERNAME.upper()}", "")


@pytest.mark.parametrize(
    ("words", "alone"),
    [
        ("/start", True),
        ("/start north", True),
        ("/start north south", False),
        ("/help", True),
        ("/help me", False),
        ("/foo", True),
        ("hi", False),
    ],
)
def test_a_command_alone_and_one_with_words(words: str, alone: bool) -> None:
    found = text(words)
    assert found is not None and found.is_command_only is alone


def test_what_is_read_and_nothing_else() -> None:
    assert text("hi", date=1_764_000_000) == Reading(
        chat_id=7,
        sender="telegram:7",
        text="hi",
        message_id=2,
        sent=1_764_000_000,
        language="en",
    )


def test_a_topic_of_a_forum_is_answered_in_the_topic() -> None:
    fields: dict[str, Any] = {
        "chat": {"id": -1, "type": "supergroup", "title": "G", "is_forum": True},
        "message_thread_id": 5,
        "is_topic_message": True,
    }
    found = text(f"@{USERNAME} hi", **fields)
    assert found is not None and (found.chat_id, found.thread_id) == (-1, 5)


def test_a_mention_by_name_addresses_the_bot() -> None:
    entity = {"type": "text_mention", "offset": 3, "length": 5, "user": ME}
    chat = {"id": -1, "type": "group", "title": "G"}
    found = text("🤷 Guide, hi", chat=chat, entities=[entity])
    assert found is not None and found.text == "🤷 , hi"


def test_a_button_on_a_message_that_is_too_old_is_read() -> None:
    message = {"message_id": 3, "date": 0, "chat": {"id": 7, "type": "private"}}
    callback = {"id": "c", "from": BotApi.person(7), "chat_instance": "1", "data": "hi"}
    for content in ({**callback, "message": message}, callback):
        found = reading("callback_query", content)
        assert found is not None
        assert (found.sender, found.text, found.callback_id) == ("telegram:7", "hi", "c")


def test_a_button_in_a_group_belongs_to_who_tapped_it() -> None:
    chat = {"id": -1, "type": "group", "title": "G"}
    message = {"message_id": 3, "date": 1, "chat": chat, "from": ME, "text": "x"}
    callback = {"id": "c", "from": BotApi.person(9), "chat_instance": "1", "data": "hi"}
    found = reading("callback_query", {**callback, "message": message})
    assert found is not None and found.sender == "telegram:-1:9"


def test_what_people_send_is_never_taken_for_a_notice_of_telegrams() -> None:
    assert not {"text", "photo", "voice", "sticker", "location", "checklist"} & set(SERVICE)
    assert {"new_chat_members", "pinned_message", "migrate_to_chat_id"} <= set(SERVICE)
    assert len(SERVICE) < len(MessageType)


@given(st.text())
def test_any_text_is_read_and_can_be_stored(words: str) -> None:
    found = text(words)
    assert found is not None
    found.text.encode("utf-8")


def test_half_a_character_is_replaced() -> None:
    found = text("what is \ud800 crs")
    assert found is not None and found.text == "what is \ufffd crs"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["message", "chat", "id", "type", "text"]), inner)
        ),
        max_leaves=10,
    )
)
def test_digging_never_raises(raw: Any) -> None:
    found = dig(raw, BOT)
    assert found is None or isinstance(found.chat_id, int)


PRIVATE = {"id": 7, "type": "private"}
GROUP = {"id": -5, "type": "group"}
NAMED: dict[str, Any] = {"chat": GROUP, "from": {"id": 8}, "message_id": 3}
TO_ME = {"reply_to_message": {"from": ME}}
THERE = Reading(chat_id=-5, sender="telegram:-5:8", text="hi", private=False, message_id=3)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            {"edited_message": {"chat": PRIVATE, "caption": "hi"}},
            Reading(7, "telegram:7", "hi", edited=True),
        ),
        ({"message": {**NAMED, "text": "hi", **TO_ME}}, THERE),
        (
            {"message": {**NAMED, "text": f"@{USERNAME} hi"}},
            replace(THERE, text=f"@{USERNAME} hi"),
        ),
        ({"message": {**NAMED, "text": "hi"}}, None),
        ({"message": {"chat": {"id": -5, "type": "channel"}, "text": f"@{USERNAME}"}}, None),
        (
            {"callback_query": {"id": "c", "from": {"id": 8}, "data": "hi", "message": NAMED}},
            replace(THERE, callback_id="c", button=True),
        ),
        (
            {"callback_query": {"id": "c", "from": {"id": 8}, "data": "hi"}},
            Reading(8, "telegram:8", "hi", callback_id="c", button=True),
        ),
    ],
    ids=["private", "reply", "named", "not addressed", "channel", "button", "old button"],
)
def test_digging_finds_to_whom_an_apology_goes(raw: Any, expected: Reading | None) -> None:
    assert dig(raw, BOT) == expected
