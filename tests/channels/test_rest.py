"""Reading a REST request."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.rest import read_message


def test_the_sender_is_prefixed_and_the_recipient_is_not() -> None:
    message = read_message({"sender": "12345", "message": "hi"})
    assert (message.sender, message.recipient, message.text) == ("rest:12345", "12345", "hi")


@pytest.mark.parametrize("body", [None, [], "hi", 3])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(ValueError, match="JSON object"):
        read_message(body)


@pytest.mark.parametrize("text", [True, [], {"a": 1}])
def test_a_message_that_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="'message' must be a text"):
        read_message({"sender": "a", "message": text})


@pytest.mark.parametrize(("given", "read"), [(38.5, "38.5"), (None, ""), ("", "")])
def test_numbers_and_nothing_are_read_as_text(given: Any, read: str) -> None:
    assert read_message({"sender": "a", "message": given}).text == read


def test_a_missing_sender_gets_an_id_of_its_own() -> None:
    first, second = read_message({"message": "hi"}), read_message({"message": "hi"})
    assert first.sender != second.sender


def test_site_and_message_id_are_read_and_nothing_else_of_the_metadata() -> None:
    body = {"message": "hi", "message_id": 4, "metadata": {"site": "south", "name": "Ann"}}
    message = read_message(body)
    assert (message.site, message.message_id, message.metadata) == ("south", "4", {})
