"""Reading what a browser sends: a body of limited size, then a message in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from sanic.request import Request

PROTOCOL_VERSION = 1
_DRAINED = 1_000_000
"""Bytes read beyond the limit, for the symptom patterns alone: a browser hears an answer only to a
body it has sent to its end."""
_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z")
_UNGUESSABLE = re.compile(r"^[A-Za-z0-9_-]{22,64}\Z")
"""128 bits even if every character says six."""


class MalformedError(ValueError):
    """The body is not what docs/protocol.md describes; says in what."""


@dataclass(frozen=True)
class Asked:
    """A message as the widget sends it; `conversation` has not been looked at yet."""

    text: str
    conversation: str | None = None
    message_id: str | None = None
    begin: str | None = None
    site: str | None = None


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


def read_object(raw: bytes) -> dict[str, Any]:
    """Reads a JSON object of this protocol's version.

    Raises:
        MalformedError: if it is something else.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise MalformedError("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise MalformedError("The body must be a JSON object.")
    if body.get("v", PROTOCOL_VERSION) != PROTOCOL_VERSION:
        raise MalformedError(f"'v' must be {PROTOCOL_VERSION}.")
    return body


def read_message(raw: bytes) -> Asked:
    """Reads a message.

    Raises:
        MalformedError: naming the field and what it must be.
    """
    body = read_object(raw)
    text = body.get("text")
    if not isinstance(text, str):
        raise MalformedError("'text' must be a text.")
    for name, form, least in (("message_id", _ID, 1), ("begin", _UNGUESSABLE, 22)):
        value = body.get(name)
        if value is not None and not (isinstance(value, str) and form.match(value)):
            raise MalformedError(f"'{name}' must be {least} to 64 letters, digits, '-' or '_'.")
    for name in ("conversation", "site"):
        if not isinstance(body.get(name), (str, type(None))):
            raise MalformedError(f"'{name}' must be a text.")
    # A lone surrogate is JSON, but neither UTF-8 nor anything a database takes.
    clean = text.encode("utf-8", errors="replace").decode("utf-8")
    rest = {name: body.get(name) for name in ("conversation", "message_id", "begin", "site")}
    return Asked(clean, **rest)
