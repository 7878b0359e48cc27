"""What the safety detectors say about a message: levels, findings with evidence, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, cast

from bot.safety.families import FAMILIES, Tier, gravity

Source = Literal["pattern", "reading", "classifier"]
Language = Literal["en", "es", "unknown"]
Route = Literal["emergency", "clinic", "crisis", "crisis_emergency", "none"]
Advice = Literal["fever", "breathing_chest", "confusion_speech", "bleeding", "allergy", "general"]


class Level(str, Enum):
    """How grave a message is; levels compare by gravity."""

    NONE = "none"
    SOFT = "soft"
    URGENT = "urgent"
    CRISIS = "crisis"

    @property
    def rank(self) -> int:
        return list(Level).index(self)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, Level) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.rank <= other.rank if isinstance(other, Level) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.rank > other.rank if isinstance(other, Level) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, Level) else NotImplemented


@dataclass(frozen=True)
class Finding:
    """One piece of evidence; `start` and `end` are character offsets in the raw text.

    `emergency` marks the wordings inside a family that need the emergency number first,
    such as a faint with loss of consciousness or an overdose.
    """

    family: str
    tier: Tier
    start: int
    end: int
    source: Source
    negated: bool = False
    score: float = 1.0
    emergency: bool = False

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Verdict:
    """The joined judgement on one message, JSON-able and free of the person's words."""

    level: Level
    findings: tuple[Finding, ...] = ()
    hypothetical: bool = False
    language: Language = "en"

    @property
    def affirmed(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if not f.negated)

    @property
    def urgent(self) -> bool:
        """Tells whether an urgent symptom is mentioned, whatever else the message holds."""
        return any(f.tier in ("core", "ext") for f in self.affirmed) or self._overdose

    @property
    def crisis(self) -> bool:
        return any(f.tier == "crisis" for f in self.affirmed)

    @property
    def families(self) -> tuple[str, ...]:
        """Returns the families that are present, gravest first."""
        return tuple(sorted({f.family for f in self.affirmed}, key=gravity))

    @property
    def route(self) -> Route:
        """Returns whose number comes first."""
        if self.crisis:
            return "crisis_emergency" if self.urgent else "crisis"
        if not self.urgent:
            return "none"
        grave = any(f.emergency or FAMILIES[f.family].emergency for f in self.affirmed)
        return "emergency" if grave else "clinic"

    @property
    def advice(self) -> Advice:
        """Returns the advice variant of the gravest urgent family."""
        urgent = [name for name in self.families if FAMILIES[name].tier in ("core", "ext")]
        return cast(Advice, FAMILIES[urgent[0]].advice) if urgent else "general"

    @property
    def _overdose(self) -> bool:
        return any(f.tier == "crisis" and f.emergency for f in self.affirmed)

    def as_dict(self) -> dict[str, Any]:
        return {
            "level": self.level.value,
            "urgent": self.urgent,
            "crisis": self.crisis,
            "families": list(self.families),
            "route": self.route,
            "advice": self.advice,
            "hypothetical": self.hypothetical,
            "language": self.language,
            "findings": [f.as_dict() for f in self.findings],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Reads back what `as_dict` wrote; the derived keys are computed anew."""
        return cls(
            level=Level(data["level"]),
            findings=tuple(Finding(**f) for f in data["findings"]),
            hypothetical=bool(data["hypothetical"]),
            language=data["language"],
        )


def level_of(findings: tuple[Finding, ...]) -> Level:
    """Returns the level of the gravest finding that is not negated."""
    tiers = {f.tier for f in findings if not f.negated}
    if "crisis" in tiers:
        return Level.CRISIS
    if tiers & {"core", "ext"}:
        return Level.URGENT
    return Level.SOFT if "soft" in tiers else Level.NONE
