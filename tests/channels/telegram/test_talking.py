"""What people send, and what they get: the real channel and a Bot API server over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from tests.channels.telegram.bot_api import ME, USERNAME, BotApi, too_many
from tests.channels.telegram.world import Echo, talking

pytestmark = pytest.mark.usefixtures("patient")

URGENT = "my husband has a fever of 39"
CRISIS = "I want to kill myself"
HURRY = {"escalation_deadline": 0.3}
GROUP = {"id": -500, "type": "supergroup", "title": "Family"}
PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
FILE = {"file_id": "f", "file_unique_id": "u"}
PLACE = {"latitude": 1.0, "longitude": 2.0}

WITHOUT_TEXT: dict[str, dict[str, Any]] = {
    "photo": {"photo": PHOTO},
    "voice": {"voice": {**FILE, "duration": 3}},
    "video": {"video": {**FILE, "duration": 3, "width": 9, "height": 9}},
    "video note": {"video_note": {**FILE, "duration": 3, "length": 9}},
    "audio": {"audio": {**FILE, "duration": 3}},
    "document": {"document": FILE},
    "sticker": {
        "sticker": {
            **FILE,
            "type": "regular",
            "width": 9,
            "height": 9,
            "is_animated": False,
            "is_video": False,
        }
    },
    "location": {"location": PLACE},
    "venue": {"venue": {"location": PLACE, "title": "A", "address": "B"}, "location": PLACE},
    "contact": {"contact": {"phone_number": "+1", "first_name": "A"}},
    "dice": {"dice": {"value": 3, "emoji": "🎲"}},
    "something that is not invented yet": {"hologram": {"file_id": "x"}},
}


async def test_a_text_is_answered_in_its_conversation(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        number = api.say("what is crs?", chat=77)
        await api.until(lambda: api.texts(77))
        assert api.texts(77) == ["echo what is crs?"]
        assert echo.heard == [("telegram:77", "what is crs?")]
        # Nothing more of Telegram's reaches the conversation: no name, no username.
        assert echo.metadata == [(str(number), {}, "telegram")]
        await api.until(lambda: not api.pending)


async def test_typed_text_never_acts_as_a_command_of_rasa(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        for text in ('/greet{"symptom": "x"}', " /restart now", "//session_start x"):
            api.say(text)
        await api.until(lambda: len(echo.heard) == 3)
        assert not any(text.startswith("/") for text in echo.texts)


@pytest.mark.parametrize("what", WITHOUT_TEXT)
async def test_what_is_no_text_gets_a_line_with_the_numbers(
    what: str, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.push("message", api.message(1001, **WITHOUT_TEXT[what]))
        await api.until(lambda: api.texts())
        assert "I can read text only" in api.texts()[0]
        assert "+1 212 555 7000" in api.texts()[0] and "911" in api.texts()[0]
        assert echo.heard == []


async def test_a_caption_is_read_and_the_picture_is_said_not_to_be(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.push("message", api.message(1001, photo=PHOTO, caption="what is this card?"))
        await api.until(lambda: len(api.texts()) == 2)
        assert api.texts()[0] == "echo what is this card?"
        assert "I can read text only" in api.texts()[1]


async def test_an_urgent_caption_is_escalated_first(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.push("message", api.message(1001, photo=PHOTO, caption=URGENT))
        await api.until(lambda: len(api.texts()) == 3)
        assert api.texts()[0] == "the turn's own escalation"


async def test_nothing_follows_a_crisis_not_even_that_pictures_are_not_read(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.push("message", api.message(1001, photo=PHOTO, caption=CRISIS))
        await api.until(lambda: not api.pending)
        assert len(api.texts()) == 1
        assert "988" in api.texts()[0]


async def test_an_album_is_answered_once(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    async with talking(api, tmp_path, echo):
        album: dict[str, Any] = {"photo": PHOTO, "media_group_id": "a"}
        api.push("message", api.message(1001, caption="what is this?", **album))
        for _ in range(3):
            api.push("message", api.message(1001, **album))
        await api.until(lambda: not api.pending)
        assert [t.split()[0] for t in api.texts()] == ["echo", "I"]
        api.push("message", api.message(1001, photo=PHOTO, media_group_id="b"))
        await api.until(lambda: not api.pending)
        assert [t.split()[0] for t in api.texts()] == ["echo", "I", "I"]


async def test_captions_of_an_album_are_read_and_its_pictures_mentioned_once(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        for number in range(10):
            fields = {"photo": PHOTO, "media_group_id": "a", "caption": f"card {number}"}
            api.push("message", api.message(1001, **fields))
            await api.until(lambda: not api.pending)
        assert len([t for t in api.texts() if "I can read text only" in t]) == 1
        assert len([t for t in api.texts() if t.startswith("echo card")]) == 10


async def test_an_edited_caption_is_read_and_its_escalation_is_said(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        message = api.message(1001, photo=PHOTO, caption="my card")
        api.push("message", message)
        api.push("edited_message", {**message, "caption": URGENT, "edit_date": 1_764_000_100})
        await api.until(lambda: not api.pending)
        assert echo.texts == ["my card", URGENT]
        assert "the turn's own escalation" in api.texts()


async def test_what_was_written_while_the_bot_was_away_is_answered_as_a_reply_to_it(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.say("what is crs?", date=1_764_000_000)
    api.say(URGENT, date=1_764_000_000)
    api.say("hello")
    async with talking(api, tmp_path, echo):
        await api.until(lambda: not api.pending)
        answers = {s.text: (s.params.get("reply_parameters") or {}) for s in api.sent}
        assert "message_id" in answers["echo what is crs?"]
        assert "message_id" in answers["the turn's own escalation"]
        assert answers["echo hello"] == {}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (URGENT, {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Z"}}),
        (URGENT, {"via_bot": {**ME, "id": 3}}),
        (URGENT, {"quote": {"text": "zebrafish", "position": 0}}),
        ("🤒" * 5 + URGENT, {}),
    ],
    ids=["forwarded", "by an inline bot", "with a quote", "with emoji"],
)
async def test_words_are_read_however_they_came(
    text: str, fields: dict[str, Any], api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say(text, **fields)
        await api.until(lambda: not api.pending)
        assert echo.texts == [text]
        assert api.texts()[0] == "the turn's own escalation"


@pytest.mark.parametrize("text", ["🤒", "👍🏽👩‍👩‍👧", "❓❓", "\u200b", "x" * 4096])
async def test_odd_texts_are_answered(text: str, api: BotApi, echo: Echo, tmp_path: Path) -> None:
    async with talking(api, tmp_path, echo):
        api.say(text)
        await api.until(lambda: not api.pending)
        assert len(api.texts()) >= 1


async def test_an_edited_text_is_answered_quietly_and_as_a_reply(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        message = api.message(1001, text="what is csr?")
        api.push("message", message)
        api.edit(message["message_id"], "what is crs?")
        await api.until(lambda: len(api.texts()) == 2)
        first, second = api.sent
        assert second.text == "echo what is crs?"
        assert first.params.get("disable_notification") != "True"
        assert str(second.params["disable_notification"]).lower() == "true"
        assert second.params["reply_parameters"]["message_id"] == message["message_id"]


async def test_an_edit_that_changes_no_word_is_not_answered_again(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    """Telegram edits a message when the preview of a link in it has been loaded."""
    async with talking(api, tmp_path, echo):
        message = api.message(1001, text="what is crs?")
        api.push("message", message)
        api.edit(message["message_id"], "what is crs?")
        api.say("next")
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo what is crs?", "echo next"]


async def test_an_urgent_edit_is_escalated_always_and_aloud(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        message = api.message(1001, text="hello")
        api.push("message", message)
        for _ in range(2):
            api.edit(message["message_id"], URGENT)
            await api.until(lambda: not api.pending)
        said = [s for s in api.sent if s.text == "the turn's own escalation"]
        assert len(said) == 2
        assert not any(str(s.params.get("disable_notification")).lower() == "true" for s in said)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("/start", "I'm the CAR T-cell therapy guide of Northside"),
        ("/HELP", "I can read text only"),
        ("/stop", "I only ever answer"),
        (f"/privacy@{USERNAME}", "deleted 30 days after your last message"),
        ("/foo", "I don't know that command"),
        ("/restart", "I don't know that command"),
    ],
)
async def test_commands_are_answered_in_words(
    command: str, says: str, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say(command)
        await api.until(lambda: api.texts())
        assert says in api.texts()[0]
        assert echo.heard == []


async def test_commands_in_spanish_for_whom_telegram_is_in_spanish(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        who = {"from": BotApi.person(1001, "es-MX")}
        for command in ("/start", "/help", "/stop", "/privacy", "/foo"):
            api.push("message", api.message(1001, text=command, **who))
        api.push("message", api.message(1001, photo=PHOTO, **who))
        await api.until(lambda: len(api.texts()) == 6)
        assert all("llame" in text.lower() for text in api.texts())


@pytest.mark.parametrize(
    ("language", "named"),
    [
        ("en", ["number of your Telegram chat", "in a group also the number", "site you chose"]),
        ("es", ["número de su chat", "en un grupo también el de su cuenta", "sede que eligió"]),
    ],
)
async def test_privacy_names_all_that_is_kept(
    language: str, named: list[str], api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        who = {"from": BotApi.person(1001, language)}
        api.push("message", api.message(1001, text="/privacy", **who))
        await api.until(lambda: api.texts())
        assert all(what in api.texts()[0] for what in named)


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("/help what is crs?", "help what is crs?"),
        (f"/HELP@{USERNAME} what is crs?", "HELP what is crs?"),
        ("/start what is crs?", "start what is crs?"),
        ("/stop does it hurt?", "stop does it hurt?"),
        ("/foo crs", "foo crs"),
    ],
)
async def test_words_behind_a_command_get_their_turn(
    text: str, heard: str, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say(text)
        await api.until(lambda: not api.pending)
        assert echo.texts == [heard] and api.texts() == [f"echo {heard}"]


@pytest.mark.parametrize("command", ["/start", "/stop", "/foo", "/help", f"/x@{USERNAME}"])
async def test_an_urgent_command_is_escalated(
    command: str, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say(f"{command} {URGENT}")
        await api.until(lambda: api.texts())
        assert api.texts()[0] == "the turn's own escalation"


async def test_after_stop_an_urgent_message_is_escalated(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("/stop")
        api.say(URGENT)
        await api.until(lambda: not api.pending)
        assert "the turn's own escalation" in api.texts()


async def test_start_chooses_the_site_and_a_restart_keeps_it(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("/start South")
        api.say("/start nowhere", chat=1002)
        api.push("message", api.message(1001, photo=PHOTO))
        await api.until(lambda: len(api.sent) == 3)
        assert "+1 212 555 8000" in api.texts()[0] and "+1 212 555 8000" in api.texts()[1]
        assert "+1 212 555 7000" in api.texts(1002)[0]
    async with talking(api, tmp_path, echo):
        api.say("hello")
        await api.until(lambda: echo.heard)
        assert echo.metadata[-1][1] == {"site": "south"}


async def test_every_number_of_an_escalation_can_be_tapped(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    """Telegram makes numbers in international form tappable; a short one comes as a card."""
    async with talking(api, tmp_path, echo, limits=HURRY):
        api.say("he cannot breathe, please hang")
        await api.until(lambda: len(api.sent) == 2)
        text, card = api.sent
        assert "+1 212 555 7000" in text.text and "911" in text.text
        assert (card.method, card.text) == ("sendContact", "911")
        assert "Emergency" in card.params["first_name"]
        assert text.params["entities"][0]["type"] == "bold"
        echo.go.set()
        await api.until(lambda: not api.pending)
        assert api.texts()[1] == "echo he cannot breathe, please hang"


async def test_buttons_fit_a_phone_and_are_answered(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("buttons")
        await api.until(lambda: api.sent)
        rows = api.sent[0].params["reply_markup"]["inline_keyboard"]
        assert [[b["text"] for b in row] for row in rows] == [
            ["What is CRS?", "Yes", "No"],
            ["é" * 60],
        ]
        for title in ("What is CRS?", "é" * 60):
            api.tap(title)
        await api.until(lambda: len(api.pressed) == 2)
        await api.until(lambda: len(api.texts()) == 3)
        assert echo.texts[1:] == ["What is CRS?", "é" * 60]


async def test_a_long_button_is_known_after_a_restart_and_a_forged_one_is_not(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("buttons")
        await api.until(lambda: api.sent)
    async with talking(api, tmp_path, echo):
        api.tap("é" * 60)
        await api.until(lambda: len(api.texts()) == 2)
        assert echo.texts[-1] == "é" * 60
        api.press("ref:0123456789abcdef01234567")
        await api.until(lambda: len(api.texts()) == 3)
        assert "That button is too old" in api.texts()[-1]
        api.press('/restart{"a": 1}')
        await api.until(lambda: len(api.texts()) == 4)
        assert echo.texts[-1] == 'restart{"a": 1}'


async def test_an_urgent_button_is_escalated(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    async with talking(api, tmp_path, echo):
        api.known_chats.add(1001)
        api.press("he cannot breathe")
        await api.until(lambda: len(api.texts()) == 2)
        assert api.texts()[0].startswith("⚠️ Call 911 now")


async def test_long_words_come_in_parts(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    async with talking(api, tmp_path, echo):
        api.say("long")
        await api.until(lambda: not api.pending)
        assert len(api.texts()) == 2
        assert all(text.endswith("words.") for text in api.texts())
        assert " ".join(api.texts()) == ("Sentence of words. " * 400).strip()


async def test_no_link_is_previewed_and_nothing_is_markup(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        text = "<b>x</b> & *y* https://example.org/a_b_c <a href='http://x'>z</a>"
        api.say(text)
        await api.until(lambda: api.sent)
        assert api.texts() == [f"echo {text}"]
        assert api.sent[0].params["link_preview_options"] == {"is_disabled": True}
        assert "parse_mode" not in api.sent[0].params


async def test_typing_is_shown_while_thinking(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    async with talking(api, tmp_path, echo):
        api.say("hang")
        await api.until(lambda: api.typing)
        assert api.typing == [1001] and api.texts() == []
        echo.go.set()
        await api.until(lambda: api.texts())
        assert api.typing == [1001]


async def test_typing_is_shown_again_while_a_turn_goes_on(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.signals.TYPING_EVERY", 0.05)
    async with talking(api, tmp_path, echo):
        api.say("hang")
        await api.until(lambda: len(api.typing) >= 3, patience=60.0)
        echo.go.set()
        await api.until(lambda: not api.pending)
        shown = len(api.typing)
        await asyncio.sleep(0.2)  # Once there is an answer nobody is typing any more.
        assert len(api.typing) == shown


# --- Groups -------------------------------------------------------------------------------------


def group(api: BotApi, who: int, text: str, **fields: Any) -> int:
    api.known_chats.add(-500)
    made = {"text": text, "chat": GROUP, "from": BotApi.person(who), **fields}
    message = api.message(-500, **made)
    return api.push("message", message)


@pytest.mark.parametrize(
    ("text", "fields", "heard"),
    [
        ("what is crs?", {}, None),
        (URGENT, {}, None),
        (f"@{USERNAME} what is crs?", {}, "what is crs?"),
        (f"🤷 what is crs, @{USERNAME.upper()}?", {}, "🤷 what is crs, ?"),
        ("@another_bot what is crs?", {}, None),
        ("what is crs?", {"reply_to_message": {"from": ME}}, "what is crs?"),
        ("what is crs?", {"reply_to_message": {"from": BotApi.person(3)}}, None),
        ("/start@another_bot", {}, None),
        ("/foo", {}, None),
    ],
)
async def test_in_a_group_only_who_addresses_the_bot_is_answered(
    text: str, fields: dict[str, Any], heard: str | None, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        if "reply_to_message" in fields:
            answered = {"message_id": 5, "date": 1, "chat": GROUP, "text": "x"}
            fields = {"reply_to_message": {**answered, **fields["reply_to_message"]}}
        group(api, 7, text, **fields)
        await api.until(lambda: not api.pending)
        assert echo.texts == ([heard] if heard else [])
        assert len(api.sent) == len(echo.texts)


async def test_in_a_group_each_person_has_a_conversation(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        for who in (7, 8):
            group(api, who, f"@{USERNAME} hello")
        group(api, 7, f"@{USERNAME} {URGENT}", sender_chat={**GROUP, "id": -500})
        group(api, 7, "/help")
        await api.until(lambda: not api.pending)
        assert {s for s, _ in echo.heard} == {
            "telegram:-500:7",
            "telegram:-500:8",
            "telegram:-500:-500",
        }
        assert all("message_id" in s.params["reply_parameters"] for s in api.sent)
        assert "the turn's own escalation" in api.texts(-500)


IGNORED: dict[str, tuple[str, dict[str, Any]]] = {
    "channel post": ("channel_post", {"chat": {"id": -9, "type": "channel", "title": "C"}}),
    "a member came": ("message", {"new_chat_members": [BotApi.person(9)], "chat": GROUP}),
    "a member left": ("message", {"left_chat_member": BotApi.person(9), "chat": GROUP}),
    "a message was pinned": (
        "message",
        {"pinned_message": {"message_id": 1, "date": 1, "chat": GROUP, "text": URGENT}},
    ),
    "another bot": ("message", {"text": f"@{USERNAME} hi", "chat": GROUP, "from": {**ME, "id": 3}}),
    "a channel's post in its group": (
        "message",
        {"text": f"@{USERNAME} hi", "chat": GROUP, "is_automatic_forward": True},
    ),
    "membership": (
        "my_chat_member",
        {
            "old_chat_member": {"status": "member", "user": ME},
            "new_chat_member": {"status": "kicked", "user": ME, "until_date": 0},
        },
    ),
    "an inline query": ("inline_query", {"id": "1", "query": URGENT, "offset": ""}),
    "a business message": ("business_message", {"text": URGENT, "business_connection_id": "b"}),
    "a group that got another id": ("message", {"migrate_to_chat_id": -5, "chat": GROUP}),
    "a kind that is not invented yet": ("telepathy", {"text": URGENT}),
}


@pytest.mark.parametrize("what", IGNORED)
async def test_what_nobody_says_to_the_bot_is_passed_over(
    what: str, api: BotApi, echo: Echo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kind, fields = IGNORED[what]
    async with talking(api, tmp_path, echo):
        api._pending.append({"update_id": 5, kind: api.message(1001, **fields)})
        api.say("hello")
        await api.until(lambda: not api.pending)
        assert [s.text for s in api.sent] == ["echo hello"]
    ours = [r for r in caplog.records if r.name.startswith("bot")]
    assert not [r for r in ours if r.levelno >= logging.WARNING]


# --- Order, limits ------------------------------------------------------------------------------


async def test_one_conversation_is_in_order_and_others_do_not_wait_for_it(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("hang first", chat=1)
        api.say("second", chat=1)
        api.say("other", chat=2)
        await api.until(lambda: api.texts(2))
        assert api.texts(1) == [] and echo.texts == ["hang first", "other"]
        echo.go.set()
        await api.until(lambda: len(api.texts(1)) == 2)
        assert api.texts(1) == ["echo hang first", "echo second"]


async def test_an_urgent_message_does_not_wait_for_the_one_before(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo, limits=HURRY):
        api.say("hang first")
        await api.until(lambda: echo.heard)
        api.say("he cannot breathe")
        await api.until(lambda: api.texts())
        assert api.texts()[0].startswith("⚠️ Call 911 now")
        echo.go.set()
        await api.until(lambda: len(api.texts()) == 3)
        assert echo.texts == ["hang first", "he cannot breathe"]


async def test_too_long_and_too_many_are_said(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    limits = {"max_characters": 100, "rate_per_minute": 2}
    async with talking(api, tmp_path, echo, limits=limits):
        api.say("x" * 101)
        await api.until(lambda: api.texts())
        assert "too long" in api.texts()[0]
        for number in range(4):
            api.say(f"message {number}", chat=2)
        await api.until(lambda: not api.pending)
        assert [t.split(" ")[0] for t in api.texts(2)].count("echo") == 2
        assert any("faster than I can read" in t for t in api.texts(2))


async def test_of_what_waited_in_an_outage_each_message_is_answered_or_said_to_be_too_many(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    before = int(time.time()) - 3600
    for number in range(25):
        api.say(f"message {number}", date=before + 60 * number)
    api.say("he cannot breathe", date=before)
    async with talking(api, tmp_path, echo):
        await api.until(lambda: not api.pending)
    answered = {s.params["reply_parameters"]["message_id"] for s in api.sent if "reply" in str(s)}
    assert len(answered) == 26
    refused = [t for t in api.texts() if t.startswith("You're sending messages faster")]
    assert len(refused) == 5
    assert any(text.startswith("⚠️ Call 911 now") for text in api.texts())


async def test_a_flood_from_one_person_is_answered_once_and_its_urgent_words_always(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo, limits=HURRY):
        api.say("hang")
        for number in range(60):
            api.say(f"message {number}")
        api.say("she cannot breathe")
        await api.until(lambda: any("911 now" in t for t in api.texts()))
        assert len([t for t in api.texts() if "faster than I can read" in t]) == 1
        echo.go.set()
        await api.until(lambda: not api.pending)
        assert len(echo.heard) < 30


async def test_who_writes_too_fast_is_told_so_once_and_is_escalated_all_the_same(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo, limits={"rate_per_minute": 3}):
        for number in range(4):
            api.push("message", api.message(1001, sticker=WITHOUT_TEXT["sticker"]["sticker"]))
            api.say("/help")
            api.say(f"message {number}")
            await api.until(lambda: not api.pending)
        assert [t.split()[0] for t in api.texts()[:3]] == ["I", "Ask", "echo"]
        assert len(api.texts()) == 4 and "faster than I can read" in api.texts()[3]
        api.say("he cannot breathe")
        await api.until(lambda: not api.pending)
        assert api.texts()[4].startswith("⚠️ Call 911 now")


async def test_one_talker_of_a_group_silences_no_other(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo, limits={"rate_per_minute": 30}):
        api.fail("sendMessage", too_many(2), times=1)
        for number in range(40):
            group(api, 7, f"@{USERNAME} message {number}")
        await api.until(lambda: len(echo.heard) >= 15)
        group(api, 8, f"@{USERNAME} what is crs?")
        group(api, 9, f"@{USERNAME} he cannot breathe")
        await api.until(lambda: not api.pending)
        assert "echo what is crs?" in api.texts(-500)
        assert any(t.startswith("⚠️ Call 911 now") for t in api.texts(-500))
        assert len([t for t in api.texts(-500) if "faster than I can read" in t]) == 1


async def test_words_names_and_token_are_in_no_log(
    api: BotApi, echo: Echo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with talking(api, tmp_path, echo):
        for text in ("zebrafish", "zebrafish break", f"zebrafish {URGENT}", "/zebrafish"):
            api.say(text)
        api.garble("getUpdates", b'{"ok": true, "result": [{"zebrafish')
        await api.until(lambda: not api.pending)
    for secret in ("zebrafish", "iraffe", "Ann", "a-token-for-tests"):
        assert secret not in caplog.text


async def test_what_is_stored_names_nobody(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    async with talking(api, tmp_path, echo):
        api.say("/start south")
        api.say("zebrafish buttons")
        await api.until(lambda: not api.pending)
    stored = (tmp_path / "telegram.db").read_bytes()
    assert b"telegram:1001" in stored and b"south" in stored
    for word in (b"zebrafish", b"iraffe", b"Ann", b"-a-token-for"):
        assert word not in stored


async def test_many_conversations_side_by_side(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    people, each = range(1, 41), 3
    async with talking(api, tmp_path, echo):
        for number, chat in itertools.product(range(each), people):
            api.say(f"message {number}", chat=chat)
        await api.until(lambda: not api.pending)
    for chat in people:
        assert api.texts(chat) == [f"echo message {n}" for n in range(each)]


async def test_the_channel_ends_quietly(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    before = len(asyncio.all_tasks())
    async with talking(api, tmp_path, echo):
        api.say("hello")
        await api.until(lambda: api.texts())
    await asyncio.sleep(0.1)
    server = [t for t in asyncio.all_tasks() if "RequestHandler" in repr(t)]
    assert len(asyncio.all_tasks()) - len(server) <= before
