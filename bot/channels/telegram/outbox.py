"""Sends what was said: in order within a chat, urgent words first, until it has arrived."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from telegram.error import TelegramError

from bot.channels.telegram.api import Remedy, Then, remedy
from bot.channels.telegram.ending import end, happens
from bot.channels.telegram.rendering import Part

logger = logging.getLogger(__name__)

LONGEST_WAIT: Final = 30.0
FAULTS: Final = 12
"""Tries of one message that Telegram itself answers with a fault (about four minutes) before it is
given up, if it takes what is sent to others meanwhile: held back for ever, it would hold back what
the same person writes next. Without a network there is no last try; nor for urgent words, which
then only let others go first."""

PACE: Final = 1 / 28
"""Seconds between two messages. Beyond some thirty a second Telegram answers 429 to a bot, and then
what is urgent has to wait, too; that itself does not keep to the pace."""

OUTAGE: Final = 120
"""The same (about an hour) while Telegram takes nothing from anybody."""


@dataclass(frozen=True)
class Address:
    """Where a reply goes."""

    chat_id: int
    thread: int | None = None
    to: int | None = None


Send = Callable[[Address, Part], Awaitable[None]]


class _Item:
    def __init__(self, address: Address, part: Part) -> None:
        self.address = address
        self.part = part
        self.arrived: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.faults = 0
        self.plain = False
        self.taken_before = 0
        """How many messages Telegram had taken when this one failed first."""
        self.alone = False
        """Telegram has taken others since, so the fault may be this one's."""
        self.aside = False
        """Urgent, and tried so often that it is tried on after what comes later."""


class _Lane:
    """One of a chat's two rows: its urgent messages, or the others."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        """Something has come or has been taken, so another try is worth more than a wait."""
        self.task: asyncio.Task[None] | None = None


class _Chat:
    """What waits for one chat, in the order of sending."""

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self.urgent, self.other = _Lane(), _Lane()
        self.calm = asyncio.Event()
        """Nothing urgent waits but what stands aside."""
        self.calm.set()
        self.not_before = 0.0
        """Until when Telegram has asked for a pause, by the event loop's clock."""

    def add(self, address: Address, part: Part) -> _Item:
        for item in self.items:
            if part.repeatable and item.address == address and _alike(item.part, part):
                if item.part.urgent:
                    self.urgent.news.set()
                return item
        item = _Item(address, part)
        ahead = sum(i.part.urgent for i in self.items) if part.urgent else len(self.items)
        self.items.insert(ahead, item)
        if part.urgent:
            self.calm.clear()
            self.urgent.news.set()
        return item

    def first(self, *, urgent: bool) -> _Item | None:
        mine = [item for item in self.items if item.part.urgent is urgent]
        return min(mine, key=lambda item: item.aside, default=None)  # Of equals the first.

    def put_aside(self, item: _Item) -> None:
        """Lets everything else go before an item, which is tried on."""
        item.aside = True
        if item in self.items:
            self.items.remove(item)
            self.items.insert(sum(i.part.urgent for i in self.items), item)
        self._look_for_calm()
        if not self.calm.is_set():
            self.urgent.news.set()  # Somebody else's turn, at once.

    def end(self, item: _Item, *, arrived: bool) -> None:
        if item in self.items:  # Not if it was given up while it was being sent.
            self.items.remove(item)
        self._look_for_calm()
        if not item.arrived.done():
            item.arrived.set_result(arrived)

    def _look_for_calm(self) -> None:
        first = self.first(urgent=True)
        if first is None or first.aside:
            self.calm.set()


