"""Deletes a conversation from the tracker store: Rasa's stores can only add to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any


class NotErasedError(Exception):
    """The conversation is still there, or nobody can tell."""


async def erase(agent: Any, sender: str) -> None:
    """Deletes a conversation, once no turn of it is running: Rasa saves at the end of a turn.

    Raises:
        NotErasedError: if there is no store, it cannot delete, or the conversation is still there.
    """
    store = getattr(agent, "tracker_store", None)
    if store is None:
        raise NotErasedError("no tracker store is loaded")
    try:
        async with agent.lock_store.lock(sender):
            for layer in _layers(store):
                await _delete(layer, sender)
            left = await store.retrieve(sender)
    except NotErasedError:
        raise
    except Exception as error:  # Whatever a database or a lock raises.
        raise NotErasedError(type(error).__name__) from error
    if left is not None and left.events:
        raise NotErasedError("the conversation is still stored")


def _layers(store: Any) -> Iterator[Any]:
    """Yields the stores inside Rasa's wrappers, and the one in memory that stands in for them."""
    inner = getattr(store, "_tracker_store", None)
    if inner is None:
        yield store
        return
    yield from _layers(inner)
    fallback = getattr(store, "_fallback_tracker_store", None)
    if fallback is not None:
        yield from _layers(fallback)


async def _delete(store: Any, sender: str) -> None:
    loop = asyncio.get_running_loop()
    if hasattr(store, "SQLEvent"):
        await loop.run_in_executor(None, _delete_rows, store, sender)
    elif hasattr(store, "red"):
        await loop.run_in_executor(None, store.red.delete, store.key_prefix + sender)
    elif hasattr(store, "conversations"):
        chosen = {"sender_id": sender}
        await loop.run_in_executor(None, store.conversations.delete_many, chosen)
    elif isinstance(getattr(store, "store", None), dict):
        store.store.pop(sender, None)
    else:
        raise NotErasedError(f"{type(store).__name__} is a store that cannot delete")


def _delete_rows(store: Any, sender: str) -> None:
    with store.session_scope() as session:
        if session.get_bind().dialect.name == "sqlite":
            # Overwrites the bytes; otherwise the words stay in the file's free pages.
            session.connection().exec_driver_sql("PRAGMA secure_delete = ON")
        rows = session.query(store.SQLEvent).filter(store.SQLEvent.sender_id == sender)
        rows.delete(synchronize_session=False)
        session.commit()
