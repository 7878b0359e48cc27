"""Second messages are read with the passages that they name, and refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.knowledge.base import load_knowledge
from bot.knowledge.follow_ups import SecondMessage, read_follow_ups
from bot.settings import ROOT

KNOWN = ("doc/a/one", "doc/a/two")


def read(tmp_path: Path, text: str) -> tuple[tuple[SecondMessage, ...], list[str]]:
    path = tmp_path / "follow_ups.yml"
    path.write_text(text, "utf-8")
    problems: list[str] = []
    return read_follow_ups(path, KNOWN, problems), problems


def test_each_message_has_the_passage_before_it_and_the_one_that_answers(tmp_path: Path) -> None:
    found, problems = read(
        tmp_path,
        "follow_ups:\n  - after: doc/a/one\n    messages:\n"
        "      - ask: no\n        answered_by: doc/a/two\n      - ask: 'why: tho'\n",
    )
    assert problems == []
    assert found == (
        SecondMessage("doc/a/one", "no", "doc/a/two"),
        SecondMessage("doc/a/one", "why: tho", None),
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("follow_ups:\n  - after: doc/a/on\n    messages: [{ask: x}]\n", 2, "doc/a/one"),
        (
            "follow_ups:\n  - after: doc/a/one\n    messages:\n"
            "      - ask: x\n        answered_by: doc/b/two\n",
            5,
            "nearest passage is 'doc/a/two'",
        ),
        (
            "follow_ups:\n  - after: doc/a/one\n    messages:\n"
            "      - ask: x\n        answered_by: doc/b/two\n"
            "      - ask: y\n        answered_by: doc/b/two\n",
            5,
            "no passage 'doc/b/two' (named 2 times)",
        ),
        ("follow_ups:\n  - after: doc/a/one\n    messages: []\n", 3, "messages"),
        ("follow_ups:\n  - after: doc/a/one\n    messages: [{asks: x}]\n", 3, "ask"),
        ("follow_ups: [\n", 2, "not readable"),
    ],
    ids=[
        "no such passage before",
        "no such answer",
        "once for all",
        "no message",
        "a misspelt key",
        "no YAML",
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(
    text: str, line: int, words: str, tmp_path: Path
) -> None:
    _, problems = read(tmp_path, text)
    assert any(f"follow_ups.yml:{line}:" in p and words in p for p in problems), problems


def test_no_file_is_no_message(tmp_path: Path) -> None:
    assert read_follow_ups(tmp_path / "none.yml", KNOWN, []) == ()


def test_a_file_with_nothing_but_a_comment_is_no_message(tmp_path: Path) -> None:
    assert read(tmp_path, "# none yet\n") == ((), [])


def test_the_repository_has_some_of_every_kind() -> None:
    asked = load_knowledge(ROOT / "knowledge").follow_ups
    assert sum(m.answered_by is None for m in asked) >= 100
    assert sum(m.answered_by == m.after for m in asked) >= 100
    assert sum(m.answered_by not in (None, m.after) for m in asked) >= 100
