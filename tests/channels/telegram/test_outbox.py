"""The queue of a chat: what waits, what overtakes, what is said once."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.telegram.api import Remedy, Then, remedy
from bot.channels.telegram.outbox import FAULTS, OUTAGE, Address, Outbox
from bot.channels.telegram.rendering import Part

HERE = Address(1)


class Line:
    """Sends while it is open; keeps what has arrived."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.arrived: list[tuple[Address, str]] = []

    async def send(self, address: Address, part: Part) -> None:
        await self.open.wait()
        self.arrived.append((address, part.text))


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RetryAfter(7), Remedy(Then.AGAIN, wait=7.0)),
        (ChatMigrated(-5), Remedy(Then.MOVED, chat_id=-5, answered=True)),
        (Forbidden("bot was blocked by the user"), Remedy(Then.GONE)),
        (BadRequest("message is too long"), Remedy(Then.REFUSED)),
        (caused(Forbidden("x"), TelegramError("<html>")), Remedy(Then.AGAIN, answered=True)),
        (caused(BadRequest("x"), TelegramError("<html>")), Remedy(Then.AGAIN, answered=True)),
        (InvalidToken("no"), Remedy(Then.AGAIN)),
        (NetworkError("Internal Server Error"), Remedy(Then.AGAIN, answered=True)),
        (caused(NetworkError("x"), httpx.ConnectError("x")), Remedy(Then.AGAIN)),
        (caused(TimedOut("x"), httpx.ReadTimeout("x")), Remedy(Then.AGAIN)),
        (Conflict("x"), Remedy(Then.AGAIN, answered=True)),
        (TelegramError("Invalid server response"), Remedy(Then.AGAIN, answered=True)),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, Exception) else "",
)
def test_what_an_error_calls_for(error: TelegramError, expected: Remedy) -> None:
    assert remedy(error) == expected


async def said(line: Line, parts: list[tuple[Address, Part]]) -> list[str]:
    outbox = Outbox(line.send, first_wait=0.01)
    waiting = [f for address, part in parts for f in outbox.put(address, [part])]
    await asyncio.sleep(0)
    line.open.set()
    assert all(await asyncio.gather(*waiting))
    await outbox.close()
    return [text for _, text in line.arrived]


async def test_urgent_words_go_before_others_and_after_each_other() -> None:
    parts = [Part("a"), Part("b"), Part("u1", urgent=True), Part("u2", urgent=True), Part("c")]
    found = await said(Line(), [(HERE, part) for part in parts])
    # Nothing was being sent yet when the urgent ones came.
    assert found == ["u1", "u2", "a", "b", "c"]


async def test_a_crowd_is_said_to_at_a_pace_and_urgent_words_do_not_keep_to_it() -> None:
    line = Line()
    line.open.set()
    outbox = Outbox(line.send, first_wait=0.01, pace=60.0)
    for chat in (1, 2, 3):
        outbox.put(Address(chat), [Part("a")])
    urgent = [f for c in (3, 4) for f in outbox.put(Address(c), [Part("u", urgent=True)])]
    assert all(await asyncio.gather(*urgent))
    # The first needs no pause before it; the others are a minute apart.
    assert {(a.chat_id, text) for a, text in line.arrived} == {(1, "a"), (3, "u"), (4, "u")}
    await outbox.close()


async def test_all_of_a_crowd_is_said_in_order() -> None:
    line = Line()
    line.open.set()
    outbox = Outbox(line.send, first_wait=0.01, pace=0.001)
    waiting = [f for chat in range(20) for f in outbox.put(Address(chat), [Part(str(chat))])]
    assert all(await asyncio.gather(*waiting))
    assert [text for _, text in line.arrived] == [str(chat) for chat in range(20)]
    await outbox.close()


async def test_a_refusal_that_waits_is_not_said_twice_but_an_answer_is() -> None:
    parts = [Part("no", repeatable=True)] * 3 + [Part("yes")] * 2
    assert await said(Line(), [(HERE, part) for part in parts]) == ["no", "yes", "yes"]


async def test_two_people_of_a_group_are_each_answered() -> None:
    part = Part("call", urgent=True, repeatable=True)
    line = Line()
    await said(line, [(Address(1, to=5), part), (Address(1, to=6), part)])
    assert [address.to for address, _ in line.arrived] == [5, 6]


async def test_what_was_not_sent_when_it_closes_counts_as_not_arrived() -> None:
    outbox = Outbox(Line().send, first_wait=0.01)
    (waiting,) = outbox.put(HERE, [Part("a")])
    await asyncio.sleep(0)
    assert not waiting.done()
    await outbox.close()
    assert waiting.cancelled()


class Faulty:
    """Sends what is urgent; the rest hangs, or fails once it is let go."""

    def __init__(self) -> None:
        self.fail = asyncio.Event()
        self.begun: list[str] = []
        self.arrived: list[str] = []

    async def send(self, address: Address, part: Part) -> None:
        self.begun.append(part.text)
        if not part.urgent:
            await self.fail.wait()
            raise NetworkError("Bad Gateway")
        self.arrived.append(part.text)


