"""Reads the message that a browser has sent."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

PROTOCOL_VERSION = 1
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
