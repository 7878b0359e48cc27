"""Reads the YAML files of a knowledge base, so that each problem is told with file and line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.errors import KnowledgeError, problem
from bot.knowledge.front_matter import line_of, read_utf8

Form = TypeVar("Form", bound=BaseModel)


def read_yaml(path: Path, problems: list[str]) -> tuple[Any, str]:
    """Returns a file's data and its text; what is wrong with it goes to `problems`."""
    try:
        text = read_utf8(path)
    except KnowledgeError as error:
        problems += error.problems
        return None, ""
    try:
        # A base loader keeps words as they are written: the question `no` is not False.
        return yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)), text
    except yaml.YAMLError as error:
        remedy = "mend the YAML; put quotes around a question with a colon in it"
        problems.append(problem(path, line_of(error), "not readable", remedy))
        return None, text


def read_form(path: Path, form: type[Form], problems: list[str]) -> tuple[Form | None, str]:
    """Returns a file's data in its form, and its text; what does not fit goes to `problems`.

    An empty file is one without fields, if none of the form's is required.
    """
    before = len(problems)
    data, text = read_yaml(path, problems)
    if len(problems) > before:
        return None, text
    if data is None and not any(field.required for field in form.__fields__.values()):
        data = {}
    try:
        return form.parse_obj(data), text
    except ValidationError as error:
        problems += invalid(path, text, error)
        return None, text


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns the known name that is spelt most like this one, for a remedy."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.0)), "none")


def line_at(text: str, place: Sequence[str | int]) -> int:
    """Returns the line of a place such as ("passages", 3, "label") in a YAML text."""
    node = _composed(text)
    for key in place:
        below = None
        if isinstance(node, yaml.MappingNode):
            below = next((v for k, v in node.value if k.value == key), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            below = node.value[key]
        if below is None:
            break
        node = below
    return int(node.start_mark.line) + 1 if node is not None else 1


@lru_cache(maxsize=2)
def _composed(text: str) -> Any:
    """Parses a text into nodes; once for all problems of a file."""
    return yaml.compose(text, Loader=yaml.BaseLoader)


def invalid(path: Path, text: str, error: ValidationError) -> list[str]:
    """Lists what does not fit the form of a file, each with its line."""
    remedy = "mend this entry; put quotes around a question with a colon in it"
    return [
        problem(path, line_at(text, e["loc"]), f"{e['loc'][-1]}: {e['msg']}", remedy)
        for e in error.errors()
    ]
