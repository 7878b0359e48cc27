"""What is kept of an update while a crowd waits is read as the whole update is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from telegram import Update

from bot.channels.telegram.reading import Me, dig, read
from bot.channels.telegram.trimming import trim
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


@pytest.mark.parametrize("what", UPDATES)
def test_it_is_read_as_the_whole_is_and_names_nobody(what: str) -> None:
    whole = UPDATES[what]
    trimmed = json.loads(json.dumps(trim(whole)))
    expected = read(Update.de_json(whole, None), BOT)
    assert read(Update.de_json(trimmed, None), BOT) == expected
    assert (expected is None) == (
        what in {"group, not addressed", "a channel's post", "somebody came"}
    )
    for name in ("424242", "Ann", "iraffe", "Family", "somebody's words"):
        assert name not in json.dumps(trimmed, ensure_ascii=False)


@pytest.mark.parametrize("raw", [None, 3, {}, {"message": 3}, {"message": None}, {"update_id": []}])
def test_what_is_no_update_can_be_trimmed(raw: Any) -> None:
    assert trim(trim(raw)) == trim(raw)


def test_of_an_update_that_cannot_be_read_the_chat_and_the_words_are_left() -> None:
    broken = made(text="he cannot breathe", entities=[{"type": "bold"}])
    found = dig(broken, BOT)
    assert dig(trim(broken), BOT) == found
    assert found is not None and (found.chat_id, found.text) == (7, "he cannot breathe")
