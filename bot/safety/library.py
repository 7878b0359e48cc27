"""Loads the lexicon, the rules and the word lists once, from the files of `patterns/`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.safety.families import FAMILIES
from bot.safety.grammar import Rule, RuleBook, parse_rule
from bot.safety.lexicon import Lexicon
from bot.safety.negation import NegationWords
from bot.safety.spelling import SpellingRepair

_HERE = Path(__file__).parent
_ENGLISH = ("urgent", "idioms", "crisis", "crisis_idioms", "more")
_SPANISH = ("spanish", "spanish_more")
_INFLECTIONS = ("", "s", "es", "e", "ed", "ing", "y", "ion", "er")


@dataclass(frozen=True)
class Library:
    """Everything that the pattern detector reads from files."""

    lexicon: Lexicon
    rules: RuleBook
    decoys: RuleBook
    negation: NegationWords
    nominal: frozenset[str]
    people: frozenset[str]
    subjects: frozenset[str]
    topics: frozenset[str]
    aliases: dict[str, str]
    repair: SpellingRepair


@lru_cache(maxsize=1)
def load_library() -> Library:
    """Reads and compiles the pattern files; the first call takes a moment."""
    base = _read("classes")
    lexicon = Lexicon(fillers=frozenset(map(str, base["fillers"])))
    for name, entries in base["classes"].items():
        lexicon.add(name, entries)
    english = _compile_all(_ENGLISH, lexicon)
    spanish = _compile_all(_SPANISH, lexicon)
    known = set(lexicon.words)
    decoys = _compile(_read("decoys"), lexicon)
    things = _read("things")
    aliases = {str(k): str(v) for k, v in _read("texting").items()}
    ordinary = (_HERE / "data" / "ordinary_words.txt").read_text("utf-8").split()
    return Library(
        lexicon=lexicon,
        rules=RuleBook([*english, *spanish]),
        decoys=RuleBook(decoys),
        negation=NegationWords.from_yaml(_read("negation")),
        nominal=frozenset(map(str, base["nominal"])),
        people=frozenset(map(str, base["people"])),
        subjects=frozenset(map(str, things["subjects"])),
        topics=frozenset(map(str, things["topics"])),
        aliases=aliases,
        repair=SpellingRepair(_spelt(known), [*ordinary, *_spelt(lexicon.words)]),
    )


def source_files() -> list[Path]:
    """Returns the files whose change must change a model's fingerprint."""
    code = [p for p in _HERE.glob("*.py") if p.name != "__main__.py"]
    return sorted([*code, *(_HERE / "patterns").iterdir(), *(_HERE / "data").iterdir()])


def _read(name: str) -> Any:
    text = (_HERE / "patterns" / f"{name}.yml").read_text("utf-8")
    # the base loader keeps every scalar a string: "no" is a word here
    return yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def _compile_all(names: Iterable[str], lexicon: Lexicon) -> tuple[Rule, ...]:
    return tuple(rule for name in names for rule in _compile(_read(name), lexicon))


def _compile(data: dict[str, Any], lexicon: Lexicon) -> tuple[Rule, ...]:
    for name, entries in data.get("classes", {}).items():
        lexicon.add(name, entries)
    rules: list[Rule] = []
    for family, texts in data.items():
        if family == "classes":
            continue
        if family not in FAMILIES:
            raise ValueError(f"unknown family {family!r} in the pattern files")
        for text in texts:
            rules += parse_rule(family, str(text), lexicon)
    return tuple(rules)


def _spelt(words: Iterable[str]) -> set[str]:
    spelt: set[str] = set()
    for word in words:
        stem = word.rstrip("*")
        spelt.update(stem + end for end in _INFLECTIONS) if word.endswith("*") else spelt.add(word)
    return spelt
