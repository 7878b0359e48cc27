"""Reading a browser's message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.bodies import Body, body_limit
from bot.channels.widget.request import Asked, MalformedError, read_message


def raw(**fields: Any) -> bytes:
    return json.dumps({"text": "hi", **fields}).encode()


def test_a_whole_message() -> None:
    fields = {"conversation": "a.1.b", "message_id": "M-1_x", "begin": "B" * 22, "site": "north"}
    assert read_message(raw(v=1, text="hé", **fields, more=1)) == Asked("hé", **fields)


def test_text_alone_is_enough() -> None:
    assert read_message(b'{"text": ""}') == Asked("")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (raw(v=2), "'v' must be 1"),
        (raw(text=None), "'text' must be a text"),
        (raw(text=7), "'text' must be a text"),
        (raw(text=["hi"]), "'text' must be a text"),
        (raw(message_id=""), "'message_id' must be"),
        (raw(message_id="a" * 65), "'message_id' must be"),
        (raw(message_id="a b"), "'message_id' must be"),
        (raw(message_id="a\n"), "'message_id' must be"),
        (raw(begin="a b" * 10), "'begin' must be"),
        (raw(begin="guessable"), "'begin' must be 22 to 64"),
        (raw(message_id=7), "'message_id' must be"),
        (raw(conversation=7), "'conversation' must be a text"),
        (raw(site={}), "'site' must be a text"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, what: str) -> None:
    with pytest.raises(MalformedError, match=what):
        read_message(body)


def test_the_longest_message_id() -> None:
    assert read_message(raw(message_id="a" * 64)).message_id == "a" * 64


def test_a_lone_surrogate_becomes_a_character_that_can_be_stored() -> None:
    assert read_message(b'{"text": "a\\ud800b"}').text == "a?b"


@given(st.text(max_size=300))
def test_a_message_of_the_longest_size_fits_the_body(text: str) -> None:
    sent = json.dumps({"v": 1, "text": text}, ensure_ascii=False).encode()
    assert len(sent) <= body_limit(len(text))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"text": "I can\\u0027t breathe', '{"text": "I can\'t breathe'),
        (b"fever\\nchills", "fever\nchills"),
        (b"a\\u0000b\\\\c", "a b\\c"),
        (b"caf\xc3", "caf\ufffd"),
    ],
)
def test_a_cut_body_is_read_as_words(body: bytes, words: str) -> None:
    assert Body(body, too_long=True).words == words
