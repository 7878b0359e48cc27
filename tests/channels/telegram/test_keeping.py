"""What is stored of an update while a crowd waits answers it, and holds nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.telegram.keeping import Found, dump, load, look
from bot.channels.telegram.reading import Me, Reading
from tests.channels.telegram.bot_api import ME, USERNAME, BotApi
from tests.channels.telegram.test_talking import GROUP, WITHOUT_TEXT

BOT = Me(123456789, USERNAME)
MENTION = {"type": "text_mention", "offset": 3, "length": 5, "user": ME}
SOMEBODY = BotApi.person(424242)
OTHER = {"message_id": 3, "date": 1, "chat": GROUP, "from": ME, "text": "somebody's words"}
TOPIC: dict[str, Any] = {"message_thread_id": 5, "is_topic_message": True}


def made(kind: str = "message", **fields: Any) -> dict[str, Any]:
    return {"update_id": 1, kind: BotApi().message(7, **fields)}


UPDATES: dict[str, dict[str, Any]] = {
    "text": made(text="what is crs?"),
    "command": made(text="/start south"),
    "edit": made("edited_message", text="hi"),
    "caption": made(caption=f"hi @{USERNAME}", photo=[]),
    "album": made(caption="hi", media_group_id="a"),
    "group": made(text=f"@{USERNAME} hi", chat=GROUP),
    "group, not addressed": made(text="hi", chat=GROUP),
    "group, an answer": made(text="hi", chat=GROUP, reply_to_message=OTHER),
    "group, an answer to somebody": made(
        text=f"@{USERNAME} hi", chat=GROUP, reply_to_message={**OTHER, "from": SOMEBODY}
    ),
    "group, somebody by name": made(
        text="Guide, hi",
        chat=GROUP,
        reply_to_message=OTHER,
        entities=[{**MENTION, "user": SOMEBODY}],
    ),
    "group, by name": made(text="🤷 Guide, hi", chat=GROUP, entities=[MENTION]),
    "group, an anonymous administrator": made(text="/help", chat=GROUP, sender_chat=GROUP),
    "topic": made(text="/help", chat={**GROUP, "is_forum": True}, **TOPIC),
    "a channel's post": made(text="/help", chat=GROUP, is_automatic_forward=True),
    "somebody came": made(new_chat_members=[BotApi.person(8)]),
    "button": {
        "update_id": 1,
        "callback_query": {
            **{"id": "c", "from": BotApi.person(9), "chat_instance": "1", "data": "hi"},
            "message": {**OTHER, **TOPIC},
        },
    },
    **{what: made(**fields) for what, fields in WITHOUT_TEXT.items()},
}


def kept(raw: Any) -> Found:
    return look(load(1, dump(look(raw, BOT))), BOT)


def as_stored(reading: Reading | None) -> Reading | None:
    """Without what is beyond the chat, the person and the words; late, whenever it was sent."""
    return reading and replace(
        reading,
        message_id=None,
        sent=0.0,
        thread_id=None,
        album=None,
        callback_id=None,
        language="",
    )


@pytest.mark.parametrize("what", UPDATES)
def test_it_is_answered_as_the_whole_is_and_names_nobody(what: str) -> None:
    whole = look(UPDATES[what], BOT)
    assert not whole.fault
    assert kept(UPDATES[what]) == Found(as_stored(whole.reading))
    assert (whole.reading is None) == (
        what in {"group, not addressed", "a channel's post", "somebody came"}
    )
    stored = json.loads(dump(whole))
    assert set(stored["reading"] or ()) <= {
        *("chat_id", "sender", "private", "text", "command", "argument"),
        *("unreadable", "edited", "button"),
    }
    for name in ("424242", "Ann", "iraffe", "Family", "somebody's words"):
        assert name not in json.dumps(stored, ensure_ascii=False)


@pytest.mark.parametrize("raw", [None, 3, {}, {"message": 3}, {"message": None}, {"update_id": []}])
def test_what_is_no_update_is_kept_as_nothing(raw: Any) -> None:
    assert kept(raw).reading is None


def test_of_an_update_that_cannot_be_read_the_chat_and_the_words_are_left() -> None:
    found = kept(made(text="he cannot breathe", entities=[{"type": "bold"}]))
    assert found.fault == "TypeError"
    assert found.reading is not None
    assert (found.reading.chat_id, found.reading.text) == (7, "he cannot breathe")


def test_what_the_version_before_has_stored_is_answered() -> None:
    """It kept the update as Telegram sent it, cut short."""
    update = made(text="he cannot breathe")
    assert look(load(1, json.dumps(update)), BOT) == look(update, BOT)


@pytest.mark.parametrize("content", ["", "3", "{}", '{"reading": {"no": 1}, "fault": ""}'])
def test_what_another_version_has_stored_ends_nothing(content: str) -> None:
    found = look(load(1, content), BOT)
    assert found.reading is None
    assert found.fault
