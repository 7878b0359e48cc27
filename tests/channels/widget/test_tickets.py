"""Signed conversation ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.widget.tickets import Ticket, TicketOffice

OFFICE = TicketOffice(b"k" * 32, hours=1)
NOW = 1_800_000_000.0


def test_a_ticket_is_read_back() -> None:
    ticket = OFFICE.issue(now=NOW)
    assert OFFICE.read(ticket.token) == ticket
    assert ticket.sender == f"widget:{ticket.id}"


def test_it_ends_after_its_hours() -> None:
    ticket = OFFICE.issue(now=NOW)
    assert ticket.expires == 1_800_003_600  # One hour later.
    assert not ticket.has_ended(now=1_800_003_599)
    assert ticket.has_ended(now=1_800_003_600)


def test_an_ended_ticket_is_still_known_for_what_it_was() -> None:
    ticket = OFFICE.issue(now=0)
    read = OFFICE.read(ticket.token)
    assert read is not None and read.has_ended()


def test_two_conversations_differ() -> None:
    assert OFFICE.issue(now=NOW).id != OFFICE.issue(now=NOW).id


def test_the_same_beginning_gets_the_same_conversation() -> None:
    assert OFFICE.issue("m1", now=NOW) == OFFICE.issue("m1", now=NOW)
    assert OFFICE.issue("m1", now=NOW).id != OFFICE.issue("m2", now=NOW).id
    assert TicketOffice(b"x" * 32, 1).issue("m1", now=NOW).id != OFFICE.issue("m1", now=NOW).id


def test_an_old_beginning_does_not_get_the_conversation_that_has_ended() -> None:
    assert OFFICE.issue("m1", now=NOW).id != OFFICE.issue("m1", now=NOW + 3600).id


def begun(start: float) -> str:
    """Returns a beginning as the widget makes it."""
    return f"0123456789abcdef0123456789abcdef-{int(start)}"


@pytest.mark.parametrize("offset", [0, 1, 600, 3599])
def test_a_retry_gets_the_conversation_of_its_first_try_whatever_the_time(offset: int) -> None:
    """NOW is a whole hour: the border of a grid lies between start and retry but for offset 0."""
    begin = begun(NOW - offset)
    first = OFFICE.issue(begin, now=NOW - offset)
    assert OFFICE.issue(begin, now=NOW - offset + 3599).id == first.id  # Its hour counts from then.
    assert OFFICE.issue(begin, now=NOW - offset + 3600).id != first.id


@pytest.mark.parametrize("fast", [1, 60, 3600])
def test_a_fast_clock_begins_no_second_conversation(fast: int) -> None:
    begin = begun(NOW + fast)
    ids = {OFFICE.issue(begin, now=NOW + later).id for later in (0, 1, 30, 60, 61, 3599)}
    assert len(ids) == 1


def test_a_start_that_cannot_be_true_holds_no_conversation_for_ever() -> None:
    begin = begun(NOW + 3601)
    assert OFFICE.issue(begin, now=NOW - 3600).id != OFFICE.issue(begin, now=NOW).id


def forged() -> list[object]:
    ticket = OFFICE.issue(now=NOW)
    name, expires, sign = ticket.token.split(".")
    return [
        f"{name}.{int(expires) + 1}.{sign}",
        f"{name}x.{expires}.{sign}",
        f"{name}.{expires}.{sign[:-1]}",
        f"{name}.{expires}",
        f"{name}.-1.{sign}",
        f"{name}.{expires}.{sign}" + "x" * 200,
        TicketOffice(b"x" * 32, 1).issue(now=NOW).token,
        "",
        "..",
        "a.٣.b",
        None,
        7,
        ["a"],
    ]


@pytest.mark.parametrize("token", forged())
def test_what_this_server_did_not_sign_is_refused(token: object) -> None:
    assert OFFICE.read(token) is None


@given(st.text(max_size=300))
def test_no_text_is_read_as_a_ticket_or_makes_it_raise(text: str) -> None:
    found: Ticket | None = OFFICE.read(text)
    assert found is None
