"""Remembers for a while what need not be answered again: an unchanged edit, an album's rest."""

from __future__ import annotations

import time
from typing import Any, Final

from bot.channels.telegram.reading import Reading

REMEMBERED: Final = 5000
TOLD_AGAIN_AFTER: Final = 60.0
"""Seconds; the guard counts messages by the minute too."""


class Recent:
    """The newest few thousand messages, by what was in them; no words are kept."""

    def __init__(self) -> None:
        self._texts: dict[Any, Any] = {}
        self._told: dict[Any, Any] = {}

    def needs_note(self, reading: Reading) -> bool:
        """Tells whether a person should hear that something is not read: of an album, once."""
        if not reading.unreadable or reading.album is None:
            return reading.unreadable
        key = (reading.chat_id, "not read", reading.album)
        told = key in self._told
        _keep(self._told, key, 0.0)
        return not told

    def is_repeat(self, reading: Reading) -> bool:
        """Tells whether a message has nothing new: it is an album's next picture, or unchanged.

        Telegram calls a message edited when a link's preview appears, or a location moves.
        """
        if reading.button or reading.message_id is None:
            return False
        words = hash((reading.command, reading.argument, reading.text))
        if reading.album is not None:
            # One picture of an album may have a caption; the others have nothing to add.
            begun = self._knew((reading.chat_id, "album", reading.album), None)
            if begun and not reading.text:
                return True
        return self._knew((reading.chat_id, reading.message_id), words)

    def _knew(self, key: Any, value: Any) -> bool:
        knew = key in self._texts and self._texts[key] == value
        _keep(self._texts, key, value)
        return knew

    def was_told(self, conversation: str) -> bool:
        """Tells whether a person was asked to slow down within the last minute; if not, is now."""
        now = time.monotonic()
        told = self._told.get(conversation)
        if told is not None and now - told < TOLD_AGAIN_AFTER:
            return True
        _keep(self._told, conversation, now)
        return False


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.pop(next(iter(kept)))
