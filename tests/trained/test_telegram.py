"""The trained bot on Telegram: the same words as over REST, and no fault that loses any.

The channel is the real one, Telegram is tests/channels/telegram/bot_api.py.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from rasa.core.agent import Agent

from bot.channels.guard import TurnGuard
from bot.channels.telegram.api import make_bot
from bot.channels.telegram.lock import PollLock
from bot.channels.telegram.session import Session
from bot.channels.telegram.setup import set_webhook
from bot.channels.telegram.webhook import SECRET_HEADER, address_of, secret_of
from bot.clinic import load_clinic
from bot.settings import ROOT, load_settings
from tests.channels.telegram.bot_api import TOKEN, USERNAME, ApiError, BotApi, too_many
from tests.channels.telegram.test_talking import IGNORED, WITHOUT_TEXT
from tests.channels.telegram.world import telegram_settings
from tests.trained.test_conversations import GOALS
from tests.trained.test_server import Server, free_port

QUESTION = "what happens on infusion day?"
ANSWER = "The changed cells go back into your bloodstream."
URGENT = "he cannot breathe"
PATIENCE = 180.0

# What is typed, and how the reply begins. No typed text is a command of Rasa's.
TYPED = {
    "/greet": "I don't know that command",
    "/privacy": "What you write here goes to",
    "/start": "Hello. I'm the CAR T-cell therapy guide",
    "🤒": "⚠️ Call your care team now",
    "x" * 4096: "That's outside what I can help with",
    URGENT.upper(): "⚠️ Call 911 now",
}

# Telegram knows these as commands, and so do its users; over REST they are odd words.
COMMANDS = {"/restart": ["I don't know that command. I know /start"]}


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    server = BotApi()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def session(agent: Agent, api: BotApi, tmp_path: Path) -> AsyncIterator[Session]:
    settings = replace(load_settings({}), escalation_deadline=30, turn_timeout=60)
    clinic = load_clinic(settings, {})
    running = Session(
        settings,
        telegram_settings(api, tmp_path),
        clinic,
        TurnGuard(settings, clinic),
        agent.handle_message,
        PollLock(TOKEN, tmp_path),
    )
    running.start()
    yield running
    await running.close()


def seen(api: BotApi, chat: int) -> list[str]:
    """Shows what has arrived as a person sees it: texts, and buttons in brackets."""
    lines = []
    for sent in api.sent:
        if sent.chat_id == chat and sent.method == "sendMessage":
            lines += [sent.text] + ([f"[{' | '.join(sent.titles)}]"] if sent.titles else [])
    return lines


@pytest.mark.parametrize("path", GOALS, ids=[p.stem for p in GOALS])
async def test_a_golden_conversation_has_the_same_words(
    path: Path, api: BotApi, session: Session
) -> None:
    goal: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    chat = 5000 + GOALS.index(path)
    if goal.get("site"):
        api.say(f"/start {goal['site']}", chat)
    for turn in goal["turns"]:
        await api.until(lambda: not api.pending, PATIENCE)
        before = len(seen(api, chat))
        api.say(turn["user"], chat)
        await api.until(lambda: not api.pending, PATIENCE)
        said = seen(api, chat)[before:]
        if turn["user"] in COMMANDS:
            assert [s[: len(c)] for s, c in zip(said, COMMANDS[turn["user"]], strict=True)] == (
                COMMANDS[turn["user"]]
            )
        else:
            assert said == turn["bot"], turn["user"]


async def test_a_button_is_the_same_as_typing_it(api: BotApi, session: Session) -> None:
    api.say(QUESTION, 1)
    await api.until(lambda: not api.pending, PATIENCE)
    title = api.sent[-1].titles[0]
    api.tap(title, 1)
    api.say(QUESTION, 2)
    await api.until(lambda: not api.pending, PATIENCE)
    api.say(title, 2)
    await api.until(lambda: not api.pending, PATIENCE)
    assert seen(api, 1) == seen(api, 2) and len(seen(api, 1)) >= 2


async def test_the_reminder_after_a_crisis_has_its_short_numbers_to_tap(
    api: BotApi, session: Session
) -> None:
    def cards() -> list[str]:
        return sorted(sent.text for sent in api.sent if sent.method == "sendContact")

    api.say("I want to die", 1)
    await api.until(lambda: not api.pending, PATIENCE)
    assert cards() == ["911", "988"]
    api.say("thanks", 1)
    await api.until(lambda: not api.pending, PATIENCE)
    assert cards() == ["911", "911", "988", "988"]


async def test_a_caption_an_edit_and_a_button_are_escalated(api: BotApi, session: Session) -> None:
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
    api.push("message", api.message(1, photo=photo, caption="my temp is 101.4"))
    message = api.message(2, text="hello")
    api.push("message", message)
    api.edit(message["message_id"], URGENT, 2)
    api.press(URGENT, 3)
    api.say("/stop", 4)
    api.say(URGENT, 4)
    await api.until(lambda: not api.pending, PATIENCE)
    for chat in (1, 2, 3, 4):
        assert any(text.startswith("⚠️ Call") for text in api.texts(chat)), chat


async def test_whatever_people_send_the_trained_bot_answers_it_in_words(
    api: BotApi, session: Session
) -> None:
    photo = WITHOUT_TEXT["photo"]
    for chat, what in enumerate(WITHOUT_TEXT, start=100):
        api.push("message", api.message(chat, **WITHOUT_TEXT[what]))
    api.push("message", api.message(1, caption=QUESTION, media_group_id="a", **photo))
    for _ in range(3):
        api.push("message", api.message(1, media_group_id="a", **photo))
    for chat, text in enumerate(TYPED, start=200):
        api.say(text, chat)
    for number, (kind, fields) in enumerate(IGNORED.values(), start=80_000):
        api._pending.append({"update_id": number, kind: api.message(3, **fields)})
    api.say(QUESTION, 2)
    api.push("message", api.message(4, text=URGENT, entities=[{"type": "bold"}]))  # No offset.
    api.blocked.add(5)
    api.say(QUESTION, 5)
    api.say('/crisis{"symptom": "fever"}', 9)
    api.say('crisis{"symptom": "fever"}', 10)
    api.say(f"{'It was a long day. ' * 200} And then {URGENT}!", 6)
    twice = {"update_id": 90_001, "message": api.message(7, text=QUESTION)}
    before = {"update_id": 90_000, "message": api.message(7, text="thank you")}
    for update in (twice, before, twice):
        api.push_raw(update)
    await api.until(lambda: not api.pending, PATIENCE)
    api.push_raw(twice)
    await api.until(lambda: not api.pending, PATIENCE)

    for chat, what in enumerate(WITHOUT_TEXT, start=100):
        assert ["text only" in text for text in api.texts(chat)] == [True], what
        assert "911" in api.texts(chat)[0]
    assert [ANSWER in text for text in api.texts(1)] == [True, False]
    assert "text only" in api.texts(1)[1]
    for chat, begins in enumerate(TYPED.values(), start=200):
        assert api.texts(chat)[0].startswith(begins), begins
    assert [ANSWER in text for text in api.texts(2)] == [True]
    assert api.texts(3) == api.texts(int(GROUP["id"])) == api.texts(5) == []
    urgent, apology = api.texts(4)
    assert urgent.startswith("⚠️ Call 911 now") and apology.startswith("I'm sorry")
    assert api.texts(9) == api.texts(10) != []
    assert not any("988" in text for text in api.texts(9))  # What the intent would have said.
    assert api.texts(6)[0].startswith("⚠️ Call 911 now")
    assert [ANSWER in text for text in api.texts(7)] == [False, True]


async def test_who_writes_without_end_is_told_so_and_still_escalated(
    api: BotApi, session: Session
) -> None:
    for _ in range(80):  # More than the limit of a minute.
        api.say("thanks", 8)
    api.say(URGENT, 8)
    await api.until(lambda: not api.pending, PATIENCE)
    said = api.texts(8)
    assert sum(text.startswith("⚠️ Call 911 now") for text in said) == 1
    assert sum("faster than I can read" in text for text in said) == 1
    assert len(said) > 10


class Booted(Server):
    """The server as `make run` boots it, with a token and a Telegram to talk to."""

    @classmethod
    def at(cls, api: BotApi, model: Path, data: Path, patch: pytest.MonkeyPatch) -> Booted:
        for name, value in {
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API": api.url,
            "TMPDIR": str(data),
            "NO_PROXY": "127.0.0.1",
        }.items():
            patch.setenv(name, value)
        return cls(model, data)

    async def up(self) -> None:
        await asyncio.to_thread(self.wait, 200)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)

    def handled(self) -> set[int]:
        path = self.log.parent / "telegram.db"
        with closing(sqlite3.connect(path)) as database:
            found = database.execute("select update_id from telegram_handled where done")
            return {row[0] for row in found}

    def turns(self) -> Counter[tuple[str, str]]:
        """Counts the messages of people that Rasa has stored, by conversation and words."""
        import json

        path = next(self.log.parent.rglob("conversations.db"))
        with closing(sqlite3.connect(path)) as database:
            rows = database.execute(
                "select sender_id, data from events where type_name = 'user'"
            ).fetchall()
        return Counter((sender, json.loads(data)["text"]) for sender, data in rows)


@asynccontextmanager
async def booted(
    api: BotApi, model: Path, data: Path, patch: pytest.MonkeyPatch
) -> AsyncIterator[Booted]:
    server = Booted.at(api, model, data, patch)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            await asyncio.to_thread(server.stop)


async def test_killed_in_the_middle_nothing_is_lost_and_what_was_done_is_not_done_again(
    model: Path, tmp_path: Path, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = range(1, 31)
    first = Booted.at(api, model, tmp_path, monkeypatch)
    try:
        await first.up()
        api.slow("sendMessage", 0.5, times=1000)  # So that the kill finds many under way.
        ids = {api.say(QUESTION, chat): chat for chat in people}
        await api.until(lambda: len(api.sent) >= 10, PATIENCE)
    finally:
        first.kill()
    # What Telegram had in its hands when the sender died may still reach the person.
    await api.until(lambda: not api.under_way, PATIENCE)
    done = first.handled()
    arrived = len(api.sent)
    api.faults.clear()
    async with booted(api, model, tmp_path, monkeypatch) as second:
        await api.until(lambda: not api.pending, PATIENCE)
        await second.up()
    answers = {chat: len(api.texts(chat)) for chat in people}
    turns = second.turns()
    print(
        f"killed after {arrived} of 30 replies, {len(done)} kept as handled; said twice: "
        f"{sum(n > 1 for n in answers.values())}"
    )
    assert all(ANSWER in api.texts(chat)[0] for chat in people)
    assert all(1 <= n <= 2 for n in answers.values())
    for update_id in done:  # Finished before the kill: not again, although Telegram sent it again.
        assert answers[ids[update_id]] == 1
        assert turns[f"telegram:{ids[update_id]}", QUESTION] == 1
    assert len(done) < len(people)
    assert all(turns[f"telegram:{chat}", QUESTION] >= 1 for chat in people)
    # A reply that was cut off by the kill is the only thing that may be said twice.
    assert sum(answers.values()) - len(people) <= arrived - len(done)


SOUTH = {"name": "South Center", "care_team_phone": "+1 555-0200"}
GROUP: dict[str, Any] = {"id": -500, "type": "supergroup", "title": "Family"}


def two_sites(folder: Path) -> Path:
    """Writes the clinic's own words with a second site."""
    clinic = yaml.safe_load((ROOT / "clinic.yml").read_text("utf-8"))
    clinic["sites"]["south"] = {**clinic["sites"][clinic["default_site"]], **SOUTH}
    path = folder / "clinic.yml"
    path.write_text(yaml.safe_dump(clinic, allow_unicode=True), "utf-8")
    return path


