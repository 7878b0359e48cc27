"""Answers one update, whatever it holds: escalation first, never silent, never in vain."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Any, Final, Protocol

from rasa.core.channels.channel import UserMessage

from bot import contract
from bot.channels.guard import Incoming, Turn, TurnGuard
from bot.channels.telegram.keeping import dump, look
from bot.channels.telegram.lanes import Lanes, Place
from bot.channels.telegram.memory import Memory
from bot.channels.telegram.outbox import Address, Outbox
from bot.channels.telegram.reading import Me, Reading
from bot.channels.telegram.recent import Recent
from bot.channels.telegram.rendering import REFERENCE, references, render
from bot.channels.telegram.words import BUTTON_GONE, TEXT_ONLY, TelegramWords, is_crisis
from bot.escalation_words import is_due
from bot.safety import Verdict
from bot.safety.quick import quick_verdict

logger = logging.getLogger(__name__)

CHANNEL: Final = "telegram"

LATE: Final = 120.0
"""Seconds after which a reply shows what it answers: after an outage somebody may have gone on."""

MOST_WAITING: Final = 20
"""Messages of one person that may wait; at Telegram's pace, a message a second, the rest would
be answered too late to be of use, and would hold back what other people write."""

TRIES: Final = 3
"""Times that an update's turn is begun before it is taken for what ends the process each time."""

Arrivals = list["asyncio.Future[bool]"]


class Signals(Protocol):
    """The small signs that a person sees besides words. None of them may fail a turn."""

    def typing(self, address: Address) -> AbstractAsyncContextManager[None]:
        """Shows that the bot is writing, until the block ends."""

    def pressed(self, callback_id: str) -> None:
        """Ends the spinner of a button."""


