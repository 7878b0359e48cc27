"""A message that the tracker store has already is answered from there: no second turn.

The guard's memory replays a reply as long as the process lives, and only there; a browser's retry
may come after a restart, or to another process.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, Event, UserUttered

logger = logging.getLogger(__name__)

Turn = Callable[[UserMessage], Awaitable[Any]]


def once(turn: Turn, agent: Any) -> Turn:
    """Returns a turn that says the stored reply instead, if there is one.

    Args:
        turn: Rasa's.
        agent: whose store to ask; with none, or with one that fails, the turn is run.
    """

    async def run(message: UserMessage) -> None:
        replies = await _stored(agent, message)
        for reply in replies:
            await message.output_channel.send_response(message.sender_id, reply)
        if not replies:
            await turn(message)

    return run


async def _stored(agent: Any, message: UserMessage) -> list[dict[str, Any]]:
    store = getattr(agent, "tracker_store", None)
    if store is None:
        return []
    try:
        # The turn may be running in another process: it is stored at its end.
        async with agent.lock_store.lock(message.sender_id):
            tracker = await store.retrieve(message.sender_id)
            if tracker is not None and not any(isinstance(e, UserUttered) for e in tracker.events):
                # The session was rolled behind the last message (docs/architecture.md).
                tracker = await store.retrieve_full_tracker(message.sender_id)
    except Exception as error:  # Whatever a database or a lock raises: the turn says it.
        logger.error("stored reply not looked up: %s", type(error).__name__)
        return []
    events = list(tracker.events) if tracker is not None else []
    return reply_to(events, message.message_id, message.text)


def reply_to(events: list[Event], message_id: str | None, text: str | None) -> list[dict[str, Any]]:
    """Returns what the bot said to a message; nothing if it has not come, or had other words."""
    said: list[dict[str, Any]] = []
    found = False
    for event in events:
        if isinstance(event, UserUttered):
            if found:
                break
            found = event.message_id == message_id and event.text == text
        elif found and isinstance(event, BotUttered):
            said.append({**event.metadata, **event.data, "text": event.text})
    return said
