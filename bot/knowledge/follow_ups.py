"""What people write after a passage was quoted, and which passage answers that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Extra, Field

from bot.errors import problem
from bot.knowledge.yaml_file import line_at, nearest, read_form


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
    follow_ups: list[_After] = Field(default_factory=list)

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
    file, text = read_form(path, _File, problems)
    groups = file.follow_ups if file else []
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
        times = f" (named {len(places)} times)" if len(places) > 1 else ""
        what = f"there is no passage '{name}'{times}"
        remedy = (
            f"rename it (the nearest passage is '{nearest(name, known)}'), or delete what names it"
        )
        problems.append(problem(path, line_at(text, places[0]), what, remedy))
    return tuple(found)
