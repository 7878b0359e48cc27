"""Reads the body of a request up to a limit, and some more of it for the symptom patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sanic.request import Request

_DRAINED = 1_000_000
"""Bytes read beyond the limit, for the symptom patterns alone: a browser hears an answer only to a
body it has sent to its end."""


@dataclass(frozen=True)
class Body:
    """What a request sent, and whether that is more than allowed: then it is no message."""

    raw: bytes
    too_long: bool

    @property
    def words(self) -> str:
        """Returns the body as text, for the symptom patterns when it cannot be read otherwise.

        Escapes are undone one by one: a body cut in the middle is no JSON any more.
        """
        text = self.raw.decode("utf-8", errors="replace")
        return _ESCAPE.sub(_unescape, text)


_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\([nrt\"/\\])")


def _unescape(match: re.Match[str]) -> str:
    if match.group(1):
        letter = chr(int(match.group(1), 16))
        return letter if letter.isprintable() else " "
    return {"n": "\n", "r": " ", "t": " "}.get(match.group(2), match.group(2))


async def read_body(request: Request, limit: int) -> Body:
    """Reads a streamed request's body, and a megabyte more than `limit` if there is more."""
    raw = bytearray()
    while len(raw) <= limit + _DRAINED:
        chunk = await request.stream.read()
        if chunk is None:
            break
        raw += chunk
    return Body(bytes(raw), too_long=len(raw) > limit)


def body_limit(max_characters: int) -> int:
    """Returns the bytes a body may have: an escaped character takes six."""
    return 6 * max_characters + 2048
