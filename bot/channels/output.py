"""An output channel that hands structured messages on, and knows what was already said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import OutputChannel

from bot import contract

Deliver = Callable[[dict[str, Any]], Awaitable[None]]

_WIRE_FIELDS = ("text", "buttons", "image", "attachment", "custom")


class GuardedOutput(OutputChannel):  # type: ignore[misc]
    """Delivers each bot message whole; a second escalation in one turn is dropped.

    Unlike Rasa's collector it does not split a text at empty lines, and keeps the words, the
    buttons and the machine-readable part of a message together.
    """

    @classmethod
    def name(cls) -> str:
        """Names the channel for response variations."""
        return "guide"

    def __init__(self, deliver: Deliver, recipient: str) -> None:
        self._deliver = deliver
        self._recipient = recipient
        self.escalated = False
        self.spoken = False
        self.closed = False

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Sends one message of the turn, unless it repeats the escalation."""
        await self.say(message, escalation=message.get("utter_action") == contract.UTTER_ESCALATION)

    async def say(self, message: dict[str, Any], *, escalation: bool = False) -> None:
        """Sends a message; `escalation` marks the one that is said once a turn."""
        if self.closed or (escalation and self.escalated):
            return
        wire = {f: message[f] for f in _WIRE_FIELDS if message.get(f)}
        if not wire:
            return
        self.escalated |= escalation
        self.spoken = True
        await self._deliver({"recipient_id": self._recipient, **wire})