class UpdateHandler:
    """Turns an update into a turn and its reply."""

    def __init__(
        self,
        *,
        me: Me,
        guard: TurnGuard,
        turn: Turn,
        outbox: Outbox,
        memory: Memory,
        words: TelegramWords,
        signals: Signals,
        verdict: Callable[[str], Verdict] = quick_verdict,
    ) -> None:
        self._me = me
        self._guard = guard
        self._turn = turn
        self._outbox = outbox
        self._memory = memory
        self._words = words
        self._signals = signals
        self._verdict = verdict
        self._lanes = Lanes()
        self._recent = Recent()
        self._suspects = asyncio.Lock()
        """Turns that were cut off run one at a time: if one ends the process, it is known which."""
        self._under_way: Counter[str] = Counter()

    async def handle(self, update_id: int, raw: Any, *, tries: int = 0) -> None:
        """Answers an update and returns once the whole reply has arrived or cannot; never raises.

        Args:
            update_id: its number.
            raw: the update as Telegram sent it, or as it was kept.
            tries: times that its turn was begun and the process ended. After `TRIES` it gets an
                apology and no turn.
        """
        found = look(raw, self._me)
        reading = found.reading
        if found.fault:
            await self._apologise(reading, found.fault)
            return
        if reading is None:
            return
        self._under_way[reading.sender] += 1
        try:
            if tries >= TRIES:
                raise RuntimeError("the process ended on this update")
            await arrived(await self._answer(reading, update_id, tries))
        except Exception as error:
            await self._apologise(reading, type(error).__name__)
        finally:
            self._under_way[reading.sender] -= 1
            if not self._under_way[reading.sender]:
                del self._under_way[reading.sender]

    def is_urgent(self, raw: Any) -> bool:
        """Tells whether an update is escalated by its words alone, before anything is asked."""
        found = look(raw, self._me)
        if found.fault or found.reading is None:  # A fault is apologised for, in its time.
            return False
        return is_due(self._verdict(found.reading.text))

    def stored(self, raw: Any) -> str:
        """Returns what is stored of an update while it waits."""
        return dump(look(raw, self._me))

    async def _answer(self, reading: Reading, update_id: int, tries: int) -> Arrivals:
        async with self._lanes.place(reading.sender) as place:  # Before anything is waited for.
            if reading.callback_id is not None:
                self._signals.pressed(reading.callback_id)
            if reading.button and reading.text.startswith(REFERENCE):
                payload = await self._memory.payload(reading.text)
                reading = replace(reading, text=payload or "")
            verdict = self._verdict(reading.text)
            urgent = is_due(verdict)
            if self._recent.is_repeat(reading) and not urgent:
                return []
            flooded = not urgent and self._under_way[reading.sender] > MOST_WAITING
            if not urgent and not flooded:
                await place.reached()
            site = await self._memory.site(reading.sender, soon=urgent)
            incoming = incoming_of(reading, update_id, site)
            if flooded or (not urgent and self._guard.seconds_to_wait(incoming)):
                return self._put(reading, self._slow_down(reading, site), site, repeatable=True)
            spanish = (
                verdict.language == "es"
                if reading.text and not reading.is_command_only
                else reading.language.startswith("es")
            )
            if not urgent:
                said = await self._without_a_turn(reading, site, spanish=spanish)
                if said is not None:
                    self._guard.count(reading.sender)
                    return self._put(reading, said, site, repeatable=True)
            return await self._with_a_turn(
                reading, update_id, tries, place, site, urgent=urgent, spanish=spanish
            )

    def _slow_down(self, reading: Reading, site: str | None) -> list[dict[str, Any]]:
        """Returns what somebody hears who writes too fast: once a minute, not once a message.

        What was written in an outage came together by no fault of theirs: for each such message
        it is said, as a reply to it, where that can be shown.
        """
        shown = is_late(reading) and reading.message_id is not None
        if self._recent.was_told(reading.sender) and not shown:
            return []
        return [self._words.say(contract.UTTER_TOO_MANY, site=site, kind=contract.KIND_ERROR)]

    async def _without_a_turn(
        self, reading: Reading, site: str | None, *, spanish: bool
    ) -> list[dict[str, Any]] | None:
        """Returns what needs no turn to be answered; None if a turn is due."""
        if reading.is_command_only:
            if reading.command == "start" and reading.argument:
                site = self._words.site_named(reading.argument) or site
                await self._memory.set_site(reading.sender, site)
            return [self._words.command(str(reading.command), spanish=spanish, site=site)]
        if reading.text:
            return None
        if reading.button:
            return [self._words.say(BUTTON_GONE, spanish=spanish, site=site)]
        if self._recent.needs_note(reading):
            return [self._words.say(TEXT_ONLY, spanish=spanish, site=site)]
        return None  # Only the bot's name: the guard says that the message is empty.

    async def _with_a_turn(
        self,
        reading: Reading,
        update_id: int,
        tries: int,
        place: Place,
        site: str | None,
        *,
        urgent: bool,
        spanish: bool,
    ) -> Arrivals:
        incoming = incoming_of(reading, update_id, site)
        arrivals: Arrivals = []
        said: list[dict[str, Any]] = []

        async def deliver(message: dict[str, Any]) -> None:
            if kept := references(message):
                await self._memory.add_payloads(kept)
            said.append(message)
            arrivals.extend(self._put(reading, [message], site))

        async with self._signals.typing(address_of(reading)):
            if urgent:
                await self._guard.handle(incoming, self._after(place, update_id, tries), deliver)
            else:
                await place.reached()
                async with self._alone(tries), self._lanes.turn(place):
                    await self._memory.start(update_id)
                    await self._guard.handle(incoming, self._turn, deliver)
        if self._recent.needs_note(reading) and not any(map(is_crisis, said)):
            note = self._words.say(TEXT_ONLY, spanish=spanish, site=site)
            arrivals += self._put(reading, [note], site, repeatable=True)
        return arrivals

    def _after(self, place: Place, update_id: int, tries: int) -> Turn:
        """Returns a turn that waits for those before it, while the guard's clock already runs."""

        async def turn(message: UserMessage) -> None:
            await place.reached()
            async with self._alone(tries):
                await self._memory.start(update_id)
                await self._turn(message)

        return turn

    def _alone(self, tries: int) -> AbstractAsyncContextManager[Any]:
        """Waits, for a turn that was cut off, until no other such turn runs."""
        return self._suspects if tries > 0 else nullcontext()

    def _put(
        self,
        reading: Reading,
        messages: Iterable[dict[str, Any]],
        site: str | None,
        *,
        repeatable: bool = False,
    ) -> Arrivals:
        """Hands messages to the outbox; what corrects an edited message makes no sound."""
        arrivals: Arrivals = []
        for message in messages:
            parts = [
                replace(
                    part,
                    quiet=reading.edited and not part.urgent,
                    repeatable=part.repeatable or repeatable,
                )
                for part in render(message)
            ]
            parts += self._words.cards(message, site)
            arrivals += self._outbox.put(address_of(reading), parts)
        return arrivals

    async def _apologise(self, reading: Reading | None, fault: str) -> None:
        """Says that the message could not be handled; the escalation first."""
        logger.error("update not handled: %s", fault)
        if reading is None:
            return
        if reading.callback_id is not None:
            self._signals.pressed(reading.callback_id)
        site = await self._memory.site(reading.sender, soon=True)
        arrivals: Arrivals = []

        async def deliver(message: dict[str, Any]) -> None:
            arrivals.extend(self._put(reading, [message], site))

        try:
            incoming = Incoming(
                text=reading.text or "?",
                sender=reading.sender,
                recipient=str(reading.chat_id),
                channel=CHANNEL,
                site=site,
            )
            await self._guard.refuse(incoming, contract.UTTER_UNAVAILABLE, deliver)
        except Exception as error:
            logger.error("apology not made: %s", type(error).__name__)
        await arrived(arrivals)


def incoming_of(reading: Reading, update_id: int, site: str | None) -> Incoming:
    """Returns what the guard is given; a redelivered update is the same message to it."""
    return Incoming(
        text=reading.text,
        sender=reading.sender,
        recipient=str(reading.chat_id),
        channel=CHANNEL,
        site=site,
        message_id=str(update_id),
    )


def is_late(reading: Reading) -> bool:
    """Tells whether a message waited at Telegram, as in an outage."""
    return time.time() - reading.sent > LATE


def address_of(reading: Reading) -> Address:
    """Returns where a reply goes; in a group, after an edit or late it shows what it answers."""
    answers = not reading.private or reading.edited or is_late(reading)
    return Address(reading.chat_id, reading.thread_id, reading.message_id if answers else None)


async def arrived(arrivals: Arrivals) -> None:
    """Waits until each part has arrived or is given up."""
    if arrivals:
        await asyncio.wait(arrivals)
        if any(a.cancelled() for a in arrivals):
            raise asyncio.CancelledError
