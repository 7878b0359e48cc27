"""Conversation ids that only this server can issue, and that end by themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

_PURPOSE = b"guide.widget.conversation."
_LONGEST = 200
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
            period = int(now // max(self._seconds, _SHORTEST_PERIOD))
            raw = self._digest(f"begin.{period}.{begin}".encode())[:16]
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

    def _ticket(self, name: str, expires: int) -> Ticket:
        signed = f"{name}.{expires}"
        return Ticket(name, expires, f"{signed}.{_text(self._digest(signed.encode()))}")

    def _digest(self, message: bytes) -> bytes:
        return hmac.new(self._secret, _PURPOSE + message, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
