"""What may go wrong between Telegram and the bot: nothing is lost, nothing is handled twice."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from telegram.error import TelegramError

from bot.channels.telegram.api import fetch, make_bot
from bot.channels.telegram.lock import PollLock
from bot.channels.telegram.memory import SOON, Memory
from bot.channels.telegram.outbox import FAULTS
from bot.channels.telegram.store import Past, TelegramStore
from tests.channels.telegram.bot_api import ME, TOKEN, USERNAME, ApiError, BotApi, too_many
from tests.channels.telegram.test_crowd import kept, rows
from tests.channels.telegram.world import PICTURE, Echo, talking, telegram_settings

pytestmark = pytest.mark.usefixtures("patient")

URGENT = "my husband has a fever of 39"
INTERNAL = ApiError(500, "Internal Server Error")
GATEWAY = ApiError(502, "Bad Gateway")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_telegram_away_at_start_and_later(echo: Echo, tmp_path: Path) -> None:
    api = BotApi()
    api.reserve(free_port())
    async with talking(api, tmp_path, echo) as session:
        await api.until(lambda: session.status.word == "unreachable")
        await api.start()
        try:
            api.say("one")
            await api.until(lambda: api.texts() == ["echo one"])
            assert session.status.word == "polling"
            await api.stop()
            await api.until(lambda: session.status.word == "unreachable")
            api.say("two")
            await api.start()
            await api.until(lambda: api.texts() == ["echo one", "echo two"])
            await api.until(lambda: session.status.word == "polling")
        finally:
            await api.stop()


@pytest.mark.parametrize(
    "fault",
    [
        INTERNAL,
        GATEWAY,
        too_many(1),
        ApiError(401, "Unauthorized"),
        ApiError(404, "Not Found"),
    ],
    ids=["500", "502", "429", "401", "404"],
)
@pytest.mark.parametrize("method", ["getMe", "getUpdates", "sendMessage"])
async def test_a_fault_is_tried_again_and_said_once(
    method: str, fault: ApiError, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.fail(method, fault, times=2)
    async with talking(api, tmp_path, echo):
        api.say("one")
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo one"] and echo.texts == ["one"]


@pytest.mark.parametrize(
    ("method", "copies"),
    [
        ("getMe", 1),
        ("getUpdates", 1),
        ("sendChatAction", 1),
        ("answerCallbackQuery", 1),
        ("sendMessage", 2),  # Telegram knows no number by which it could tell a second try.
    ],
)
async def test_where_only_telegrams_answer_is_lost_nothing_is_handled_twice(
    method: str, copies: int, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.fail(method, GATEWAY, after=True)
    async with talking(api, tmp_path, echo):
        api.press("hang")
        await api.until(lambda: api.calls.count("sendChatAction"))
        echo.go.set()
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo hang"] * copies and echo.texts == ["hang"]
        assert not api.faults[0].times


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"<html>login</html>", b"[]", b'{"ok": true, "result": {}}', b"\xff\xfe"]
)
async def test_malformed_json_from_telegram(
    raw: bytes, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.garble("getUpdates", raw, times=2)
    async with talking(api, tmp_path, echo):
        api.say("one")
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo one"]


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    "page",
    [b"<html>Blocked by your network's filter</html>", b'{"error": "blocked"}', b"[]", b"null"],
    ids=["HTML", "JSON", "a list", "null"],
)
async def test_what_a_proxy_refuses_is_not_taken_for_telegrams_word(
    page: bytes, status: int, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.garble("sendMessage", page, times=2, status=status)
        api.say(f"buttons {URGENT}")
        await api.until(lambda: not api.pending)
        assert api.texts() == ["the turn's own escalation", f"echo buttons {URGENT}"]
        assert api.sent[1].titles  # Nor said more plainly: it was not Telegram that refused it.


async def test_429_is_waited_for_and_other_chats_do_not_wait(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.fail("sendMessage", too_many(2), times=1, chat=1)
    async with talking(api, tmp_path, echo):
        began = asyncio.get_running_loop().time()
        api.say("one", chat=1)
        await api.until(lambda: echo.heard)
        api.say("two", chat=2)
        await api.until(lambda: api.texts(2))
        assert api.texts(1) == []
        await api.until(lambda: api.texts(1))
        assert api.sent[-1].at - began >= 2.0  # What Telegram asked for, not how fast we are.
        assert api.calls.count("sendMessage") == 3


async def test_while_one_waits_its_update_is_not_confirmed_and_others_are_answered(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.fail("sendMessage", too_many(2), times=1, chat=1)
    async with talking(api, tmp_path, echo):
        first = api.say("one", chat=1)
        await api.until(lambda: echo.heard)
        for chat in range(2, 12):
            api.say("more", chat=chat)
        await api.until(lambda: all(api.texts(chat) for chat in range(2, 12)))
        assert first in api.pending
        await api.until(lambda: not api.pending)
        assert api.texts(1) == ["echo one"]


async def test_urgent_words_overtake_what_waits(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    async with talking(api, tmp_path, echo):
        api.fail("sendMessage", INTERNAL, times=3)
        api.say("one")
        api.say("two")
        await api.until(lambda: len(echo.heard) == 2)
        api.say("he cannot breathe")
        await api.until(lambda: len(api.texts()) == 4)
        assert api.texts()[0].startswith("⚠️ Call 911 now")
        assert api.texts()[1:3] == ["echo one", "echo two"]


async def test_what_telegram_answers_with_faults_for_ever_is_given_up(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.outbox.LONGEST_WAIT", 0.01)
    api.fail("sendMessage", INTERNAL, times=10_000, chat=1)
    async with talking(api, tmp_path, echo):
        api.say("one", chat=1)
        await api.until(lambda: api.calls.count("sendMessage"))
        api.say("other", chat=2)  # Somebody else's is taken: it is no outage.
        await api.until(lambda: not api.pending)
        assert api.texts(1) == [] and api.texts(2) == ["echo other"]
        api.faults.clear()
        api.say("two", chat=1)
        await api.until(lambda: api.texts(1))
        assert api.texts(1) == ["echo two"]


async def test_in_an_outage_of_telegrams_nothing_is_given_up(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.outbox.LONGEST_WAIT", 0.01)
    async with talking(api, tmp_path, echo):
        api.fail("sendMessage", GATEWAY, times=3 * FAULTS)
        api.say("one", chat=1)
        api.say(URGENT, chat=2)
        await api.until(lambda: not api.pending)
        assert api.texts(1) == ["echo one"]
        assert api.texts(2) == ["the turn's own escalation", f"echo {URGENT}"]


async def test_in_a_topic_that_was_closed_the_reply_comes_beside_it(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.closed_topics.add(5)
    api.known_chats.add(-1)
    async with talking(api, tmp_path, echo):
        forum = {"id": -1, "type": "supergroup", "title": "G", "is_forum": True}
        for text in ("hi", "he cannot breathe, please hang"):
            made: dict[str, Any] = {"text": f"@{USERNAME} {text}", "chat": forum}
            topic = {"message_thread_id": 5, "is_topic_message": True}
            api.push("message", api.message(7, **made, **topic))
        echo.go.set()
        await api.until(lambda: not api.pending)
        assert "echo hi" in api.texts(-1)
        assert any(text.startswith("⚠️ Call 911 now") for text in api.texts(-1))
        assert [s.text for s in api.sent if s.method == "sendContact"] == ["911"]


async def test_words_that_telegram_refuses_are_tried_plain(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.fail("sendMessage", ApiError(400, "Bad Request: BUTTON_DATA_INVALID"))
    async with talking(api, tmp_path, echo):
        api.say("buttons")
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo buttons"] and api.sent[0].titles == []


async def test_a_picture_arrives_or_its_address_does(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("picture", chat=1)
        await api.until(lambda: not api.pending)
        api.fail("sendPhoto", ApiError(400, "Bad Request: failed to get HTTP URL content"))
        api.say("picture", chat=2)
        await api.until(lambda: not api.pending)
    shown = [(s.chat_id, s.method, s.text) for s in api.sent]
    assert shown == [
        (1, "sendMessage", "echo picture"),
        (1, "sendPhoto", PICTURE),
        (2, "sendMessage", "echo picture"),
        (2, "sendMessage", PICTURE),
    ]


async def test_who_has_blocked_the_bot_gets_nothing_and_holds_up_nobody(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.blocked.add(1)
    async with talking(api, tmp_path, echo):
        api.say(URGENT, chat=1)
        api.say("one", chat=1)
        api.say("two", chat=2)
        await api.until(lambda: not api.pending)
        assert api.texts(1) == [] and api.texts(2) == ["echo two"]
        api.blocked.clear()
        api.say("three", chat=1)
        await api.until(lambda: api.texts(1))
        assert api.texts(1) == ["echo three"]


async def test_a_group_that_got_another_id_is_answered_there(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    moved = ApiError(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1002)
    api.fail("sendMessage", moved)
    async with talking(api, tmp_path, echo):
        api.known_chats |= {-1, -1002}
        group = {"id": -1, "type": "group", "title": "G"}
        answered = {"message_id": 1, "date": 1, "chat": group, "from": ME}
        made: dict[str, Any] = {"text": "hi", "chat": group, "reply_to_message": answered}
        api.push("message", api.message(7, **made))
        await api.until(lambda: api.texts(-1002))
        assert api.texts(-1002) == ["echo hi"]


async def test_a_button_that_is_too_old_is_answered_with_words(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    old = "query is too old and response timeout expired or query ID is invalid"
    api.fail("answerCallbackQuery", ApiError(400, f"Bad Request: {old}"))
    async with talking(api, tmp_path, echo):
        api.press("What is CRS?")
        await api.until(lambda: api.texts())
        assert api.texts() == ["echo What is CRS?"]


@pytest.mark.parametrize("fault", [INTERNAL, too_many(1)], ids=["500", "429"])
async def test_a_button_that_telegram_did_not_take_is_answered_again(
    fault: ApiError, api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.signals.SPINNER_WAIT", 0.05)
    api.fail("answerCallbackQuery", fault, times=2)
    async with talking(api, tmp_path, echo):
        number = api.press("What is CRS?")
        await api.until(lambda: api.pressed)
        assert api.pressed == [f"callback-{number}"]


async def test_updates_twice_and_out_of_order(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    async with talking(api, tmp_path, echo):
        made = [
            {"update_id": n, "message": api.message(1, text=f"message {n}")}
            for n in (7, 5, 6, 5, 7, 9, 8)
        ]
        api._pending += made
        api._news.set()
        await api.until(lambda: not api.pending)
        for update in made:  # And all of it once more, later.
            api.push_raw(update)
        await api.until(lambda: not api.pending)
        assert echo.texts == [f"message {n}" for n in (5, 6, 7, 8, 9)]
        assert len(api.texts(1)) == 5


async def test_after_a_quiet_week_telegram_counts_from_a_lower_number(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("one")
        await api.until(lambda: not api.pending)
        api.push("message", api.message(1001, text="two"), update_id=3)
        await api.until(lambda: len(echo.heard) == 2)
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo one", "echo two"]


async def test_what_was_cut_off_is_begun_again_and_what_was_done_is_not(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    async with talking(api, tmp_path, echo):
        first = api.say("hang", chat=1)
        api.say("done", chat=2)
        await api.until(lambda: api.texts(2))
        done = "select update_id, day from telegram_handled where done"
        await api.until(lambda: [i for i, _ in rows(tmp_path, done)] == [first + 1])
        # The one that hangs comes first, so Telegram still holds both.
        assert api.pending == [first, first + 1]
    assert echo.texts == ["hang", "done"]
    again = Echo()
    again.go.set()
    async with talking(api, tmp_path, again):
        await api.until(lambda: not api.pending)
    assert again.texts == ["hang"]
    assert (api.texts(1), api.texts(2)) == (["echo hang"], ["echo done"])


POISON: dict[str, Any] = {
    "a chat without an id": {"message": {"message_id": 1, "chat": {"type": "private"}}},
    "a message that is a number": {"message": 3},
    "no chat": {"message": {"message_id": 1, "date": 1, "text": "hi"}},
    "nothing at all": {},
    "null": {"message": None},
}


@pytest.mark.parametrize("what", POISON)
async def test_a_poison_update_is_passed_over_and_the_rest_is_answered(
    what: str, api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api._pending.append({"update_id": 400, **POISON[what]})
        api.say("hello")
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo hello"]


@pytest.mark.parametrize(
    ("text", "said"), [("hello", ["I'm sorry"]), ("he cannot breathe", ["⚠️ Call 911", "I'm sorry"])]
)
async def test_who_sends_a_poison_update_hears_an_apology_once(
    text: str, said: list[str], api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        message = api.message(1001, text=text, entities=[{"type": "bold"}])  # No offset.
        api.push("message", message)
        await api.until(lambda: not api.pending)
        api.push("message", api.message(2, text="next"))
        await api.until(lambda: api.texts(2))
        assert len(api.texts()) == len(said)
        assert all(t.startswith(s) for t, s in zip(api.texts(), said, strict=True))


async def test_a_turn_that_breaks_is_apologised_for(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("break")
        await api.until(lambda: not api.pending)
        assert len(api.texts()) == 1 and "I can't look that up right now" in api.texts()[0]


def ended_three_times(api: BotApi, folder: Path, update_id: int) -> None:
    store = TelegramStore(telegram_settings(api, folder).store_url, int(TOKEN.split(":")[0]))
    store.begin([update_id])
    for _ in range(3):
        store.start(update_id)
    store.close()


async def test_an_update_that_ended_the_process_three_times_gets_no_fourth_turn(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    ended_three_times(api, tmp_path, api.say("he cannot breathe"))
    async with talking(api, tmp_path, echo):
        await api.until(lambda: not api.pending)
    assert echo.heard == []
    assert [t.split(" ")[0] for t in api.texts()] == ["⚠️", "I'm"]


async def test_who_sent_it_in_a_group_or_tapped_a_button_is_told_too(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    group = {"id": -1, "type": "supergroup", "title": "G"}
    api.known_chats.add(-1)
    made = api.message(7, text=f"@{USERNAME} he cannot breathe", chat=group)
    ended_three_times(api, tmp_path, api.push("message", made))
    ended_three_times(api, tmp_path, tapped := api.press("What is CRS?", chat=2))
    async with talking(api, tmp_path, echo):
        await api.until(lambda: not api.pending)
    assert echo.heard == []
    assert [t.split(" ")[0] for t in api.texts(-1)] == ["⚠️", "I'm"]
    shown = [s.params["reply_parameters"]["message_id"] for s in api.sent if s.chat_id == -1]
    assert set(shown) == {made["message_id"]}
    assert [t.split(" ")[0] for t in api.texts(2)] == ["I'm"]
    assert set(api.pressed) == {f"callback-{tapped}"}


class Deadly:
    """Ends the process on some words: nothing that is under way then ever goes on."""

    def __init__(self) -> None:
        self.dead = asyncio.Event()

    async def __call__(self, message: UserMessage) -> None:
        if "deadly" in message.text:
            self.dead.set()
        await asyncio.sleep(0.05)
        if self.dead.is_set():
            await asyncio.Event().wait()
        await Echo()(message)


async def test_what_ends_the_process_takes_nobody_else_with_it(
    api: BotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(memory: Memory) -> None:
        """Takes nothing back: there was no time."""

    monkeypatch.setattr(Memory, "take_back", killed)
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    for chat in range(1, 9):
        api.say("deadly" if chat == 2 else f"hello {chat}", chat=chat)
    for _ in range(3):
        turn = Deadly()
        async with talking(api, tmp_path, turn):
            await api.until(turn.dead.is_set)
            await asyncio.sleep(0.2)
    async with talking(api, tmp_path, Deadly()):
        await api.until(lambda: not api.pending)
    assert len(api.texts(2)) == 1 and api.texts(2)[0].startswith("I'm sorry")
    for chat in {*range(1, 9)} - {2}:
        assert api.texts(chat) == [f"echo hello {chat}"]


async def test_a_process_that_is_told_to_end_makes_nothing_suspect(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.session.PATIENCE", 0.0)
    api.say("hang")
    for _ in range(4):
        echo.heard.clear()
        async with talking(api, tmp_path, echo):
            await api.until(lambda: echo.heard)
    echo.go.set()
    async with talking(api, tmp_path, echo):
        await api.until(lambda: not api.pending)
    assert api.texts() == ["echo hang"]


async def test_who_is_apologised_to_is_given_the_numbers_of_their_own_site(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    async with talking(api, tmp_path, echo):
        api.say("/start south")
        await api.until(lambda: not api.pending)
        broken = api.message(1001, text="he cannot breathe", entities=[{"type": "bold"}])
        api.push("message", broken)
        await api.until(lambda: not api.pending)
        assert "+1 212 555 8000" in api.texts()[1] and "+1 212 555 7000" not in api.texts()[1]


async def test_a_store_that_cannot_be_opened_costs_no_answer(
    api: BotApi, echo: Echo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "telegram.db").write_bytes(b"this is no database" * 100)
    async with talking(api, tmp_path, echo):
        api.say("one")
        api.say(URGENT)
        await api.until(lambda: not api.pending)
        assert "echo one" in api.texts() and "the turn's own escalation" in api.texts()
    assert caplog.text.count("TELEGRAM_STORE cannot be used") == 1


async def test_a_store_that_does_not_answer_holds_up_no_escalation(
    api: BotApi, echo: Echo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    class Hanging(TelegramStore):
        def begin(self, update_ids: Sequence[int]) -> dict[int, Past]:
            assert go.wait(120)
            return super().begin(update_ids)

    monkeypatch.setattr("bot.channels.telegram.session.TelegramStore", Hanging)
    # Whoever waits for the store does so longer than this test, but for an emergency.
    monkeypatch.setattr("bot.channels.telegram.intake.SOON", SOON)
    monkeypatch.setattr("bot.channels.telegram.memory.SOON", SOON)
    monkeypatch.setattr("bot.channels.telegram.memory.PATIENCE", 600.0)
    monkeypatch.setattr("bot.channels.telegram.memory.IMPATIENCE", 600.0)
    async with talking(api, tmp_path, echo, limits={"escalation_deadline": 0.3}):
        try:
            api.say("hello", chat=2)
            await api.until(lambda: "getUpdates" in api.calls)
            api.say("he cannot breathe, please hang")
            api.press("he cannot breathe", chat=3)
            await api.until(lambda: api.texts(1001) and api.texts(3), patience=60.0)
            for chat in (1001, 3):
                assert api.texts(chat)[0].startswith("⚠️ Call 911 now")
            assert api.texts(2) == []
        finally:
            go.set()
        echo.go.set()
        await api.until(lambda: not api.pending)
        assert api.texts(2) == ["echo hello"]
        assert sorted(echo.texts) == [
            "he cannot breathe",
            "he cannot breathe, please hang",
            "hello",
        ]


async def test_a_wrong_token_is_said_once_and_the_server_lives(
    api: BotApi, echo: Echo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with talking(api, tmp_path, echo, token="1:wrong-token-wrong-token") as session:
        await api.until(lambda: api.calls.count("getMe") >= 2)
        assert session.status.word == "token refused"
    assert caplog.text.count("BotFather") == 1
    assert "wrong-token" not in caplog.text


async def test_a_second_poller_on_this_machine_waits_for_the_first(
    api: BotApi, echo: Echo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = PollLock(TOKEN, tmp_path)
    assert lock.take()
    async with talking(api, tmp_path, echo) as session:
        await api.until(lambda: session.status.word == "conflict")
        assert "polled with this token by process" in caplog.text
        assert "getUpdates" not in api.calls
    lock.release()


async def test_a_second_poller_on_another_machine_gives_way(
    api: BotApi, echo: Echo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_bot(telegram_settings(api, tmp_path))
    stop = asyncio.Event()

    async def poll() -> None:
        while not stop.is_set():
            try:
                await fetch(other, offset=None, hold=2)
            except TelegramError:
                await asyncio.sleep(0.1)

    await other.initialize()
    first = asyncio.ensure_future(poll())
    async with talking(api, tmp_path, echo) as session:
        await api.until(lambda: session.status.word == "conflict")
        assert "Somebody else polls" in caplog.text
    stop.set()
    await first
    await other.shutdown()


async def test_a_newcomer_takes_in_nothing_that_another_machine_handles(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    other, newcomer = tmp_path / "other", tmp_path / "newcomer"
    first = Echo()
    async with talking(api, other, first):
        api.say("hang", chat=1)  # Under way there, so Telegram shows it to whoever asks.
        await api.until(lambda: first.heard)
        api.say("one", chat=2)
        async with talking(api, newcomer, echo, probe=2.0) as session:
            polls = api.calls.count("getUpdates")
            await api.until(lambda: api.calls.count("getUpdates") > polls + 4)
            first.go.set()
            await api.until(lambda: session.status.word == "conflict")
            api.say("two", chat=3)
            await api.until(lambda: api.texts(3))
            assert echo.heard == []
    assert (api.texts(1), api.texts(2), api.texts(3)) == (["echo hang"], ["echo one"], ["echo two"])


async def test_who_polls_alone_begins_after_a_while(
    api: BotApi, echo: Echo, tmp_path: Path
) -> None:
    api.say("waiting", chat=1)
    async with talking(api, tmp_path, echo, probe=0.5) as session:
        await api.until(lambda: api.texts(1))
        assert session.status.word == "polling"


async def test_a_webhook_that_is_set_is_named(
    api: BotApi, echo: Echo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    api.webhook.url = "https://elsewhere.example.org/x"
    async with talking(api, tmp_path, echo) as session:
        await api.until(lambda: session.status.word == "webhook is set")
    assert "make telegram-webhook REMOVE=1" in caplog.text


async def test_a_slow_telegram_is_waited_for(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    for method in ("getMe", "getUpdates", "sendMessage"):
        api.slow(method, 0.7, times=2)
    async with talking(api, tmp_path, echo):
        api.say("one")
        await api.until(lambda: not api.pending)
        assert api.texts() == ["echo one"]


async def test_500_updates_at_once(api: BotApi, echo: Echo, tmp_path: Path) -> None:
    urgent = "he cannot breathe"
    for number in range(500):
        api.say(urgent if number % 100 == 99 else f"message {number}", chat=1 + number % 125)
    async with talking(api, tmp_path, echo, limits={"turn_timeout": 600.0}):
        # Telegram may forget what waits in the store: that it holds nothing is not the end.
        await api.until(lambda: len(echo.heard) == 500 and not api.pending)
        await api.until(lambda: not kept(tmp_path))
    assert len(echo.heard) == 500 and len({m[0] for m in echo.metadata}) == 500
    texts = [t for chat in range(1, 126) for t in api.texts(chat)]
    assert len([t for t in texts if t.startswith("echo message")]) == 495
    assert len([t for t in texts if t.startswith("⚠️ Call 911 now")]) == 5
    for chat in range(1, 126):  # In order within each chat.
        plain = [t for t in api.texts(chat) if t.startswith("echo message")]
        numbers = [int(t.split()[-1]) for t in plain]
        assert numbers == sorted(numbers)
