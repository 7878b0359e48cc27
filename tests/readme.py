"""Reads from README.md what it promises: its conversation, and the command that asks over REST."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.settings import ROOT

TEXT = (ROOT / "README.md").read_text("utf-8")
_BUTTON = re.compile(r"\[([^\]]+)\]")
_CURL = re.compile(r"curl -s ([^/\s]+)(/\S*) .*?-d '([^']*)'", re.DOTALL)


@dataclass
class Turn:
    """What somebody says, the lines of the reply, and the buttons below it."""

    said: str
    lines: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)


def conversation() -> list[Turn]:
    """Returns the turns of the block that begins with "You:"; empty lines are left out."""
    block = next(b for b in TEXT.split("```")[1::2] if b.strip().startswith("You:"))
    turns: list[Turn] = []
    for line in filter(None, map(str.strip, block.splitlines())):
        if line.startswith("You:"):
            turns.append(Turn(line.removeprefix("You:").strip()))
        elif line.startswith("["):
            turns[-1].buttons += _BUTTON.findall(line)
        else:
            turns[-1].lines.append(line)
    return turns


def curl() -> tuple[str, str, str]:
    """Returns host and port, path, and body of the command that asks over REST."""
    match = _CURL.search(TEXT)
    assert match is not None
    host, path, body = match.groups()
    return host, path, body
