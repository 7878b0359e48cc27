"""Which pages may talk to the bot."""

from __future__ import annotations

import pytest

from bot.channels.widget.origins import Origins

LISTED = Origins(["https://www.clinic.org", "https://staging.clinic.org:8443"])


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://www.clinic.org", True),
        ("https://WWW.clinic.org", True),
        ("https://staging.clinic.org:8443", True),
        ("http://www.clinic.org", False),
        ("https://clinic.org", False),
        ("https://www.clinic.org.evil.example", False),
        ("https://www.clinic.org:8443", False),
        ("null", False),
        ("", False),
        ("https://[", False),
        ("http://bot.clinic.org:5080", True),
        ("https://bot.clinic.org:5080", True),
        ("http://bot.clinic.org", False),
        (None, True),
    ],
)
def test_origins(origin: str | None, allowed: bool) -> None:
    assert LISTED.allows(origin, "bot.clinic.org:5080") is allowed


def test_an_empty_list_allows_the_bots_own_pages_only() -> None:
    assert Origins([]).allows("http://bot:5080", "bot:5080")
    assert not Origins([]).allows("http://other", "bot:5080")
    assert not Origins([]).allows("http://other", None)


def test_a_star_allows_all() -> None:
    assert Origins(["*"]).allows("null", "bot")


def test_frames_are_allowed_on_the_same_pages() -> None:
    assert Origins([]).as_frame_ancestors() == "'self'"
    assert Origins(["https://a.org"]).as_frame_ancestors() == "'self' https://a.org"
    assert Origins(["*", "https://a.org"]).as_frame_ancestors() == "*"
