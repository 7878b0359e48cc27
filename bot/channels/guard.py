"""What every channel does around a turn: escalate from the raw text, refuse, never be silent."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rasa.core.channels.channel import UserMessage

from bot import contract
from bot.channels.output import Deliver, GuardedOutput
from bot.channels.replies import KeptReply
from bot.channels.tally import TALLY, EscalationTally
from bot.clinic import Clinic
from bot.escalation_words import is_due, variant
from bot.reply import escalation_payload, payload_of
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

    def __init__(
        self, settings: Settings, clinic: Clinic | None, tally: EscalationTally | None = None
    ) -> None:
        self._settings = settings
        self._words = Words(domain_responses(), clinic)  # Read now: a later fault costs nothing.
        self._tally = tally or TALLY
        self._recent: OrderedDict[str, deque[float]] = OrderedDict()
        self._replies: OrderedDict[tuple[str, str, int], KeptReply] = OrderedDict()
        self._running: set[asyncio.Task[None]] = set()

    async def handle(self, incoming: Incoming, turn: Turn, deliver: Deliver) -> None:
        """Runs the turn, or replays the reply to a message that came before.

        A message is the same if its id and its words are: an edited one is a turn of its own.
        """
        if incoming.message_id is None:
            await self._run(incoming, turn, deliver)
            return
        key = self._key(incoming)
        earlier = self._replies.get(key)
        if earlier is not None and await earlier.replay(deliver):
            return
        reply = self._replies[key] = KeptReply()
        while len(self._replies) > REMEMBERED_REPLIES:
            self._replies.popitem(last=False)

        async def remember(message: dict[str, Any]) -> None:
            reply.add(message)
            await deliver(message)

        try:
            await self._run(incoming, turn, remember)
        except BaseException:  # Cut off: the next attempt is a turn of its own.
            self._replies.pop(key, None)
            raise
        finally:
            reply.end()

    async def reply(self, incoming: Incoming, turn: Turn) -> list[dict[str, Any]]:
        """Returns the whole reply, for a channel that can answer once only.

        An escalation does not wait for the rest: past the deadline what has been said is
        returned. The turn goes on, and a repeat of the message id hears all of it.
        """
        said: list[dict[str, Any]] = []
        escalated = asyncio.Event()

        async def collect(message: dict[str, Any]) -> None:
            said.append(message)
            if (message.get("custom") or {}).get("kind") == contract.KIND_ESCALATION:
                escalated.set()

        task = asyncio.ensure_future(self.handle(incoming, turn, collect))
        self._running.add(task)
        task.add_done_callback(self._finished)
        await asyncio.wait({task}, timeout=self._settings.escalation_deadline)
        if not task.done():
            alarm = asyncio.ensure_future(escalated.wait())
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
            alarm.cancel()
        if task.done():
            task.result()
        return list(said)

    async def refuse(self, incoming: Incoming, refusal: str, deliver: Deliver) -> None:
        """Declines a message in words of domain.yml; its escalation comes first all the same."""
        await self._run(incoming, _no_turn, deliver, refusal=refusal)

    def seconds_to_wait(self, incoming: Incoming) -> float:
        """Returns in how many seconds a message would be taken: 0 if now, or if it is a repeat."""
        if self.is_repeat(incoming):
            return 0.0
        now = time.monotonic()
        times = [t for t in self._recent.get(incoming.sender, ()) if now - t <= 60]
        if len(times) < self._settings.rate_per_minute:
            return 0.0
        return 60 - (now - times[-self._settings.rate_per_minute])

    def is_repeat(self, incoming: Incoming) -> bool:
        """Tells whether the message came before, so that its reply would be replayed."""
        return self._key(incoming) in self._replies

    def count(self, sender: str) -> None:
        """Counts a message that a channel answers without a turn."""
        self._too_many(sender)

    def forget(self, sender: str) -> None:
        """Forgets the replies kept for a conversation's repeats."""
        for key in [k for k in self._replies if k[0] == sender]:
            del self._replies[key]

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("reply not completed: %s", type(task.exception()).__name__)

    @staticmethod
    def _key(incoming: Incoming) -> tuple[str, str, int]:
        return (incoming.sender, incoming.message_id or "", hash(incoming.text))

    async def _run(
        self, incoming: Incoming, turn: Turn, deliver: Deliver, *, refusal: str | None = None
    ) -> None:
        verdict = await self._verdict(incoming.text)
        owed = self._escalation(verdict, incoming.site) if is_due(verdict) else None

        def count(payload: dict[str, Any], said_by: str) -> None:
            level, families = payload.get("level", "urgent"), payload.get("families", [])
            self._tally.add(
                level=level, families=families, channel=incoming.channel, said_by=said_by
            )

        output = GuardedOutput(deliver, incoming.recipient, owed=owed, escalated=count)
        text = clean(incoming.text)
        refusal = refusal or self._refusal(text, incoming.sender)
        if refusal:
            await output.say(self._say(refusal, incoming.site))
            return
        message = UserMessage(
            text,
            output,
            incoming.sender,
            input_channel=incoming.channel,
            message_id=incoming.message_id,
            metadata={**incoming.metadata, **({"site": incoming.site} if incoming.site else {})},
        )
        failed = await self._turn(turn, message, output, urgent=owed is not None)
        await output.escalate()
        if failed or not output.spoken:
            await output.say(self._say(contract.UTTER_UNAVAILABLE, incoming.site))
        output.closed = True

    async def _turn(
        self, turn: Turn, message: UserMessage, output: GuardedOutput, *, urgent: bool
    ) -> bool:
        """Runs Rasa's turn; returns whether it failed or took too long."""
        task = asyncio.ensure_future(turn(message))
        left = self._settings.turn_timeout
        try:
            if urgent:
                await asyncio.wait({task}, timeout=self._settings.escalation_deadline)
                await output.escalate()
                left -= self._settings.escalation_deadline
            done, _ = await asyncio.wait({task}, timeout=max(left, 0.05))
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            logger.error("turn took longer than %.0f s", self._settings.turn_timeout)
            return True
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger.error("turn failed: %s", type(error).__name__)
        return error is not None or task.cancelled()

    async def _verdict(self, text: str) -> Verdict:
        """Reads the whole text; one that is too long for a turn beside the event loop.

        It takes a second or more, in which everybody else would wait.
        """
        judge = partial(quick_verdict, text, fever_celsius=self._settings.fever_celsius)
        if len(text) <= self._settings.max_characters:
            return judge()
        return await asyncio.to_thread(judge)

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

    def _say(self, name: str, site: str | None) -> dict[str, Any]:
        response = self._words.say(name, site=site)
        response.pop("metadata", None)
        response["custom"] = payload_of(
            contract.KIND_ERROR, response["text"], None, self._words.site(site)
        )
        return response

    def _escalation(self, verdict: Verdict, site: str | None) -> dict[str, Any]:
        slots = {
            contract.SLOT_ESCALATION: variant(verdict),
            contract.SLOT_ADVICE: verdict.advice,
        }
        response = self._words.say(contract.UTTER_ESCALATION, slots=slots, site=site)
        response.pop("metadata", None)
        response["custom"] = escalation_payload(verdict.as_dict(), self._words.site(site))
        return response


async def _no_turn(message: UserMessage) -> None:
    raise NotImplementedError("a message that is refused has no turn")


def clean(text: str) -> str:
    """Removes control characters, and the slash by which typed text would act as a command."""
    return _COMMAND.sub("", _CONTROL.sub(" ", text)).strip()
