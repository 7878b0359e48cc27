"""What a check found: where, how grave, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Level(str, Enum):
    """How grave a finding is; an ERROR alone makes the check fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_ORDER = list(Level)


@dataclass(frozen=True)
class Finding:
    """One finding, shown as `file:line: level: what -> remedy`."""

    level: Level
    path: Path
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.level.value}: {self.what} -> {self.remedy}"


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sorts: errors first, then by file and line."""
    return sorted(findings, key=lambda f: (_ORDER.index(f.level), str(f.path), f.line, f.what))


def summary(findings: Sequence[Finding]) -> str:
    """Counts in a line: `1 error, 2 warnings, 0 notes`."""
    counts = Counter(f.level for f in findings)
    return ", ".join(
        f"{counts[level]} {level.value}{'' if counts[level] == 1 else 's'}" for level in Level
    )
