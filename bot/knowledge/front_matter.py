"""Reads the `---` block that a document begins with: who says it, as of when, who reviewed it."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import yaml

from bot.contract import is_known
from bot.errors import KnowledgeError, problem
from bot.knowledge.passage import Source, slug

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---(?:\n|\Z)", re.DOTALL)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NOBODY = frozenset(
    {"", "none", "nobody", "no", "n/a", "na", "tbd", "tba", "todo", "pending", "null"}
)
_FIELDS = tuple(f.name for f in fields(Source))
_NEEDED = tuple(f.name for f in fields(Source) if f.default is MISSING)


def read_utf8(path: Path) -> str:
    """Reads a text file, with or without the mark that Windows puts before UTF-8.

    Raises:
        KnowledgeError: if it is saved in another encoding.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        remedy = "save the file as UTF-8"
        raise KnowledgeError([problem(path, line, "a letter is not UTF-8", remedy)]) from error


def read_front_matter(text: str, path: Path) -> tuple[Source, str, int]:
    """Returns the source, the text below the front matter, and how many lines are above it.

    Raises:
        KnowledgeError: if the front matter is missing or incomplete.
    """
    match = _FRONT_MATTER.match(text)
    if not match:
        remedy = f"begin the file with a `---` block that holds: {', '.join(_NEEDED)}"
        raise KnowledgeError([problem(path, 1, "front matter is missing", remedy)])
    try:
        # BaseLoader keeps words as they are written: `language: no` is not False.
        data = yaml.load(match.group(1), Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        remedy = "write one `name: value` a line; put quotes around a value with a colon"
        raise KnowledgeError(
            [problem(path, line_of(error) + 1, "front matter is not YAML", remedy)]
        ) from error
    data = data if isinstance(data, dict) else {}
    missing = [f for f in _NEEDED if not str(data.get(f) or "").strip()]
    unknown = sorted(set(data) - set(_FIELDS))
    problems = [
        problem(path, 1, f"front matter has no '{f}'", f"add `{f}: ...`, or `{f}: unknown`")
        for f in missing
    ]
    problems += [
        problem(
            path,
            field_line(text, f),
            f"front matter has an unknown field '{f}'",
            "remove or rename it",
        )
        for f in unknown
    ]
    if problems:
        raise KnowledgeError(problems)
    source = Source(**{f: str(data[f]).strip() for f in _FIELDS if str(data.get(f) or "").strip()})
    problems = _no_values(source, text, path)
    if problems:
        raise KnowledgeError(problems)
    if source.id != slug(source.id, words=20):
        remedy = "use lower-case letters, digits and hyphens"
        line = field_line(text, "id")
        raise KnowledgeError([problem(path, line, f"'{source.id}' cannot be an id", remedy)])
    return source, text[match.end() :], text[: match.end()].count("\n")


def _no_values(source: Source, text: str, path: Path) -> list[str]:
    """Lists dates without a year and reviewers who are none: "TBD" would count as a review."""
    problems = []
    for field in ("as_of", "reviewed_on", "valid_until"):
        value = str(getattr(source, field))
        if is_known(value) and not _YEAR.search(value):
            what = f"`{field}: {value}` is no date"
            remedy = f"write it with its year, such as 2026-06, or `{field}: unknown`"
            problems.append(problem(path, field_line(text, field), what, remedy))
    if source.reviewed_by.casefold().strip(".?-/ ") in _NOBODY:
        what = f"`reviewed_by: {source.reviewed_by}` names nobody"
        remedy = "write who reviewed the text, or `reviewed_by: unknown`"
        problems.append(problem(path, field_line(text, "reviewed_by"), what, remedy))
    return problems


def line_of(error: yaml.YAMLError) -> int:
    """Returns the line of a YAML error, counted from 1."""
    mark = getattr(error, "problem_mark", None)
    return int(mark.line) + 1 if mark else 1


def field_line(text: str, field: str) -> int:
    """Returns the line at which a field of the front matter stands, 1 if it does not."""
    match = re.search(rf"^['\"]?{re.escape(field)}['\"]?\s*:", text, re.MULTILINE)
    return text.count("\n", 0, match.start()) + 1 if match else 1
