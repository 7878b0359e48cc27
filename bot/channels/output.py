"""An output channel that hands structured messages on, and knows what was already said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import OutputChannel

from bot import contract
from bot.escalation_words import GUARDED_OUTPUT
from bot.safety import Level

Deliver = Callable[[dict[str, Any]], Awaitable[None]]
Escalated = Callable[[dict[str, Any], str], None]

_WIRE_FIELDS = ("text", "buttons", "image", "attachment", "custom")


class GuardedOutput(OutputChannel):  # type: ignore[misc]
    """Delivers each bot message whole, the escalation once and before any other words.

    Unlike Rasa's collector it does not split a text at empty lines, and keeps the words, the
    buttons and the machine-readable part of a message together.

    Args:
        deliver: sends one message to the person.
        recipient: who that is, in the channel's own words.
        owed: the escalation that the raw text calls for; the turn's own takes its place if it
            comes first and is as grave.
        escalated: told of each escalation that has left: its payload, and who said it.
    """

    @classmethod
    def name(cls) -> str:
        """Names the channel for response variations."""
        return GUARDED_OUTPUT

    def __init__(
        self,
        deliver: Deliver,
        recipient: str,
        *,
        owed: dict[str, Any] | None = None,
        escalated: Escalated | None = None,
    ) -> None:
        self._deliver = deliver
        self._recipient = recipient
        self._owed = owed
        self._escalated = escalated
        self._said: Level | None = None
        self._lock = asyncio.Lock()  # A slow delivery is not overtaken by other words.
        self.spoken = False
        self.closed = False

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Sends one message of the turn."""
        if message.get("utter_action") == contract.UTTER_ESCALATION:
            await self._say_escalation(message)
        else:
            await self.say(message)

    async def say(self, message: dict[str, Any]) -> None:
        """Sends a message, after the escalation if one is owed; nothing follows a crisis."""
        async with self._lock:
            await self._pay()
            await self._send(message)

    async def escalate(self) -> None:
        """Says the escalation that is owed, unless one as grave was said."""
        async with self._lock:
            await self._pay()

    async def _say_escalation(self, message: dict[str, Any]) -> None:
        async with self._lock:
            level = _level(message)
            if self._owed is not None and level < _level(self._owed):
                await self._pay()
            # The graph may know more than the raw text did: a crisis is said after an urgent one.
            if self._said is None or level > self._said:
                await self._send(message, said_by="turn")

    async def _pay(self) -> None:
        if self._owed is not None:
            await self._send(self._owed, said_by="channel")

    async def _send(self, message: dict[str, Any], *, said_by: str | None = None) -> None:
        """Sends; what did not arrive counts as not said, so that an escalation is said again."""
        wire = {f: message[f] for f in _WIRE_FIELDS if message.get(f)}
        if self.closed or not wire:
            return
        await self._deliver({"recipient_id": self._recipient, **wire})
        self.spoken = True
        if said_by is None:
            return
        self._said, self._owed = _level(message), None
        self.closed = self._said == Level.CRISIS
        if self._escalated:
            self._escalated(message.get("custom") or {}, said_by)


def _level(message: dict[str, Any]) -> Level:
    """Returns how grave an escalation is."""
    crisis = (message.get("custom") or {}).get("level") == Level.CRISIS.value
    return Level.CRISIS if crisis else Level.URGENT
