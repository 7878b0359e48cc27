"""Finds, under a library's wrapping, the error that says what to do."""

from __future__ import annotations

from bot.errors import GuideError


def why(error: BaseException) -> str:
    """Returns our own error's words if one is among the causes, else those of the first cause."""
    causes = [error]
    while (below := causes[-1].__cause__ or causes[-1].__context__) and below not in causes:
        causes.append(below)
    ours = next((e for e in causes if isinstance(e, GuideError)), None)
    if ours is not None:
        return str(ours).rstrip(".")
    lines = str(causes[-1]).strip().splitlines() or [""]
    return f"{type(causes[-1]).__name__}: {lines[0]}".rstrip(":. ")