class Outbox:
    """One queue a chat. What one chat waits for delays no other.

    Args:
        send: sends one part once.
        first_wait: seconds before the second try; doubled until `LONGEST_WAIT`.
        pace: seconds between two messages that are not urgent, to whomever.
    """

    def __init__(self, send: Send, *, first_wait: float, pace: float = PACE) -> None:
        self._send = send
        self._first_wait = first_wait
        self._pace = pace
        self._next = 0.0
        self._chats: dict[int, _Chat] = {}
        self._taken = 0

    def put(self, address: Address, parts: Sequence[Part]) -> list[asyncio.Future[bool]]:
        """Queues parts; each future tells, once it is known, whether its part has arrived.

        Urgent parts go before others that wait, and wait for none that is being sent. A refusal
        or an escalation that waits in the same words is not queued twice.
        """
        chat = self._chats.setdefault(address.chat_id, _Chat())
        items = [chat.add(address, part) for part in parts]
        for urgent, lane in ((True, chat.urgent), (False, chat.other)):
            if lane.task is None and chat.first(urgent=urgent) is not None:
                lane.task = asyncio.ensure_future(self._drain(address.chat_id, chat, urgent=urgent))
        return [item.arrived for item in items]

    async def close(self) -> None:
        """Stops sending; what waits is said after the next start, when its update comes again."""
        lanes = [lane for chat in self._chats.values() for lane in (chat.urgent, chat.other)]
        await end([lane.task for lane in lanes if lane.task is not None])

    async def _drain(self, chat_id: int, chat: _Chat, *, urgent: bool) -> None:
        lane = chat.urgent if urgent else chat.other
        wait = self._first_wait
        try:
            while chat.first(urgent=urgent) is not None:
                await self._may_send(chat, urgent=urgent)
                item = chat.first(urgent=urgent)
                if item is None:
                    continue
                lane.news.clear()
                error = await self._try(item)
                if error is None:
                    self._taken += 1
                    chat.end(item, arrived=True)
                    chat.other.news.set()
                if error is None or item not in chat.items or not self._stays(item, error, chat):
                    wait = self._first_wait
                    continue
                if error.wait is not None:
                    chat.not_before = asyncio.get_running_loop().time() + error.wait
                else:
                    await happens(lane.news, wait)
                wait = min(2 * wait, LONGEST_WAIT)
        finally:
            lane.task = None
            for item in [i for i in chat.items if i.part.urgent is urgent]:
                item.arrived.cancel()
            if chat.urgent.task is None and chat.other.task is None:
                self._chats.pop(chat_id, None)

    async def _may_send(self, chat: _Chat, *, urgent: bool) -> None:
        """Waits for the pace and for what is urgent, and as long as Telegram has asked."""
        loop = asyncio.get_running_loop()
        if not urgent:
            await chat.calm.wait()
            at = self._next = max(loop.time(), self._next + self._pace)
            await asyncio.sleep(max(0.0, at - loop.time()))
        while True:
            if not urgent and not chat.calm.is_set():
                await chat.calm.wait()
            elif (left := chat.not_before - loop.time()) > 0:
                await asyncio.sleep(left)
            else:
                return

    async def _try(self, item: _Item) -> Remedy | None:
        """Sends; returns what to do if that failed."""
        try:
            await self._send(item.address, item.part)
        except TelegramError as error:
            found = remedy(error)
            logger.log(
                logging.INFO if found.then is Then.GONE else logging.WARNING,
                "message not sent: %s, %s",
                type(error).__name__,
                found.then.value,
            )
            return found
        except Exception as error:
            logger.error("message could not be sent: %s", type(error).__name__)
            return Remedy(Then.REFUSED)
        return None

    def _stays(self, item: _Item, error: Remedy, chat: _Chat) -> bool:
        """Does what an error calls for; returns whether the item waits for another try."""
        if error.then is Then.GONE:
            for other in list(chat.items):
                chat.end(other, arrived=False)
        elif error.chat_id is not None and error.chat_id != item.address.chat_id:
            item.address = Address(error.chat_id)
        elif error.then is Then.REFUSED:
            self._refused(item, chat)
        else:
            if not item.faults:
                item.taken_before = self._taken
            item.faults += error.answered and error.wait is None
            if not item.alone and self._taken > item.taken_before:
                item.alone, item.faults = True, 1  # The outage is over, or there was none.
            if item.faults < (FAULTS if item.alone else OUTAGE):
                return True
            if item.part.urgent:
                if not item.aside:
                    logger.error("urgent message not taken %d times: tried on", item.faults)
                chat.put_aside(item)
                return True
            logger.error("message given up after %d faults of Telegram's", item.faults)
            chat.end(item, arrived=False)
        return False

    def _refused(self, item: _Item, chat: _Chat) -> None:
        """Has it said once more in the plainest form before it is given up.

        What is refused may be the words, or the place: a topic that was closed, a deleted message.
        """
        part = item.part
        if part.phone is None:
            part = Part(text=part.text or part.photo or "", urgent=part.urgent, quiet=part.quiet)
        address = Address(item.address.chat_id)
        if not item.plain and part.text and (part, address) != (item.part, item.address):
            item.plain, item.part, item.address = True, part, address
            return
        logger.error("message refused by Telegram and given up")
        chat.end(item, arrived=False)


def _alike(waiting: Part, part: Part) -> bool:
    return (waiting.text, waiting.phone) == (part.text, part.phone)