async def test_by_webhook_a_forged_post_gets_nothing_and_a_kill_loses_nothing(
    model: Path, tmp_path: Path, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_WEBHOOK", "https://guide.example.org")
    monkeypatch.setenv("GUIDE_CLINIC_FILE", str(two_sites(tmp_path)))
    telegram = telegram_settings(api, tmp_path, webhook="https://guide.example.org")
    path = urlsplit(address_of(telegram)).path

    async def post(update: dict[str, Any], **headers: str) -> int:
        """Posts an update as Telegram would, or as somebody else might."""
        url = f"{api.deliver_to}{path}"
        answer = await asyncio.to_thread(
            requests.post, url, json=update, headers=headers, timeout=PATIENCE
        )
        return answer.status_code

    people = range(11, 41)
    first = Booted.at(api, model, tmp_path, monkeypatch)
    try:
        await first.up()
        api.deliver_to = first.url
        bot = make_bot(telegram)
        await set_webhook(bot, telegram)
        await bot.shutdown()
        await conversation(api)
        question = {"update_id": 1, "message": api.message(3, text=QUESTION)}
        assert [await post(question), await post(question, **{SECRET_HEADER: "x"})] == [403, 403]
        api.slow("sendMessage", 1.0, times=1000)  # So that the kill finds many under way.
        ids = {api.say(QUESTION, chat): chat for chat in people}
        await api.until(lambda: sum(bool(api.texts(chat)) for chat in people) >= 10, PATIENCE)
    finally:
        first.kill()
    await api.until(lambda: not api.under_way, PATIENCE)
    done = first.handled() & set(ids)
    arrived = sum(len(api.texts(chat)) for chat in people)
    api.faults.clear()
    async with booted(api, model, tmp_path, monkeypatch) as second:
        await second.up()
        api.deliver_to = second.url
        await api.until(lambda: all(api.texts(chat) for chat in people), PATIENCE)
        await api.until(lambda: set(ids) <= second.handled(), PATIENCE)
        # Telegram has not heard that one was answered, and posts it once more.
        again = min(ids)
        answers = {chat: len(api.texts(chat)) for chat in people}
        update = {"update_id": again, "message": api.message(ids[again], text=QUESTION)}
        assert await post(update, **{SECRET_HEADER: secret_of(TOKEN)}) == 200
    turns = second.turns()
    print(
        f"webhook: killed after {arrived} of 30 replies, {len(done)} kept as handled; said twice: "
        f"{sum(n > 1 for n in answers.values())}"
    )
    assert "getUpdates" not in api.calls
    assert api.texts(3) == [] and not any(sender == "telegram:3" for sender, _ in turns)
    assert answers == {chat: len(api.texts(chat)) for chat in people}
    assert all(ANSWER in api.texts(chat)[0] for chat in people)
    assert all(1 <= n <= 2 for n in answers.values())
    for update_id in done:
        assert turns[f"telegram:{ids[update_id]}", QUESTION] == answers[ids[update_id]] == 1


async def conversation(api: BotApi) -> None:
    """A person with a site of their own, a picture, a slip of the pen; then a family's group."""

    async def said(chat: int = 1) -> list[str]:
        await api.until(lambda: not api.pending, PATIENCE)
        return api.texts(chat)

    api.say("/start south", 1)
    assert "South Center" in (await said())[-1]
    api.say("how much does it cost?", 1)
    assert "South Center: +1 555-0200" in (await said())[-1]
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]
    api.push("message", api.message(1, photo=photo))
    assert "text only" in (await said())[-1] and "+1 555-0200" in (await said())[-1]
    api.push("message", api.message(1, photo=photo, caption=QUESTION))
    assert ANSWER in (await said())[-2] and "text only" in (await said())[-1]
    message = api.message(1, text="thanks")
    api.push("message", message)
    await said()
    api.edit(message["message_id"], "what is cytokine release syndrome?", 1)
    assert "ytokine release syndrome" in (await said())[-1]
    corrected = api.sent[-1].params
    assert corrected["reply_parameters"]["message_id"] == message["message_id"]
    assert str(corrected["disable_notification"]).lower() == "true"
    api.say(f"/help {QUESTION}", 1)
    assert ANSWER in (await said())[-1]
    api.say(f"/stop {URGENT}", 1)
    urgent = [text for text in await said() if text.startswith("⚠️ Call 911 now")]
    assert len(urgent) == 1 and "+1 555-0200" in urgent[0]
    # In a group only who addresses the bot is answered, each in a conversation of their own.
    api.known_chats.add(GROUP["id"])
    for who, text in ((7, QUESTION), (7, f"@{USERNAME} {QUESTION}"), (8, f"@{USERNAME} {URGENT}")):
        message = api.message(-500, text=text, chat=GROUP, **{"from": BotApi.person(who)})
        api.push("message", message)
    in_group = await said(-500)
    assert len([text for text in in_group if ANSWER in text]) == 1
    assert len([text for text in in_group if text.startswith("⚠️ Call 911 now")]) == 1
    assert all("reply_parameters" in sent.params for sent in api.sent if sent.chat_id == -500)


