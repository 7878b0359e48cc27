"""Conversation ids that only this server can issue, and that end by themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

_PURPOSE = b"guide.widget.conversation."
_LONGEST = 200
_STARTED = re.compile(r"-([0-9]{10})\Z")
"""How a `begin` names when its conversation began: Unix time, seconds, by the browser's clock."""
_SHORTEST_PERIOD = 3600
"""Seconds in which a `begin` names one conversation, if conversations live shorter than this."""


@dataclass(frozen=True)
class Ticket:
    """One conversation of the widget.

    Attributes:
        id: names the conversation in the tracker store; never sent to a browser by itself.
        expires: Unix time, seconds.
        token: what the browser keeps and sends.
    """

    id: str
    expires: int
    token: str

    @property
    def sender(self) -> str:
        """Returns the conversation's name in Rasa, which no other channel's can be."""
        return f"widget:{self.id}"

    def has_ended(self, now: float | None = None) -> bool:
        """Tells whether the conversation may no longer be continued."""
        return (time.time() if now is None else now) >= self.expires


class TicketOffice:
    """Issues and reads tickets; keeps nothing, so that every process and restart knows them."""

    def __init__(self, secret: bytes, hours: float) -> None:
        self._secret = secret
        self._seconds = int(hours * 3600)

    def issue(self, begin: str | None = None, now: float | None = None) -> Ticket:
        """Issues a ticket for a new conversation.

        The same `begin` (an id that only its browser knows) gets the same conversation: neither a
        first message that is sent again nor a second one that overtakes it begins another. Not
        for ever: in another period it is another conversation, since the first one has ended.
        """
        now = time.time() if now is None else now
        raw = secrets.token_bytes(16)
        if begin is not None:
            raw = self._digest(f"begin.{self._period(begin, now)}.{begin}".encode())[:16]
        expires = int(now) + self._seconds
        return self._ticket(_text(raw), expires)

    def read(self, token: object) -> Ticket | None:
        """Returns the ticket of a token, ended or not; None if this server did not issue it."""
        if not isinstance(token, str) or len(token) > _LONGEST or token.count(".") != 2:
            return None
        name, expires, _ = token.split(".")
        if not expires.isascii() or not expires.isdigit():
            return None
        ticket = self._ticket(name, int(expires))
        return ticket if hmac.compare_digest(ticket.token.encode(), token.encode()) else None

    def _period(self, begin: str, now: float) -> int:
        """Returns which life of a `begin` it is, counted from the start that it names.

        On a grid that is the same for all, a message and its retry could lie on both sides of a
        border. One that names no start, or none that can be true, has to do with that.
        """
        length = max(self._seconds, _SHORTEST_PERIOD)
        named = _STARTED.search(begin)
        start = int(named[1]) if named else 0
        if start > now + length:
            start = 0
        return int(max(now - start, 0) // length)  # A clock may be fast.

    def _ticket(self, name: str, expires: int) -> Ticket:
        signed = f"{name}.{expires}"
        return Ticket(name, expires, f"{signed}.{_text(self._digest(signed.encode()))}")

    def _digest(self, message: bytes) -> bytes:
        return hmac.new(self._secret, _PURPOSE + message, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
