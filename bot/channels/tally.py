"""How many escalations have left through our channels: by day, channel, level and family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from bot.escalation_words import log_escalation

KEPT_DAYS = 31
"""A month can be compared with the one before; the log goes further back."""


class EscalationTally:
    """Counts escalations since the process began, and writes each to the log.

    It holds no words, no sender and no time of day: few people write to a clinic's bot at 3 a.m.
    """

    def __init__(self) -> None:
        self.since = datetime.now(timezone.utc)
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._said_by: Counter[tuple[str, str]] = Counter()

    def add(
        self,
        *,
        level: str,
        families: Sequence[str],
        channel: str,
        said_by: str,
        now: datetime | None = None,
    ) -> None:
        """Counts one escalation, once for each of its families."""
        log_escalation(level=level, families=families, channel=channel, said_by=said_by)
        today = (now or datetime.now(timezone.utc)).date()
        self._said_by[(today.isoformat(), said_by)] += 1
        for family in families or ("unspecified",):
            self._counts[(today.isoformat(), channel, level, family)] += 1
        self._forget(before=(today - timedelta(days=KEPT_DAYS - 1)).isoformat())

    def as_dict(self) -> dict[str, Any]:
        """Returns the counts as `/health/escalations` shows them, oldest first."""
        said_by: Counter[str] = Counter()
        for (_, who), count in self._said_by.items():
            said_by[who] += count
        return {
            "since": self.since.isoformat(timespec="seconds"),
            "total": sum(said_by.values()),
            "said_by": {who: said_by[who] for who in ("turn", "channel")},
            "counts": [
                {"day": day, "channel": channel, "level": level, "family": family, "count": count}
                for (day, channel, level, family), count in sorted(self._counts.items())
            ],
        }

    def _forget(self, *, before: str) -> None:
        for counts in (self._counts, self._said_by):
            for key in [k for k in counts if k[0] < before]:
                del counts[key]


TALLY = EscalationTally()
"""The process's own: Rasa makes channels one by one, and `health` shows what the others said."""
