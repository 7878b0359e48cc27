"""Turns a message of the bot into what Telegram can show: texts, buttons, contact cards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot import contract
from bot.channels.telegram.splitting import LIMIT, Span, split, units

CALLBACK_BYTES: Final = 64
REFERENCE: Final = "ref:"
"""Begins callback data that stands for a longer payload."""

ROW_CHARACTERS: Final = 28
"""Buttons share a row while their titles fit side by side on a phone of 320 points."""

ROW_BUTTONS: Final = 3

_SOURCE = re.compile(r"^— .+$", re.MULTILINE)
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Part:
    """One message to Telegram: a text, or a picture or contact card in its place."""

    text: str
    entities: tuple[MessageEntity, ...] = ()
    keyboard: InlineKeyboardMarkup | None = None
    urgent: bool = False
    quiet: bool = False
    photo: str | None = None
    phone: str | None = None
    """The number of a contact card; `text` is then its name."""

    repeatable: bool = False
    """Saying it once answers for several messages that wait: a refusal, an escalation."""


def render(message: Mapping[str, Any]) -> list[Part]:
    """Returns the parts of one message, in the order in which they are sent.

    The words are sent as plain text with entities beside it: nothing in them can act as markup.
    """
    custom = message.get("custom") or {}
    kind = custom.get("kind")
    text = str(message.get("text") or "")
    if message.get("attachment"):
        text = "\n".join(filter(None, [text, _address(message["attachment"])]))
    numbers = [str(p["number"]) for p in custom.get("phones") or []]
    styles = _styles(text, kind)
    whole = [(a, b) for _, (a, b) in styles if units(text[a:b]) <= LIMIT] + _places(text, numbers)
    urgent = kind == contract.KIND_ESCALATION
    spans = split(text, whole=whole + [m.span() for m in _LINK.finditer(text)])
    keyboard = keyboard_of(message.get("buttons") or [])
    parts = [
        Part(
            text=text[a:b],
            entities=_entities(text, (a, b), styles),
            keyboard=keyboard if number == len(spans) else None,
            urgent=urgent,
            repeatable=kind in {contract.KIND_ESCALATION, contract.KIND_ERROR},
        )
        for number, (a, b) in enumerate(spans, start=1)
    ]
    if message.get("image"):
        parts.append(Part(text="", photo=_address(message["image"])))
    return parts


def short_numbers(message: Mapping[str, Any]) -> list[str]:
    """Returns numbers of an escalation, or its reminder, that Telegram does not make tappable.

    It does so with numbers in international form; an emergency number is none.
    """
    custom = message.get("custom") or {}
    if custom.get("kind") != contract.KIND_ESCALATION and not custom.get("reminder"):
        return []
    numbers = [str(p["number"]) for p in custom.get("phones") or []]
    return [n for n in numbers if not n.startswith("+")]


def keyboard_of(buttons: Sequence[Mapping[str, Any]]) -> InlineKeyboardMarkup | None:
    """Returns the buttons in rows that fit a phone; None without any."""
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        title = str(button.get("title") or "").strip()
        if not title:
            continue
        made = _button(title, str(button.get("payload") or title))
        taken = sum(units(b.text) + 2 for b in rows[-1]) if rows else 0
        if rows and len(rows[-1]) < ROW_BUTTONS and taken + units(title) <= ROW_CHARACTERS:
            rows[-1].append(made)
        else:
            rows.append([made])
    return InlineKeyboardMarkup(rows) if rows else None


def _button(title: str, payload: str) -> InlineKeyboardButton:
    if _LINK.fullmatch(payload):
        return InlineKeyboardButton(title, url=payload)
    return InlineKeyboardButton(title, callback_data=callback_data(payload))


def callback_data(payload: str) -> str:
    """Returns the payload itself, or, where it is too long, a reference of 28 bytes to it."""
    if len(payload.encode()) <= CALLBACK_BYTES and not payload.startswith(REFERENCE):
        return payload
    return REFERENCE + hashlib.sha256(payload.encode()).hexdigest()[:24]


def references(message: Mapping[str, Any]) -> dict[str, str]:
    """Returns the payloads that go by a reference, by their reference."""
    payloads = [str(b.get("payload") or b.get("title")) for b in message.get("buttons") or []]
    return {d: p for p in payloads if (d := callback_data(p)) != p}


def _styles(text: str, kind: str | None) -> list[tuple[str, Span]]:
    """Chooses what stands out: what to do first, and what is a source and not an answer."""
    if kind == contract.KIND_ESCALATION:
        first, _, rest = text.partition("\n")
        return [(MessageEntity.BOLD, (0, len(first)))] if rest else []
    if kind == contract.KIND_ANSWER:
        return [(MessageEntity.ITALIC, m.span()) for m in _SOURCE.finditer(text)]
    return []


def _entities(
    text: str, part: Span, styles: Sequence[tuple[str, Span]]
) -> tuple[MessageEntity, ...]:
    start, end = part
    found = []
    for kind, (a, b) in styles:
        first, last = max(a, start), min(b, end)
        if first < last:
            offset = units(text[start:first])
            found.append(MessageEntity(kind, offset=offset, length=units(text[first:last])))
    return tuple(found)


def _places(text: str, phrases: Sequence[str]) -> list[Span]:
    return [m.span() for p in phrases for m in re.finditer(re.escape(p), text)]


def _address(attachment: Any) -> str:
    """Returns the address of what Rasa calls an attachment or an image."""
    if isinstance(attachment, Mapping):
        inner = attachment.get("payload") or attachment
        return str(inner.get("src") or inner.get("url") or "") if isinstance(inner, Mapping) else ""
    return str(attachment)
