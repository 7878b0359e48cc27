"""Makes of an update what is worked with, and what is stored of it while it waits in a crowd.

Stored are the chat, in a group the person, and the words: what a reply cannot do without. After a
kill it therefore no longer shows which message it answers, goes to a forum's general topic, and
each picture of an album is one of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from telegram import Update

from bot.channels.telegram.reading import Me, Reading, dig, read

_STORED: Final = frozenset(
    {
        *("chat_id", "sender", "private", "text", "command", "argument"),
        *("unreadable", "edited", "button"),
    }
)
_LONG_AGO: Final = 0.0
"""What was stored waited through the end of a process: it is late, whenever it was sent."""


@dataclass(frozen=True)
class Found:
    """What was found in an update: nothing if it is not meant for the bot.

    `fault` is the type of error where it could not be read: `reading` is then what could be made
    out, to whom an apology goes.
    """

    reading: Reading | None
    fault: str = ""


@dataclass(frozen=True)
class Kept:
    """An update that comes out of the store."""

    update_id: int
    found: Found


def look(raw: Any, me: Me) -> Found:
    """Reads an update, as Telegram sent it or as it was kept; never raises."""
    if isinstance(raw, Kept):
        return raw.found
    try:
        return Found(read(Update.de_json(raw, None), me))
    except Exception as error:
        return Found(dig(raw, me), type(error).__name__)


def dump(found: Found) -> str:
    """Returns what is stored of an update."""
    reading = found.reading
    kept = {k: v for k, v in asdict(reading).items() if k in _STORED} if reading else None
    return json.dumps({"reading": kept, "fault": found.fault})


def load(update_id: int, content: str) -> Any:
    """Returns an update that was stored; one that cannot be read holds nothing but a fault.

    A version before this one stored what Telegram had sent, cut short: that is read as it is.
    """
    try:
        data = json.loads(content)
        if data.get("update_id") == update_id:
            return data
        reading = Reading(**data["reading"], sent=_LONG_AGO) if data["reading"] else None
        return Kept(update_id, Found(reading, data["fault"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # Not ours.
        return Kept(update_id, Found(None, type(error).__name__))
