"""Loads the whole of `knowledge/`: passages, the questions they answer, topics not covered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path

from pydantic import BaseModel, Extra, Field

from bot.errors import KnowledgeError, problem
from bot.knowledge.document import Document, read_document
from bot.knowledge.follow_ups import SecondMessage, read_follow_ups
from bot.knowledge.glossary import Glossary, read_glossary
from bot.knowledge.passage import Passage, PassageKind, Reading, Topic
from bot.knowledge.yaml_file import line_at, nearest, read_form

QUESTIONS_DIR = "questions"
NOT_COVERED_FILE = "not_covered.yml"
GLOSSARY_FILE = "glossary.yml"
FOLLOW_UPS_FILE = "follow_ups.yml"
MAX_LABEL = 45
"""Longest button title, in characters, that a phone shows in one line."""


@dataclass(frozen=True)
class KnowledgeBase:
    """Everything the bot may quote, and how people ask for it."""

    documents: tuple[Document, ...]
    readings: dict[str, Reading]
    topics: tuple[Topic, ...]
    hash: str
    glossary: Glossary = field(default_factory=lambda: Glossary(()))
    follow_ups: tuple[SecondMessage, ...] = ()

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """All passages, in reading order, document by document."""
        return tuple(p for d in self.documents for p in d.passages)

    @cached_property
    def by_id(self) -> dict[str, Passage]:
        """Passages by id."""
        return {p.id: p for p in self.passages}

    @cached_property
    def labels(self) -> dict[str, str]:
        """Button titles by passage id: the editor's, or the start of the passage's words.

        No two are the same, since a click finds its passage by the title.
        """
        labels = {i: r.label for i, r in self.readings.items() if r.label}
        taken = {label.casefold() for label in labels.values()}
        for passage in self.passages:
            if passage.id not in labels:
                labels[passage.id] = next(
                    c for c in _candidates(passage) if c.casefold() not in taken
                )
                taken.add(labels[passage.id].casefold())
        return labels

    def label(self, passage_id: str) -> str:
        """Returns the button title of a passage."""
        return self.labels[passage_id]


def _candidates(passage: Passage) -> Iterator[str]:
    first_line = passage.text.split("\n")[0]
    if passage.kind is PassageKind.FAQ:
        yield shorten(passage.lead)
    yield shorten(first_line)
    for number in count(2):
        yield f"{shorten(first_line, MAX_LABEL - 5)} ({number})"


def shorten(text: str, limit: int = MAX_LABEL) -> str:
    """Cuts a text at a word end so that it fits a button."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(",.;:") + "…"


def knowledge_files(root: Path) -> list[Path]:
    """Lists the files that make up a knowledge base, in a stable order."""
    beside = [root / name for name in (NOT_COVERED_FILE, GLOSSARY_FILE, FOLLOW_UPS_FILE)]
    found = [*root.glob("*.md"), *(root / QUESTIONS_DIR).glob("*.yml"), *beside]
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
    follow_ups = read_follow_ups(root / FOLLOW_UPS_FILE, known, problems)
    try:
        glossary = read_glossary(root / GLOSSARY_FILE)
    except KnowledgeError as error:
        problems += error.problems
    if problems:
        raise KnowledgeError(problems)
    return KnowledgeBase(
        tuple(documents), readings, topics, knowledge_hash(root), glossary, follow_ups
    )


class _Entry(BaseModel):
    id: str
    label: str = Field("", max_length=MAX_LABEL)
    after_escalation: bool = False
    instead: str = ""
    alike: list[str] = Field(default_factory=list)
    questions: list[str] = Field(default_factory=list)

    class Config:
        extra = Extra.forbid


class _QuestionsFile(BaseModel):
    passages: list[_Entry]

    class Config:
        extra = Extra.forbid


class _TopicEntry(BaseModel):
    id: str = Field(..., min_length=1)
    topic: str = Field(..., min_length=1)
    ask: str = Field(..., min_length=1)
    questions: list[str] = Field(..., min_items=1)

    class Config:
        extra = Extra.forbid


class _TopicsFile(BaseModel):
    topics: list[_TopicEntry] = Field(default_factory=list)

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


def _read_questions(
    path: Path,
    known: dict[str, Passage],
    readings: dict[str, Reading],
    labels: dict[str, str],
) -> list[str]:
    problems: list[str] = []
    file, text = read_form(path, _QuestionsFile, problems)
    entries = file.passages if file else []
    for number, entry in enumerate(entries):
        if entry.id not in known:
            line = line_at(text, ("passages", number))
            near = nearest(entry.id, known)
            remedy = f"rename it; the nearest passage is '{near}'"
            problems.append(problem(path, line, f"there is no passage '{entry.id}'", remedy))
        elif entry.id in readings:
            line = line_at(text, ("passages", number))
            remedy = "merge the two entries"
            problems.append(problem(path, line, f"'{entry.id}' is listed twice", remedy))
        elif entry.label and labels.setdefault(entry.label.casefold(), entry.id) != entry.id:
            line = line_at(text, ("passages", number, "label"))
            other = labels[entry.label.casefold()]
            what = f"label '{entry.label}' is also that of '{other}'"
            problems.append(problem(path, line, what, "give each passage a label of its own"))
        readings[entry.id] = Reading(
            entry.label,
            tuple(q.strip() for q in entry.questions if q.strip()),
            entry.after_escalation,
            entry.instead,
            tuple(entry.alike),
        )
        for key, names in (("instead", [entry.instead]), ("alike", entry.alike)):
            for name in names:
                if name and (name not in known or name == entry.id):
                    line = line_at(text, ("passages", number, key))
                    what = f"`{key}` names '{name}', which is no other passage"
                    near = nearest(name, known.keys() - {entry.id})
                    problems.append(problem(path, line, what, f"the nearest passage is '{near}'"))
    return problems


def _read_topics(path: Path, problems: list[str]) -> tuple[Topic, ...]:
    if not path.is_file():
        return ()
    file, text = read_form(path, _TopicsFile, problems)
    entries = file.topics if file else []
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        if entry.id in seen:
            line = line_at(text, ("topics", number))
            remedy = "merge the two entries"
            problems.append(problem(path, line, f"topic '{entry.id}' is listed twice", remedy))
        seen.add(entry.id)
    return tuple(Topic(e.id, e.topic, e.ask, tuple(e.questions)) for e in entries)
