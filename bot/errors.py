"""Errors that name what was wrong, where, and the next step."""

from __future__ import annotations

from pathlib import Path


class GuideError(Exception):
    """Says what was wrong and what to do about it; shown without a stack trace."""


class SettingsError(GuideError):
    """A setting or `clinic.yml` cannot be used."""


class KnowledgeError(GuideError):
    """One or more problems in `knowledge/`, each with file, line and remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ModelError(GuideError):
    """A model file is missing, damaged or not the one that was expected."""


def problem(path: Path, line: int, what: str, remedy: str) -> str:
    """Formats one problem as `file:line: what -> remedy`."""
    return f"{path}:{line}: {what} -> {remedy}"
