"""What people write after a passage was quoted, and which passage answers that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, Extra, Field, ValidationError

from bot.errors import problem
from bot.knowledge.yaml_file import invalid, line_at, read_yaml


@dataclass(frozen=True)
class SecondMessage:
    """A message after passage `after`; `answered_by` is None if no passage answers it."""

    after: str
    text: str
    answered_by: str | None


class _Message(BaseModel):
    ask: str = Field(..., min_length=1)
    answered_by: str | None = None

    class Config:
        extra = Extra.forbid


class _After(BaseModel):
    after: str
    messages: list[_Message] = Field(..., min_items=1)

    class Config:
        extra = Extra.forbid


class _File(BaseModel):
    follow_ups: list[_After]

    class Config:
        extra = Extra.forbid


def read_follow_ups(
    path: Path, known: Collection[str], problems: list[str]
) -> tuple[SecondMessage, ...]:
    """Reads `follow_ups.yml`; no file is none of them. What is wrong goes to `problems`.

    Args:
        path: the file.
        known: ids of the passages.
        problems: gets each problem with file, line and remedy.
    """
    if not path.is_file():
        return ()
    data, text = read_yaml(path, problems)
    if data is None:
        return ()
    try:
        groups = _File.parse_obj(data).follow_ups
    except ValidationError as error:
        problems += invalid(path, text, error)
        return ()
    found = []
    unknown: dict[str, list[tuple[str | int, ...]]] = {}
    for number, group in enumerate(groups):
        if group.after not in known:
            unknown.setdefault(group.after, []).append(("follow_ups", number, "after"))
        for place, message in enumerate(group.messages):
            found.append(SecondMessage(group.after, message.ask, message.answered_by))
            if message.answered_by is not None and message.answered_by not in known:
                where = ("follow_ups", number, "messages", place, "answered_by")
                unknown.setdefault(message.answered_by, []).append(where)
    for name, places in unknown.items():
        near = next(iter(get_close_matches(name, list(known), n=1, cutoff=0.0)), "none")
        times = f" (named {len(places)} times)" if len(places) > 1 else ""
        what = f"there is no passage '{name}'{times}"
        remedy = f"rename it (the nearest passage is '{near}'), or delete what names it"
        problems.append(problem(path, line_at(text, places[0]), what, remedy))
    return tuple(found)
