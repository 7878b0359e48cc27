"""The statistics: pure functions from timed turns to medians, ratios and aims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from bot.bench.schedule import EARLY, REACH

GROWTH_STEP = 50
"""Turns a point of the growth curve: long enough to average over a session that is rolled."""

LATE_AIM = 1.5
"""Issue 2: a turn at 300 no more than half again as slow as a turn at 5."""


@dataclass(frozen=True)
class Turn:
    """One timed turn; `replies` is how many messages came back, `cpu` the server's CPU seconds."""

    sender: str
    number: int
    fresh: bool
    seconds: float
    cpu: float
    replies: int


@dataclass(frozen=True)
class Spread:
    """Median and 95th percentile in milliseconds, over `count` turns."""

    median: float
    p95: float
    count: int


@dataclass(frozen=True)
class Latency:
    """What a bot's turns took, in milliseconds.

    `growth` has the median of each fifty turns of the long talks. CPU times are means, and
    change less than the others when other programs keep the machine busy.
    """

    early: Spread
    fresh: Spread
    late: Spread
    fresh_cpu: float
    late_cpu: float
    growth: list[float]
    silent: int

    @property
    def late_to_early(self) -> float:
        """How many times slower a late turn is than an early one."""
        return self.late.median / self.early.median


@dataclass(frozen=True)
class Aim:
    """A figure with the limit that we aim for."""

    words: str
    value: float
    limit: float

    @property
    def held(self) -> bool:
        """Tells whether the figure is within the limit."""
        return self.value <= self.limit


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the value below which `share` (0 to 1) of the values lie, between ranks linearly.

    Raises:
        ValueError: if there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def spread(seconds: Sequence[float]) -> Spread:
    """Summarises durations."""
    return Spread(percentile(seconds, 0.5) * 1000, percentile(seconds, 0.95) * 1000, len(seconds))


def latency(turns: Sequence[Turn], late: int) -> Latency:
    """Summarises a bot's turns; `late` is the turn that stands for a long conversation."""
    fresh = [t for t in turns if t.fresh]
    long = [t for t in turns if not t.fresh]
    window = [t for t in long if abs(t.number - late) <= REACH]
    return Latency(
        early=spread([t.seconds for t in fresh if t.number == EARLY]),
        fresh=spread([t.seconds for t in fresh]),
        late=spread([t.seconds for t in window]),
        fresh_cpu=fmean(t.cpu for t in fresh) * 1000,
        late_cpu=fmean(t.cpu for t in window) * 1000,
        growth=growth(long),
        silent=sum(t.replies == 0 for t in turns),
    )


def growth(turns: Sequence[Turn]) -> list[float]:
    """Returns the median in milliseconds of turns 1-50, 51-100 and so on."""
    steps: dict[int, list[float]] = {}
    for turn in turns:
        steps.setdefault((turn.number - 1) // GROWTH_STEP, []).append(turn.seconds)
    return [percentile(steps[step], 0.5) * 1000 for step in sorted(steps)]


def aims(guide: Latency, stock: Latency) -> list[Aim]:
    """Compares this bot with the stock bot and with itself, by medians."""
    return [
        Aim(f"turn {EARLY}, of the stock bot's", guide.early.median / stock.early.median, 1.0),
        Aim("late turn, of the stock bot's", guide.late.median / stock.late.median, 1.0),
        Aim(f"late turn, of its own turn {EARLY}", guide.late_to_early, LATE_AIM),
    ]
