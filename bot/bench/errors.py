"""What can break in a benchmark run; a slow figure is never an error."""

from __future__ import annotations

from bot.errors import GuideError


class BenchError(GuideError):
    """The run could not be made; says why and what to do."""
