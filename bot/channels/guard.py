"""What every channel does around a turn: escalate from the raw text, refuse, never be silent."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import UserMessage

from bot import contract
from bot.channels.output import Deliver, GuardedOutput
from bot.clinic import Clinic
from bot.escalation_words import is_due, variant
from bot.reply import escalation_of, payload_of
from bot.safety import Verdict
from bot.safety.quick import quick_verdict
from bot.settings import Settings
from bot.words import Words, domain_responses

logger = logging.getLogger(__name__)

Turn = Callable[[UserMessage], Awaitable[Any]]

# Control characters but for line breaks and tabs; a NUL cannot be stored in PostgreSQL.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_COMMAND = re.compile(r"^[\s/]+")

REMEMBERED_REPLIES = 1000
"""Replies kept for repeated message ids: hours of a clinic's traffic, a few megabytes."""


@dataclass(frozen=True)
class Incoming:
    """A message as a channel received it. `sender` already carries the channel's prefix."""

    text: str
    sender: str
    recipient: str
    channel: str
    site: str | None = None
    message_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class TurnGuard:
    """Runs one turn so that the escalation leaves in time and no turn ends without words."""

    def __init__(self, settings: Settings, clinic: Clinic | None) -> None:
        self._settings = settings
        self._clinic = clinic
        self._recent: OrderedDict[str, deque[float]] = OrderedDict()
        self._replies: OrderedDict[tuple[str, str], asyncio.Future[list[dict[str, Any]]]] = (
            OrderedDict()
        )

    async def handle(self, incoming: Incoming, turn: Turn, deliver: Deliver) -> None:
        """Runs the turn, or replays the reply to a message id that was seen before."""
        if incoming.message_id is None:
            await self._run(incoming, turn, deliver)
            return
        key = (incoming.sender, incoming.message_id)
        earlier = self._replies.get(key)
        if earlier is not None:
            for message in await asyncio.shield(earlier):
                await deliver(message)
            return
        reply: asyncio.Future[list[dict[str, Any]]] = asyncio.get_running_loop().create_future()
        self._replies[key] = reply
        while len(self._replies) > REMEMBERED_REPLIES:
            self._replies.popitem(last=False)
        said: list[dict[str, Any]] = []

        async def remember(message: dict[str, Any]) -> None:
            said.append(message)
            await deliver(message)

        try:
            await self._run(incoming, turn, remember)
        finally:
            reply.set_result(said)

    async def _run(self, incoming: Incoming, turn: Turn, deliver: Deliver) -> None:
        output = GuardedOutput(deliver, incoming.recipient)
        verdict = self._verdict(incoming.text)
        text = clean(incoming.text)
        refusal = self._refusal(text, incoming.sender)
        if refusal:
            if is_due(verdict):
                await output.say(self._escalation(verdict, incoming.site), escalation=True)
            await output.say(self._words(refusal, incoming.site))
            return
        message = UserMessage(
            text,
            output,
            incoming.sender,
            input_channel=incoming.channel,
            message_id=incoming.message_id,
            metadata={**incoming.metadata, **({"site": incoming.site} if incoming.site else {})},
        )
        failed = await self._turn(turn, message, output, verdict, incoming.site)
        if is_due(verdict):
            await output.say(self._escalation(verdict, incoming.site), escalation=True)
        if failed or not output.spoken:
            await output.say(self._words(contract.UTTER_UNAVAILABLE, incoming.site))
        output.closed = True

    async def _turn(
        self,
        turn: Turn,
        message: UserMessage,
        output: GuardedOutput,
        verdict: Verdict,
        site: str | None,
    ) -> bool:
        """Runs Rasa's turn; returns whether it failed or took too long."""
        task = asyncio.ensure_future(turn(message))
        left = self._settings.turn_timeout
        try:
            if is_due(verdict):
                await asyncio.wait({task}, timeout=self._settings.escalation_deadline)
                await output.say(self._escalation(verdict, site), escalation=True)
                left -= self._settings.escalation_deadline
            done, _ = await asyncio.wait({task}, timeout=max(left, 0.05))
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            logger.error("turn took longer than %.0f s", self._settings.turn_timeout)
            return True
        error = task.exception()
        if error is not None:
            logger.error("turn failed: %s", type(error).__name__)
        return error is not None

    def _verdict(self, text: str) -> Verdict:
        return quick_verdict(text, fever_celsius=self._settings.fever_celsius)

    def _refusal(self, text: str, sender: str) -> str | None:
        if not text:
            return contract.UTTER_EMPTY
        if len(text) > self._settings.max_characters:
            return contract.UTTER_TOO_LONG
        if self._too_many(sender):
            return contract.UTTER_TOO_MANY
        return None

    def _too_many(self, sender: str) -> bool:
        now = time.monotonic()
        times = self._recent.setdefault(sender, deque())
        self._recent.move_to_end(sender)
        while len(self._recent) > REMEMBERED_REPLIES:
            self._recent.popitem(last=False)
        while times and now - times[0] > 60:
            times.popleft()
        times.append(now)
        return len(times) > self._settings.rate_per_minute

    def _words(self, name: str, site: str | None) -> dict[str, Any]:
        words = Words(domain_responses(), self._clinic)
        response = words.say(name, site=site)
        response.pop("metadata", None)
        kind = contract.KIND_ERROR
        response["custom"] = payload_of(kind, {}, None, words.site(site))
        return response

    def _escalation(self, verdict: Verdict, site: str | None) -> dict[str, Any]:
        words = Words(domain_responses(), self._clinic)
        slots = {
            contract.SLOT_ESCALATION: variant(verdict),
            contract.SLOT_ADVICE: verdict.advice,
        }
        response = words.say(contract.UTTER_ESCALATION, slots=slots, site=site)
        response.pop("metadata", None)
        payload = payload_of(contract.KIND_ESCALATION, {}, None, words.site(site))
        response["custom"] = {**payload, **escalation_of(verdict.as_dict(), words.site(site))}
        return response


def clean(text: str) -> str:
    """Removes control characters, and the slash by which typed text would act as a command."""
    return _COMMAND.sub("", _CONTROL.sub(" ", text)).strip()
