"""The baseline list: whole words, any spelling of an apostrophe or a gap, no negation."""

from __future__ import annotations

import pytest

from bot.evaluation.red_flags import load_red_flags, red_flag_alarm
from bot.safety.families import FAMILIES


@pytest.mark.parametrize(
    ("text", "alarm"),
    [
        ("she has CHEST PAIN", True),
        ("no fever today", True),
        ("feverfew tea", False),
        ("I can\u2019t breathe", True),
        ("i cant breathe", True),
        ("light-headed since noon", True),
        ("light\n headed since noon", True),
        ("100.4 this morning", True),
        ("100.45 this morning", False),
        ("2100.4 points", False),
        ("her bp was 85/55.", True),
        ("room 185/55", False),
        ("it burns when i pee", False),
        ("burning when i pee", True),
        ("", False),
        ("\U0001f64f", False),
    ],
    ids=[
        "capitals",
        "denied all the same",
        "part of a word",
        "curly apostrophe",
        "no apostrophe",
        "hyphen",
        "line break",
        "number",
        "longer number",
        "number with more before it",
        "full stop after it",
        "more before a slash",
        "paraphrase",
        "capital in the list",
        "empty",
        "no word",
    ],
)
def test_red_flags(text: str, alarm: bool) -> None:
    assert red_flag_alarm(text) is alarm


def test_the_list_covers_each_family_that_escalates() -> None:
    due = {name for name, family in FAMILIES.items() if family.tier != "soft"}
    assert set(load_red_flags()) == due - {"unspecified"}


def test_each_entry_is_found_by_itself_and_once() -> None:
    entries = [entry for family in load_red_flags().values() for entry in family]
    assert len(set(entries)) == len(entries)
    assert all(red_flag_alarm(f"well, {entry}!") for entry in entries)
