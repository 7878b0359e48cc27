"""Estimates how many years of school a passage takes to read (Flesch and Kincaid, 1975)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from statistics import median

from bot.editors.finding import Finding, Level
from bot.knowledge.document import Document
from bot.knowledge.passage import PassageKind
from bot.retrieval.entries import sentences

AIM = 8.0
"""What US health agencies ask of texts for patients: sixth to eighth grade."""

HARD = 12.0
"""Above this a passage is named: the last grade of school, where most readers are lost."""

FEWEST_WORDS = 25
"""A shorter passage has too few words for the formula: one name of a drug decides it."""

_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_VOWELS = re.compile(r"[aeiouy]{1,2}")
_SILENT = re.compile(r"(?:(?<=[^laeiouycsxzg])es|(?<=[^td])ed|(?<=[^laeiouy])e)$")


def syllables(word: str) -> int:
    """Estimates the syllables of an English word: its groups of vowels, without a silent e."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    return max(1, len(_VOWELS.findall(_SILENT.sub("", plain).removeprefix("y"))))


def reading_grade(text: str) -> float | None:
    """Returns the US school grade, or None for a text without words."""
    parts = [s for s in sentences(text) if _WORD.search(s)]
    found = [w for s in parts for w in _WORD.findall(s)]
    if not found:
        return None
    per_word = sum(syllables(w) for w in found) / len(found)
    return 0.39 * len(found) / len(parts) + 11.8 * per_word - 15.59


def check_grades(document: Document) -> Iterator[Finding]:
    """Yields each passage that is hard to read, and the document's middle grade."""
    grades = []
    for passage in document.passages:
        grade = reading_grade(passage.text)
        if grade is None or len(passage.text.split()) < FEWEST_WORDS:
            continue
        if passage.kind is PassageKind.ROW:  # Headers and cells are no sentences.
            continue
        grades.append(grade)
        if grade > HARD:
            what = f"reads like grade {grade:.0f}"
            remedy = f"shorter sentences and plainer words, if the text is yours (aim: {AIM:.0f})"
            yield Finding(Level.NOTE, document.path, passage.line, what, remedy)
    if grades and median(grades) > AIM:
        what = f"half of the document reads like grade {median(grades):.0f} or more"
        remedy = f"patients' texts aim at grade {AIM:.0f} or below"
        yield Finding(Level.NOTE, document.path, 1, what, remedy)
