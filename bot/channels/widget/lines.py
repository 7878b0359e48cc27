"""A reply as lines of JSON: each sent as soon as it is said, the last one says that it is whole."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any

from bot import contract
from bot.channels.output import Deliver
from bot.channels.widget.request import PROTOCOL_VERSION
from bot.channels.widget.tickets import Ticket

logger = logging.getLogger(__name__)

Speak = Callable[[Deliver], Awaitable[None]]

CONTENT_TYPE = "application/x-ndjson; charset=utf-8"


def event(kind: str, **fields: Any) -> dict[str, Any]:
    """Returns a line that is no message: it has no text."""
    return {"custom": {"v": PROTOCOL_VERSION, "kind": kind, **fields}}


def conversation(ticket: Ticket) -> dict[str, Any]:
    """Returns the line that hands out a new conversation."""
    return event("conversation", conversation=ticket.token, expires=ticket.expires)


def end(*, wait: float = 0.0, why: str | None = None) -> dict[str, Any]:
    """Returns the last line.

    Args:
        wait: seconds after which the same message may be sent again; 0 if it was taken.
        why: for the developer, in what the request was wrong.
    """
    fields: dict[str, Any] = {}
    if wait:
        fields["retry_after"] = math.ceil(wait)
    if why:
        fields["why"] = why
    return event("end", **fields)


def line_of(message: dict[str, Any]) -> str:
    """Writes a message as one line; what an action says without our renderer is plain text."""
    wire = {key: value for key, value in message.items() if key != "recipient_id"}
    wire.setdefault("custom", {})
    if not isinstance(wire["custom"], dict):
        wire["custom"] = {}
    wire["custom"] = {"v": PROTOCOL_VERSION, "kind": contract.KIND_TEXT, **wire["custom"]}
    return json.dumps(wire, ensure_ascii=False) + "\n"


class Stream:
    """Runs replies to their end, also when the browser has gone: its retry hears them whole."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def writer(
        self, speak: Speak, *, first: dict[str, Any] | None, last: dict[str, Any]
    ) -> Callable[[Any], Awaitable[None]]:
        """Returns what Sanic calls to write the body.

        Args:
            speak: says the reply's messages one by one.
            first: a line before them.
            last: the line after them, left out if `speak` failed.
        """

        async def write(out: Any) -> None:
            queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
            if first is not None:
                queue.put_nowait(first)
            task = asyncio.ensure_future(self._run(speak, queue, last))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            while (message := await queue.get()) is not None:
                await out.write(line_of(message))

        return write

    async def _run(
        self, speak: Speak, queue: asyncio.Queue[dict[str, Any] | None], last: dict[str, Any]
    ) -> None:
        try:
            await speak(queue.put)
            await queue.put(last)
        except Exception as error:
            logger.error("reply not completed: %s", type(error).__name__)
        finally:
            queue.put_nowait(None)
