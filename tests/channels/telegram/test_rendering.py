"""Rendering: the words as they are, what stands out, buttons, numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.rendering import (
    CALLBACK_BYTES,
    callback_data,
    keyboard_of,
    references,
    render,
    short_numbers,
)
from bot.channels.telegram.splitting import LIMIT, units

SOURCE = "— CAR T-cell therapy, section “x” (as of June 2026)"


def styled(part: Any) -> list[tuple[str, str]]:
    raw = part.text.encode("utf-16-le")
    return [
        (e.type, raw[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le"))
        for e in part.entities
    ]


def test_the_source_of_an_answer_stands_apart() -> None:
    message = {"text": f"🤷 “A quote”\n{SOURCE}", "custom": {"kind": "answer"}}
    (part,) = render(message)
    assert part.text == message["text"]
    assert styled(part) == [("italic", SOURCE)]
    assert not part.urgent and not part.repeatable


def test_what_to_do_first_stands_out_in_an_escalation() -> None:
    message = {"text": "⚠️ Call 911 now.\nThen more.", "custom": {"kind": "escalation"}}
    (part,) = render(message)
    assert styled(part) == [("bold", "⚠️ Call 911 now.")]
    assert part.urgent and part.repeatable


@pytest.mark.parametrize("sentences", [190, 300], ids=["source at the limit", "source behind it"])
@pytest.mark.parametrize("source", [SOURCE, f"— {'A title of words. ' * 20}(2026)"])
def test_a_long_answer_keeps_its_source_whole_and_its_buttons_last(
    source: str, sentences: int
) -> None:
    text = "Words of a sentence. " * sentences + "\n" + source
    buttons = [{"title": "More", "payload": "More"}]
    parts = render({"text": text, "buttons": buttons, "custom": {"kind": "answer"}})
    assert len(parts) == 2 and all(units(p.text) <= LIMIT for p in parts)
    assert parts[0].keyboard is None and parts[1].keyboard is not None
    assert [styled(p) for p in parts] == [[], [("italic", source)]]


def test_a_source_that_no_message_can_hold_is_cut_between_words() -> None:
    parts = render({"text": f"a\n— {'words ' * 800}", "custom": {"kind": "answer"}})
    assert [p.text.split()[-1] for p in parts] == ["a", "words", "words"]


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        ([], None),
        (["Yes", "No"], [2]),
        (["Yes", "No", "Maybe", "Later"], [3, 1]),
        (["What is infusion day like?", "Yes"], [1, 1]),
        (["What is CRS?", "What is ICANS?"], [2]),
        (["", "  "], None),
    ],
)
def test_rows_of_buttons(titles: list[str], rows: list[int] | None) -> None:
    keyboard = keyboard_of([{"title": t} for t in titles])
    found = [len(row) for row in keyboard.inline_keyboard] if keyboard else None
    assert found == rows


def test_a_button_that_is_a_link_opens_it() -> None:
    keyboard = keyboard_of([{"title": "Read", "payload": "https://example.org/x"}])
    assert keyboard is not None
    assert keyboard.inline_keyboard[0][0].url == "https://example.org/x"


@pytest.mark.parametrize(
    ("payload", "stays"),
    [("x" * 64, True), ("x" * 65, False), ("é" * 32, True), ("é" * 33, False), ("ref:x", False)],
)
def test_callback_data_on_both_sides_of_the_limit(payload: str, stays: bool) -> None:
    assert (callback_data(payload) == payload) is stays
    kept = references({"buttons": [{"title": "t", "payload": payload}]})
    assert kept == ({} if stays else {callback_data(payload): payload})


@given(st.text(min_size=1))
def test_callback_data_always_fits(payload: str) -> None:
    assert 1 <= len(callback_data(payload).encode()) <= CALLBACK_BYTES


def test_pictures_and_attachments_have_addresses() -> None:
    image = {"type": "image", "payload": {"src": "https://example.org/a.png"}}
    parts = render({"text": "see", "image": "https://example.org/b.png", "attachment": image})
    assert [p.text for p in parts] == ["see\nhttps://example.org/a.png", ""]
    assert parts[1].photo == "https://example.org/b.png"


def test_numbers_that_telegram_does_not_link() -> None:
    phones = [{"number": "911"}, {"number": "+1 212 555 7000"}, {"number": "988"}]
    message = {"text": "x", "custom": {"kind": "escalation", "phones": phones}}
    assert short_numbers(message) == ["911", "988"]
    plain = {"kind": "text", "phones": phones}
    assert short_numbers({"text": "x", "custom": plain}) == []
    assert short_numbers({"text": "x", "custom": {**plain, "reminder": True}}) == ["911", "988"]