async def test_urgent_words_wait_for_no_message_to_the_same_chat_that_hangs() -> None:
    line = Faulty()
    outbox = Outbox(line.send, first_wait=600.0)
    outbox.put(HERE, [Part("a")])
    await asyncio.sleep(0.01)
    assert line.begun == ["a"]
    urgent = outbox.put(HERE, [Part("u1", urgent=True), Part("u2", urgent=True)])
    assert await asyncio.wait_for(asyncio.gather(*urgent), 20) == [True, True]
    assert line.arrived == ["u1", "u2"]
    await outbox.close()


async def test_urgent_words_that_come_while_a_message_fails_wait_for_no_next_try() -> None:
    line = Faulty()
    outbox = Outbox(line.send, first_wait=600.0)
    outbox.put(HERE, [Part("a")])
    await asyncio.sleep(0.01)
    urgent = outbox.put(HERE, [Part("u", urgent=True)])
    line.fail.set()
    assert await asyncio.wait_for(asyncio.gather(*urgent), 20) == [True]
    await outbox.close()


async def test_what_is_not_urgent_is_tried_again_once_urgent_words_are_taken() -> None:
    line = Faulty()
    outbox = Outbox(line.send, first_wait=600.0)
    outbox.put(HERE, [Part("a")])
    line.fail.set()
    await asyncio.sleep(0.01)
    assert line.begun == ["a"]  # It has failed, and waits ten minutes.
    await asyncio.gather(*outbox.put(HERE, [Part("u", urgent=True)]))
    await asyncio.sleep(0.1)
    assert line.begun == ["a", "u", "a"]
    await outbox.close()


async def test_a_pause_that_telegram_asks_for_holds_for_urgent_words_too() -> None:
    begun: list[str] = []

    async def slow_down(address: Address, part: Part) -> None:
        begun.append(part.text)
        raise RetryAfter(600)

    outbox = Outbox(slow_down, first_wait=0.01)
    outbox.put(HERE, [Part("a")])
    await asyncio.sleep(0.05)
    outbox.put(HERE, [Part("u", urgent=True)])
    await asyncio.sleep(0.1)
    assert begun == ["a"]
    await outbox.close()


async def test_who_is_gone_gets_nothing_of_either_kind() -> None:
    hang = asyncio.Event()

    async def gone(address: Address, part: Part) -> None:
        if not part.urgent:
            await hang.wait()
        raise Forbidden("bot was blocked by the user")

    outbox = Outbox(gone, first_wait=600.0)
    waiting = outbox.put(HERE, [Part("a"), Part("b")])
    await asyncio.sleep(0.01)
    waiting += outbox.put(HERE, [Part("u", urgent=True)])
    assert await asyncio.wait_for(asyncio.gather(*waiting), 20) == [False] * 3
    hang.set()
    await asyncio.sleep(0.01)  # The one that was being sent ends, and nothing breaks.
    waiting = outbox.put(HERE, [Part("c")])
    assert await asyncio.wait_for(asyncio.gather(*waiting), 20) == [False]
    await outbox.close()


class Stubborn:
    """Takes everything but one text, until it is let through."""

    def __init__(self) -> None:
        self.through = False
        self.tries = 0
        self.arrived: list[tuple[int, str]] = []

    async def send(self, address: Address, part: Part) -> None:
        if part.text == "stuck" and not self.through:
            self.tries += 1
            raise NetworkError("Internal Server Error")
        self.arrived.append((address.chat_id, part.text))


async def test_urgent_words_are_never_given_up_and_hold_back_nobody_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.channels.telegram.outbox.LONGEST_WAIT", 0.01)
    line = Stubborn()
    outbox = Outbox(line.send, first_wait=0.01, pace=0.0)
    (stuck,) = outbox.put(HERE, [Part("stuck", urgent=True)])
    behind = outbox.put(HERE, [Part("u", urgent=True), Part("a")])
    await asyncio.gather(*outbox.put(Address(2), [Part("b")]))  # It is no outage.
    assert await asyncio.wait_for(asyncio.gather(*behind), 60) == [True, True]
    assert line.tries >= FAULTS and not stuck.done()
    # What comes later overtakes it as well.
    later = outbox.put(HERE, [Part("later", urgent=True)])
    assert await asyncio.wait_for(asyncio.gather(*later), 60) == [True]
    while line.tries < 2 * FAULTS and not stuck.done():
        await asyncio.sleep(0.01)
    assert not stuck.done()
    line.through = True
    assert await asyncio.wait_for(stuck, 60)
    assert [text for _, text in line.arrived] == ["b", "u", "a", "later", "stuck"]
    await outbox.close()


async def test_in_a_long_outage_too_urgent_words_are_not_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.channels.telegram.outbox.LONGEST_WAIT", 0.0)
    line = Stubborn()
    outbox = Outbox(line.send, first_wait=0.0)
    (stuck,) = outbox.put(HERE, [Part("stuck", urgent=True)])
    while line.tries < OUTAGE + 5 and not stuck.done():
        await asyncio.sleep(0)
    assert not stuck.done()
    line.through = True
    assert await asyncio.wait_for(stuck, 60)
    await outbox.close()


async def test_urgent_words_that_are_said_again_are_tried_at_once() -> None:
    line = Stubborn()
    outbox = Outbox(line.send, first_wait=600.0)
    part = Part("stuck", urgent=True, repeatable=True)
    (first,) = outbox.put(HERE, [part])
    await asyncio.sleep(0.01)
    line.through = True
    assert outbox.put(HERE, [part]) == [first]
    assert await asyncio.wait_for(first, 20)
    await outbox.close()
