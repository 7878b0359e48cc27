"""What of the loaded model does not work although the bot serves: for `/health/ready`.

The bot goes on with what is left (without an encoder the patterns still find symptoms), and whoever
watches it must see that it does. Of the whole process, as is the model.
"""

from __future__ import annotations

_faults: dict[str, str] = {}


def works(part: str) -> None:
    """Notes that a part of the model was loaded."""
    _faults.pop(part, None)


def fails(part: str, what_it_costs: str) -> None:
    """Notes that a part of the model could not be loaded, and what the bot does without it."""
    _faults[part] = what_it_costs


def faults() -> list[str]:
    """Lists what does not work, as sentences."""
    return [f"{part} could not be loaded: {cost}." for part, cost in sorted(_faults.items())]
