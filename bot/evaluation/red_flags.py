"""The idea of public red-flag lists, as a baseline: a list of words, whole words, no negation."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

PATH = Path(__file__).with_name("red_flags.json")
"""The list, and how it was compiled."""


def red_flag_alarm(text: str) -> bool:
    """Tells whether a text holds an entry of the list as whole words, denied or not."""
    return bool(_pattern().search(_fold(text)))


def load_red_flags(path: Path = PATH) -> dict[str, list[str]]:
    """Reads the entries by family."""
    families: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))["families"]
    return families


@lru_cache
def _pattern() -> re.Pattern[str]:
    entries = [entry for family in load_red_flags().values() for entry in family]
    choices = "|".join(_spaced(entry) for entry in entries)
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)")


def _spaced(entry: str) -> str:
    return r"[\s-]+".join(re.escape(word) for word in _fold(entry).split())


def _fold(text: str) -> str:
    return re.sub("['\u2019]", "", text.casefold())
