"""Decides about a message from a browser: a turn, or a refusal that still escalates first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from rasa.core.channels.channel import UserMessage

from bot import contract
from bot.channels.bodies import Body
from bot.channels.guard import Incoming, TurnGuard
from bot.channels.output import Deliver
from bot.channels.widget import lines
from bot.channels.widget.origins import Origins
from bot.channels.widget.pace import Pace
from bot.channels.widget.pieces import PIECE, urgent_pieces
from bot.channels.widget.request import Asked, MalformedError, read_message
from bot.channels.widget.tickets import Ticket, TicketOffice
from bot.settings import Settings

Turn = Callable[[UserMessage], Awaitable[Any]]

NOT_ALLOWED = "This page's origin is not in GUIDE_CORS."
TOO_LONG = "The body is too long."


@dataclass(frozen=True)
class Reply:
    """What the browser gets: a status, and lines."""

    status: int
    speak: Callable[[Deliver], Awaitable[None]]
    last: dict[str, Any]
    first: dict[str, Any] | None = None
    wait: float = 0.0


class Desk:
    """Looks at origin, size, form, pace and conversation, in this order; never says nothing."""

    def __init__(
        self, settings: Settings, guard: TurnGuard, office: TicketOffice, origins: Origins
    ) -> None:
        self._settings = settings
        self._guard = guard
        self._office = office
        self._origins = origins
        self._pace = Pace(settings.widget_starts_per_minute)
        # One endless text at a time: the others' turns go on between its pieces.
        self._reading = asyncio.Semaphore(1)

    def take(self, body: Body, turn: Turn, *, origin: str | None, host: str, address: str) -> Reply:
        """Takes one request.

        Args:
            body: what was sent.
            turn: Rasa's.
            origin: the page's, None if no browser asks.
            host: as the browser names the bot.
            address: whose conversations are counted together.
        """
        if not self._origins.allows(origin, host):
            return self._refusal(403, _words(body), contract.UTTER_UNAVAILABLE, why=NOT_ALLOWED)
        if body.too_long:
            return self._refusal(413, _words(body), contract.UTTER_TOO_LONG, why=TOO_LONG)
        try:
            asked = read_message(body.raw)
        except MalformedError as error:
            words = Asked(body.words)
            return self._refusal(400, words, contract.UTTER_UNAVAILABLE, why=str(error))
        return self._answer(asked, turn, address)

    def _answer(self, asked: Asked, turn: Turn, address: str) -> Reply:
        ticket = self._office.read(asked.conversation)
        is_new = ticket is None or ticket.has_ended()
        if ticket is None or is_new:
            # A browser goes on with the `begin` it has: after the end that is another conversation.
            ended = ticket.token + "." if ticket else ""
            ticket = self._office.issue(asked.begin and ended + asked.begin)
        incoming = _incoming(asked, ticket)
        wait = self._guard.seconds_to_wait(incoming)
        if is_new and not wait and not self._guard.is_repeat(incoming):
            wait = self._pace.seconds_to_wait(address)
        if wait:
            return self._refusal(429, asked, contract.UTTER_TOO_MANY, wait=wait)

        async def speak(deliver: Deliver) -> None:
            await self._guard.handle(incoming, turn, deliver)

        first = lines.conversation(ticket) if is_new else None
        return Reply(200, speak, lines.end(), first=first)

    def _refusal(
        self, status: int, asked: Asked, words: str, *, wait: float = 0.0, why: str | None = None
    ) -> Reply:
        async def speak(deliver: Deliver) -> None:
            refused = _incoming(asked, None)
            if len(asked.text) > PIECE:
                refused = replace(refused, text=await self._urgent(asked.text))
            await self._guard.refuse(refused, words, deliver)

        return Reply(status, speak, lines.end(wait=wait, why=why), wait=wait)

    async def _urgent(self, text: str) -> str:
        """Returns what calls for the escalation in a text of any length."""
        celsius, patience = self._settings.fever_celsius, self._settings.escalation_deadline
        async with self._reading:
            return await urgent_pieces(text, fever_celsius=celsius, patience=patience)


def _words(body: Body) -> Asked:
    """Returns the text of a message that is refused anyway: read if it can be, else as it came."""
    try:
        return read_message(body.raw)
    except MalformedError:
        return Asked(body.words)


def _incoming(asked: Asked, ticket: Ticket | None) -> Incoming:
    return Incoming(
        text=asked.text,
        sender=ticket.sender if ticket else "widget:",
        recipient=ticket.id if ticket else "",
        channel="widget",
        site=asked.site,
        message_id=asked.message_id,
    )
