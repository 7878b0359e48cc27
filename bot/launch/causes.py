"""Finds, under a library's wrapping, the error that says what to do."""

from __future__ import annotations

from bot.errors import GuideError

_LINES = 8
_WRAPPING = frozenset({"GraphComponentException"})
"""Rasa's word for "some component failed": its cause says more."""


def why(error: BaseException) -> str:
    """Returns the words of our own error among the causes, else Rasa's, else the first cause's."""
    causes = [error]
    while (below := causes[-1].__cause__ or causes[-1].__context__) and below not in causes:
        causes.append(below)
    ours = next((e for e in causes if isinstance(e, GuideError)), None)
    if ours is not None:
        return str(ours).rstrip(".")
    rasas = next((e for e in causes if _is_of_rasa(e)), None)
    if rasas is not None:
        return "\n".join(_lines(rasas)[:_LINES])
    first = (_lines(causes[-1]) or [""])[0]
    return f"{type(causes[-1]).__name__}: {first}".rstrip(":. ")


def _is_of_rasa(error: BaseException) -> bool:
    kind = type(error)
    return (
        kind.__module__.startswith("rasa.") and kind.__name__ not in _WRAPPING and bool(str(error))
    )


def _lines(error: BaseException) -> list[str]:
    return [line.rstrip() for line in str(error).splitlines() if line.strip()]
