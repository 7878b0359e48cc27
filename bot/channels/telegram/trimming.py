"""Cuts an update down to what is needed to answer it: no name, no picture, nobody else's words."""

from __future__ import annotations

from typing import Any, Final

from telegram import Update
from telegram.constants import MessageType

from bot.channels.telegram.reading import SERVICE

_KEPT: Final = frozenset(
    {
        *("update_id", Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY),
        *("message_id", "date", "chat", "from", "sender_chat", "reply_to_message", "user"),
        *("id", "type", "is_bot", "language_code", "data"),
        *("text", "caption", "entities", "caption_entities", "offset", "length"),
        *("media_group_id", "message_thread_id", "is_topic_message", "is_automatic_forward"),
    }
)
_PEOPLE: Final = frozenset({"from", "user"})
_WORDS: Final = frozenset({"text", "caption", "entities", "caption_entities", "reply_to_message"})


def trim(raw: Any) -> dict[str, Any]:
    """Returns an update that is read as the whole one is; see `reading.read`.

    A picture or the like leaves a message without a text, and that is what it is read as.
    """
    trimmed = _trim(raw, _KEPT) if isinstance(raw, dict) else {}
    if isinstance(callback := trimmed.get(Update.CALLBACK_QUERY), dict):
        callback["chat_instance"] = ""  # The library asks for it.
    for kind in (Update.MESSAGE, Update.EDITED_MESSAGE):
        if isinstance(trimmed.get(kind), dict) and any(raw[kind].get(name) for name in SERVICE):
            trimmed[kind][MessageType.DELETE_CHAT_PHOTO.value] = True  # A notice that names nobody.
    return trimmed


def _trim(whole: dict[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in whole.keys() & kept:
        if _of_a_person(key, whole):
            continue
        # What is replied to, or has the button, counts by who wrote it and where only.
        other = key == "reply_to_message" or (key == "message" and "update_id" not in whole)
        made[key] = _inner(whole[key], kept - _WORDS if other else kept)
        if key in _PEOPLE and isinstance(made[key], dict):
            made[key]["first_name"] = ""
    return made


def _of_a_person(key: str, whole: dict[str, Any]) -> bool:
    """Tells whether a field is of somebody else: by a reply or a mention only the bot is meant."""
    if key == "user":
        return not _is_bot(whole[key])
    answered = whole[key] if key == "reply_to_message" else None
    return isinstance(answered, dict) and not _is_bot(answered.get("from"))


def _is_bot(person: Any) -> bool:
    return isinstance(person, dict) and person.get("is_bot") is True


def _inner(value: Any, kept: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return _trim(value, kept)
    if isinstance(value, list):
        return [_inner(one, kept) for one in value]
    return value
