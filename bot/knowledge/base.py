"""Loads the whole of `knowledge/`: passages, the questions they answer, topics not covered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Extra, Field, ValidationError

from bot.errors import KnowledgeError, problem
from bot.knowledge.document import Document, read_document
from bot.knowledge.passage import Passage, Reading, Topic

QUESTIONS_DIR = "questions"
NOT_COVERED_FILE = "not_covered.yml"
MAX_LABEL = 45
"""Longest button title, in characters, that a phone shows in one line."""


@dataclass(frozen=True)
class KnowledgeBase:
    """Everything the bot may quote, and how people ask for it."""

    documents: tuple[Document, ...]
    readings: dict[str, Reading]
    topics: tuple[Topic, ...]
    hash: str

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """All passages, in reading order, document by document."""
        return tuple(p for d in self.documents for p in d.passages)

    @cached_property
    def by_id(self) -> dict[str, Passage]:
        """Passages by id."""
        return {p.id: p for p in self.passages}

    def label(self, passage_id: str) -> str:
        """Returns the button title of a passage: the editor's, or the start of its words."""
        reading = self.readings.get(passage_id)
        if reading and reading.label:
            return reading.label
        passage = self.by_id[passage_id]
        text = passage.lead if passage.lead.endswith("?") else passage.text
        return shorten(text.split("\n")[0])


def shorten(text: str) -> str:
    """Cuts a text at a word end so that it fits a button."""
    if len(text) <= MAX_LABEL:
        return text
    return text[: MAX_LABEL - 1].rsplit(" ", 1)[0].rstrip(",.;:") + "…"


def knowledge_files(root: Path) -> list[Path]:
    """Lists the files that make up a knowledge base, in a stable order."""
    found = [*root.glob("*.md"), *(root / QUESTIONS_DIR).glob("*.yml"), root / NOT_COVERED_FILE]
    return sorted(p for p in found if p.is_file() and p.name.lower() != "readme.md")


def knowledge_hash(root: Path) -> str:
    """Returns a hash over all files of a knowledge base: what an answer is traced by."""
    digest = hashlib.sha256()
    for path in knowledge_files(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def load_knowledge(root: Path) -> KnowledgeBase:
    """Reads and checks a knowledge base.

    Raises:
        KnowledgeError: all problems of all files, each with file, line and remedy.
    """
    problems: list[str] = []
    documents: list[Document] = []
    paths = [p for p in knowledge_files(root) if p.suffix == ".md"]
    if not paths:
        remedy = "add a Markdown document with front matter"
        raise KnowledgeError([problem(root, 1, "there is no document", remedy)])
    for path in paths:
        try:
            documents.append(read_document(path))
        except KnowledgeError as error:
            problems += error.problems
    problems += _repeated_ids(documents)
    if problems:  # Question files cannot be checked against documents that were not read.
        raise KnowledgeError(problems)
    known = {p.id: p for d in documents for p in d.passages}
    readings: dict[str, Reading] = {}
    labels: dict[str, str] = {}
    for path in sorted((root / QUESTIONS_DIR).glob("*.yml")):
        problems += _read_questions(path, known, readings, labels)
    topics = _read_topics(root / NOT_COVERED_FILE, problems)
    if problems:
        raise KnowledgeError(problems)
    return KnowledgeBase(tuple(documents), readings, topics, knowledge_hash(root))


class _Entry(BaseModel):
    id: str
    label: str = Field("", max_length=MAX_LABEL)
    after_escalation: bool = False
    questions: list[str] = Field(default_factory=list)

    class Config:
        extra = Extra.forbid


class _QuestionsFile(BaseModel):
    passages: list[_Entry]

    class Config:
        extra = Extra.forbid


class _TopicEntry(BaseModel):
    id: str
    topic: str
    ask: str
    questions: list[str] = Field(..., min_items=1)

    class Config:
        extra = Extra.forbid


class _TopicsFile(BaseModel):
    topics: list[_TopicEntry]

    class Config:
        extra = Extra.forbid


def _repeated_ids(documents: Iterable[Document]) -> list[str]:
    seen: dict[str, Path] = {}
    problems = []
    for document in documents:
        first = seen.setdefault(document.source.id, document.path)
        if first != document.path:
            what = f"document id '{document.source.id}' is also used by {first}"
            problems.append(problem(document.path, 2, what, "give this document an id of its own"))
    return problems


def _read_yaml(path: Path, problems: list[str]) -> tuple[Any, str]:
    text = path.read_text(encoding="utf-8")
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), text
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        remedy = "mend the YAML; put quotes around a question with a colon in it"
        problems.append(problem(path, line, "not readable", remedy))
        return None, text


def _line_of(text: str, words: str) -> int:
    position = text.find(words)
    return text.count("\n", 0, position) + 1 if position >= 0 else 1


def _invalid(path: Path, error: ValidationError) -> list[str]:
    return [
        problem(path, 1, f"{' -> '.join(str(p) for p in e['loc'])}: {e['msg']}", "mend this entry")
        for e in error.errors()
    ]


def _read_questions(
    path: Path,
    known: dict[str, Passage],
    readings: dict[str, Reading],
    labels: dict[str, str],
) -> list[str]:
    problems: list[str] = []
    data, text = _read_yaml(path, problems)
    if problems:
        return problems
    try:
        entries = _QuestionsFile.parse_obj(data).passages
    except ValidationError as error:
        return _invalid(path, error)
    for entry in entries:
        line = _line_of(text, f"id: {entry.id}\n")
        if entry.id not in known:
            near = _nearest(entry.id, known)
            remedy = f"rename it; the nearest passage is '{near}'"
            problems.append(problem(path, line, f"there is no passage '{entry.id}'", remedy))
        elif entry.id in readings:
            remedy = "merge the two entries"
            problems.append(problem(path, line, f"'{entry.id}' is listed twice", remedy))
        elif entry.label and labels.setdefault(entry.label.casefold(), entry.id) != entry.id:
            other = labels[entry.label.casefold()]
            what = f"label '{entry.label}' is also that of '{other}'"
            problems.append(problem(path, line, what, "give each passage a label of its own"))
        readings[entry.id] = Reading(
            entry.label, tuple(q.strip() for q in entry.questions if q.strip()),
            entry.after_escalation,
        )
    return problems


def _nearest(identity: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(identity, list(known), n=1, cutoff=0.0)), "none")


def _read_topics(path: Path, problems: list[str]) -> tuple[Topic, ...]:
    if not path.is_file():
        return ()
    data, text = _read_yaml(path, problems)
    if data is None:
        return ()
    try:
        entries = _TopicsFile.parse_obj(data).topics
    except ValidationError as error:
        problems += _invalid(path, error)
        return ()
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            line = _line_of(text, f"id: {entry.id}\n")
            remedy = "merge the two entries"
            problems.append(problem(path, line, f"topic '{entry.id}' is listed twice", remedy))
        seen.add(entry.id)
    return tuple(Topic(e.id, e.topic, e.ask, tuple(e.questions)) for e in entries)
