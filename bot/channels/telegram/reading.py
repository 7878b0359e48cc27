"""Reads an update: who writes where, in which words, and whether it is meant for the bot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from telegram import CallbackQuery, Chat, Message, MessageEntity, Update
from telegram.constants import MessageAttachmentType, MessageType

ASKED_FOR: Final = (Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY)
"""Kinds of updates that Telegram is asked for; others are passed over without an error."""

COMMANDS: Final = ("start", "help", "stop", "privacy")

# What a person sends, as against what Telegram says of a chat ("a member left").
_CONTENT = {*MessageAttachmentType, MessageType.CHECKLIST}
_NO_KIND = {
    MessageType.BUSINESS_CONNECTION_ID,
    MessageType.EFFECT_ID,
    MessageType.REPLY_TO_STORY,
    MessageType.SENDER_BOOST_COUNT,
    MessageType.SENDER_BUSINESS_BOT,
    MessageType.TEXT,
}
SERVICE: Final = sorted(set(MessageType) - _CONTENT - _NO_KIND)
"""Fields that only a notice of Telegram's has, such as "a member left"."""


@dataclass(frozen=True)
class Me:
    """The bot's own account: by these it knows that it is addressed."""

    id: int
    username: str


@dataclass(frozen=True)
class Reading:
    """What an update says, and to whom the reply goes."""

    chat_id: int
    sender: str
    """The conversation: with the channel's prefix, one a person also in a group."""

    text: str = ""
    command: str | None = None
    """Lower case and without the slash; `argument` is what follows it."""

    argument: str = ""

    button: bool = False
    """A button was tapped: `text` is what it stands for."""

    unreadable: bool = False
    """A picture, a voice message or the like came with it, or came alone."""

    edited: bool = False
    private: bool = True
    message_id: int | None = None
    sent: float = math.inf
    """Seconds since 1970; of a button, whose message may be old, it is not known."""

    thread_id: int | None = None
    album: str | None = None
    callback_id: str | None = None
    language: str = ""
    """The language of the person's Telegram, such as `es-MX`; empty if it is unknown."""

    @property
    def is_command_only(self) -> bool:
        """Tells whether no words to be read follow the command; after `/start` one names a site."""
        words = len(self.argument.split())
        return self.command is not None and words <= (self.command == "start")


def read(update: Update, me: Me) -> Reading | None:
    """Returns what a person says to the bot; None if nobody does."""
    if update.callback_query is not None:
        return _read_callback(update.callback_query)
    message = update.message or update.edited_message
    if message is None or message.chat.type == Chat.CHANNEL or message.is_automatic_forward:
        return None
    who = _person(message)
    if who is None or _is_service(message):
        return None
    private = message.chat.type == Chat.PRIVATE
    command, argument = _command(message, me, private=private)
    if not private and command is None and not _is_addressed(message, me):
        return None
    return Reading(
        chat_id=message.chat.id,
        sender=_conversation(message.chat, who),
        text=_without_mentions(message, me).strip(),
        command=command,
        argument=_storable(argument).strip(),
        unreadable=not message.text,
        edited=update.message is None,
        private=private,
        message_id=message.message_id,
        sent=message.date.timestamp(),
        thread_id=message.message_thread_id if message.is_topic_message else None,
        album=message.media_group_id,
        language=(message.from_user.language_code or "") if message.from_user else "",
    )


