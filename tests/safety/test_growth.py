"""No text freezes the bot: twice the text costs about twice the work, whatever it is made of.

Work is counted in calls and not in seconds: a busy machine changes nothing about it. One call that
hides the work (a regular expression, a slice) is bounded in the tests of its own below.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from bot.safety import PatternDetector, Verdict, split_clauses
from bot.safety.clauses import MAX_CLAUSES
from bot.safety.lexicon import Span
from bot.safety.tokens import _outside

SIZE = 400
DETECTOR = PatternDetector()  # Without spaCy, whose own cost is linear.
HOSTILE = {
    "spaced letters": "a b c d, ",
    "digits": "1234567890",
    "numbers": "1 2 3 ",
    "punctuation": "!?.,;:",
    "dashes": "-",
    "negations": "no fever ",
    "symptoms": "chest pain ",
    "persons far away": "shaking ",
    "other senses": "fever pitch ",
    "one long word": "a",
    "clitics": "'s",
    "apostrophes": "a'",
    "fillers": "face now ",
    "emoji": "🤒",
    "accents": "a\u0301",
    "empty lines": "\n \n",
    "spaces": " ",
}


def work(judge: Callable[[str], object], text: str) -> int:
    """Counts the calls and the steps of generators."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        judge(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("judge", [DETECTOR.detect, split_clauses])
def test_twice_the_text_is_about_twice_the_work(judge: Callable[[str], object], unit: str) -> None:
    once, twice = (unit * (n // len(unit) + 1) for n in (SIZE, 2 * SIZE))
    judge(once)  # What is read once for all is no work of the text.
    assert work(judge, twice) <= 2.5 * work(judge, once) + 500


def test_a_word_of_many_clitics_does_not_break_the_patterns() -> None:
    # One step a clitic was once one call deep, and an alarm beside it was lost.
    verdict: Verdict = DETECTOR.detect("my husband has a fever " + "x" + "'s" * 3000)
    assert verdict.urgent


@pytest.mark.parametrize(
    ("covers", "left"),
    [
        ([], [(0, 1), (2, 3), (4, 5), (6, 9)]),
        ([(0, 5)], [(6, 9)]),
        ([(2, 5), (6, 8)], [(0, 1), (6, 9)]),  # the last one is covered in part only
        ([(0, 1), (6, 9)], [(2, 3), (4, 5)]),
    ],
)
def test_spans_inside_a_cover_are_left_out(covers: list[Span], left: list[Span]) -> None:
    assert _outside([(0, 1), (2, 3), (4, 5), (6, 9)], covers) == left


@pytest.mark.parametrize("gap", [" " * 20_000, "." * 20_000, "\n \n" * 7_000])
def test_a_long_gap_between_words_is_crossed_once(gap: str) -> None:
    # Tried from each of its characters, the first takes a minute; the suite's own limit ends it.
    clauses = split_clauses(f"I have a fever{gap}but no chills")
    assert clauses[0].text.startswith("I have a fever")
    assert clauses[-1].text.endswith("no chills")


def test_the_shortest_neighbours_are_joined_first() -> None:
    long, short = "a sentence of thirty letters x. ", "ten chars. "
    clauses = split_clauses(long * 20 + short * 6)
    # 26 pieces, two too many: the first two pairs of short ones.
    assert len(clauses) == MAX_CLAUSES
    pair = "ten chars. ten chars."
    assert [c.text for c in clauses[19:23]] == [long.strip(), pair, pair, "ten chars."]
