"""The words that people use for what the documents call something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Extra, Field, ValidationError
from rapidfuzz import fuzz

from bot.errors import KnowledgeError, problem
from bot.knowledge.yaml_file import invalid, line_at, read_yaml

MISSPELT_FROM = 8
"""Letters from which a word may be misspelt and still be known: shorter ones meet by chance."""

ALIKE = 88.0
"""Likeness (0 to 100) from which a longer word counts as a misspelling of a glossary word."""

_WORDS = re.compile(r"[^\W_]+(?:[-/'’][^\W_]+)*")


@dataclass(frozen=True)
class Term:
    """A word of the documents, and how people say it instead."""

    term: str
    also: tuple[str, ...]


class Glossary:
    """Widens a query: the documents' words are put beside those that a person used."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        self._forms = [
            (
                term.term,
                " ".join(_split(term.term)),
                [(len(words), " ".join(words)) for words in map(_split, term.also) if words],
            )
            for term in self.terms
        ]
        self._sizes = {size for _, _, forms in self._forms for size, _ in forms}

    def widen(self, text: str) -> str:
        """Returns the text, followed by the terms whose other words it holds.

        A term that stands in the text already is not added.
        """
        words = _split(text)
        said = " ".join(words)
        parts = {
            size: [" ".join(words[start : start + size]) for start in range(len(words) - size + 1)]
            for size in self._sizes
        }
        added = [
            term
            for term, itself, forms in self._forms
            if itself not in said and any(_holds(parts[size], form) for size, form in forms)
        ]
        return f"{text} ({', '.join(added)})" if added else text


def _split(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())


def _holds(parts: Sequence[str], wanted: str) -> bool:
    """Tells whether one of the parts, each of as many words, is this one or it misspelt."""
    if wanted in parts:
        return True
    if len(wanted) < MISSPELT_FROM:
        return False
    return any(
        len(said) >= MISSPELT_FROM and fuzz.ratio(said, wanted, score_cutoff=ALIKE)
        for said in parts
    )


class _About(BaseModel):
    title: str = Field(..., min_length=1)
    as_of: str = Field(..., min_length=1)
    reviewed_by: str = Field(..., min_length=1)
    reviewed_on: str = Field(..., min_length=1)
    language: str = Field(..., min_length=1)

    class Config:
        extra = Extra.forbid


class _TermEntry(BaseModel):
    term: str = Field(..., min_length=1)
    also: list[str] = Field(..., min_items=1)

    class Config:
        extra = Extra.forbid


class _GlossaryFile(BaseModel):
    about: _About
    terms: list[_TermEntry]

    class Config:
        extra = Extra.forbid


def read_glossary(path: Path) -> Glossary:
    """Reads `glossary.yml`; no file is a glossary without terms.

    Raises:
        KnowledgeError: all its problems, each with file, line and remedy.
    """
    if not path.is_file():
        return Glossary(())
    problems: list[str] = []
    data, text = read_yaml(path, problems)
    if problems:
        raise KnowledgeError(problems)
    try:
        entries = _GlossaryFile.parse_obj(data or {}).terms
    except ValidationError as error:
        raise KnowledgeError(invalid(path, text, error)) from error
    problems = _repeated(path, text, entries)
    if problems:
        raise KnowledgeError(problems)
    return Glossary([Term(e.term, tuple(e.also)) for e in entries])


def _repeated(path: Path, text: str, entries: Sequence[_TermEntry]) -> list[str]:
    problems: list[str] = []
    terms: set[str] = set()
    owners: dict[str, str] = {}
    for number, entry in enumerate(entries):
        line = line_at(text, ("terms", number, "term"))
        if entry.term.casefold() in terms:
            what = f"term '{entry.term}' is listed twice"
            problems.append(problem(path, line, what, "merge the two entries"))
        terms.add(entry.term.casefold())
        for place, word in enumerate(entry.also):
            owner = owners.setdefault(word.casefold(), entry.term)
            if owner != entry.term:
                line = line_at(text, ("terms", number, "also", place))
                what = f"'{word}' is also said for '{owner}'"
                problems.append(problem(path, line, what, "leave it with one of them"))
    return problems