async def test_telegram_away_then_crowded_then_refusing(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = BotApi()
    api.reserve(free_port())
    async with booted(api, model, tmp_path, monkeypatch) as server:
        await server.up()
        # Telegram is away: the rest of the bot serves.
        reply = await asyncio.to_thread(server.say, QUESTION)
        assert ANSWER in reply[0]["text"]
        await api.start()
        try:
            await crowded(api)
            await refusing(api)
            reply = await asyncio.to_thread(server.say, QUESTION, "1")
            assert ANSWER in reply[0]["text"]
        finally:
            await api.stop()
    turns = server.turns()
    assert turns["rest:1", QUESTION] == 1 and turns["telegram:1", QUESTION] == 1
    log = server.log.read_text()
    assert TOKEN.split(":")[1] not in log and "zebrafish" not in log
    assert "channel=telegram said_by=" in log


async def crowded(api: BotApi) -> None:
    """500 updates at once, five of them urgent: each answered once, the urgent ones soonest."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(1, 501):
        text = URGENT if number % 100 == 0 else QUESTION if number % 2 else "zebrafish?"
        api.say(text, number)
    # Telegram may forget what waits in the store: that it holds nothing is not the end.
    await api.until(lambda: len({s.chat_id for s in api.sent}) == 500, PATIENCE)
    await api.until(lambda: not api.pending, PATIENCE)
    took = loop.time() - began
    assert all(len(api.texts(n)) == 1 for n in range(1, 501) if n % 100)
    urgent = [api.texts(n)[0] for n in range(100, 501, 100)]
    assert all(text.startswith("⚠️ Call 911 now") for text in urgent)
    assert all(ANSWER in api.texts(n)[0] for n in range(1, 501, 2))
    first = {n: next(s.at for s in api.sent if s.chat_id == n) - began for n in range(1, 501)}
    for number in range(100, 501, 100):  # Of those who wrote before it, most are answered after it.
        assert sum(first[n] < first[number] for n in range(1, number)) < number / 2, number
    print(
        f"500 updates in {took:.1f} s; urgent after "
        f"{', '.join(f'{first[n]:.1f}' for n in range(100, 501, 100))} s"
    )


async def refusing(api: BotApi) -> None:
    """Telegram answers every message with 429 for a minute, and with 5xx after it."""
    before, calls = len(api.sent), len(api.calls)
    api.fail("sendMessage", too_many(2), times=10_000)
    ends = asyncio.get_running_loop().time() + 60
    for chat in range(1001, 1021):
        api.say(URGENT if chat == 1020 else QUESTION, chat)
    await asyncio.sleep(max(0.0, ends - asyncio.get_running_loop().time()))
    assert len([s for s in api.sent[before:] if s.method == "sendMessage"]) == 0
    # 20 people, each told every time to wait 2 s: the pause is kept, not knocked at.
    assert api.calls[calls:].count("sendMessage") <= 20 * 35
    api.faults.clear()
    api.fail("sendMessage", ApiError(502, "Bad Gateway"), times=20)
    await api.until(lambda: not api.pending, PATIENCE)
    assert all(len(api.texts(chat)) == 1 for chat in range(1001, 1020))
    assert api.texts(1020)[0].startswith("⚠️ Call 911 now")
