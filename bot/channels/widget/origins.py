"""Which web pages may talk to the bot: those of GUIDE_CORS, and the bot's own."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

ANY = "*"


class Origins:
    """The allow-list of origins, written as browsers write them (the settings see to that)."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = set(allowed)

    def allows(self, origin: str | None, host: str | None) -> bool:
        """Tells whether a page of this origin may talk to the bot.

        Args:
            origin: the Origin header; a program that is no browser may send none, or any.
            host: the Host header; only hosts are compared, since a proxy may change the scheme.
        """
        if origin is None or ANY in self._allowed:
            return True
        origin = origin.lower()
        return origin in self._allowed or (bool(host) and _host(origin) == (host or "").lower())

    def as_frame_ancestors(self) -> str:
        """Returns the pages that may show the bot in a frame, as CSP writes them."""
        return ANY if ANY in self._allowed else " ".join(["'self'", *sorted(self._allowed)])


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