def dig(raw: Any, me: Me) -> Reading | None:
    """Returns what can be made out of an update that cannot be read, to whom an apology goes.

    None if nobody can be made out, or if, in a group, the bot is not addressed.
    """
    update = _fields(raw)
    query = _fields(update.get(Update.CALLBACK_QUERY))
    edited = _fields(update.get(Update.EDITED_MESSAGE))
    message = _fields(query.get("message") or update.get(Update.MESSAGE)) or edited
    sender = _number(_fields(query.get("from") or message.get("from")).get("id"))
    chat = _fields(message.get("chat"))
    chat_id = _number(chat.get("id"))
    if query and chat_id is None:
        chat_id, chat = sender, {"type": Chat.PRIVATE}
    private = chat.get("type") == Chat.PRIVATE
    if chat_id is None or (sender is None and not private):
        return None
    words = query.get("data") if query else message.get("text") or message.get("caption")
    text = words if isinstance(words, str) else ""
    if not private and not query:
        answered = _fields(_fields(message.get("reply_to_message")).get("from")).get("id")
        name = f"@{me.username}".lower()
        if chat.get("type") == Chat.CHANNEL or (answered != me.id and name not in text.lower()):
            return None
    callback_id = query.get("id")
    return Reading(
        chat_id=chat_id,
        sender=f"telegram:{chat_id}" if private else f"telegram:{chat_id}:{sender}",
        text=_storable(text),
        button=bool(query),
        edited=bool(edited),
        private=private,
        message_id=_number(message.get("message_id")),
        callback_id=callback_id if isinstance(callback_id, str) else None,
    )


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _read_callback(query: CallbackQuery) -> Reading:
    """Reads a tapped button; its message may be too old to be there."""
    message = query.message
    chat = message.chat if message is not None else None
    return Reading(
        chat_id=chat.id if chat is not None else query.from_user.id,
        sender=_conversation(chat, query.from_user.id),
        text=_storable(query.data or ""),
        button=True,
        private=chat is None or chat.type == Chat.PRIVATE,
        message_id=message.message_id if message is not None else None,
        thread_id=message.message_thread_id
        if isinstance(message, Message) and message.is_topic_message
        else None,
        callback_id=query.id,
        language=query.from_user.language_code or "",
    )


def _person(message: Message) -> int | None:
    """Returns who wrote; None for a program. An anonymous administrator writes as the chat."""
    if message.chat.type == Chat.PRIVATE:
        return message.chat.id
    if message.sender_chat is not None:
        return message.sender_chat.id
    if message.from_user is None or message.from_user.is_bot:
        return None
    return message.from_user.id


def _conversation(chat: Chat | None, who: int) -> str:
    if chat is None or chat.type == Chat.PRIVATE:
        return f"telegram:{who}"
    return f"telegram:{chat.id}:{who}"


def _is_service(message: Message) -> bool:
    return any(getattr(message, name, None) for name in SERVICE)


def _entities(message: Message) -> tuple[MessageEntity, ...]:
    return tuple(message.entities or message.caption_entities or ())


def _command(message: Message, me: Me, *, private: bool) -> tuple[str | None, str]:
    """Returns a command meant for this bot and what follows it."""
    text = message.text or message.caption or ""
    for entity in _entities(message):
        if entity.type != MessageEntity.BOT_COMMAND or entity.offset != 0:
            continue
        name, _, at = text[1 : entity.length].partition("@")  # Commands are ASCII: no UTF-16.
        known = name.lower() in COMMANDS
        if at.lower() == me.username.lower() or (not at and (private or known)):
            return name.lower(), text[entity.length :]
    return None, ""


def _is_addressed(message: Message, me: Me) -> bool:
    answered = message.reply_to_message
    if answered is not None and answered.from_user is not None and answered.from_user.id == me.id:
        return True
    text = message.text or message.caption or ""
    return any(_is_me(entity, text, me) for entity in _entities(message))


def _is_me(entity: MessageEntity, text: str, me: Me) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    named = _utf16(text)[2 * entity.offset : 2 * (entity.offset + entity.length)]
    return entity.type == MessageEntity.MENTION and (
        named.decode("utf-16-le", "replace").lower() == f"@{me.username}".lower()
    )


def _without_mentions(message: Message, me: Me) -> str:
    """Returns the text without the bot's own name, which is no part of the question."""
    text = message.text or message.caption or ""
    raw = _utf16(text)
    ends = f"@{me.username}".lower()
    for entity in sorted(_entities(message), key=lambda e: -e.offset):
        start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
        if _is_me(entity, text, me):
            raw = raw[:start] + raw[end:]
        elif entity.type == MessageEntity.BOT_COMMAND and (
            raw[start:end].decode("utf-16-le", "replace").lower().endswith(ends)
        ):
            raw = raw[: end - 2 * len(ends)] + raw[end:]
    return raw.decode("utf-16-le", "replace")


def _storable(text: str) -> str:
    """Replaces half characters, which no database takes."""
    return _utf16(text).decode("utf-16-le", "replace")


def _utf16(text: str) -> bytes:
    """Encodes as Telegram counts."""
    return text.encode("utf-16-le", "surrogatepass")
