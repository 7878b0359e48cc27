"""What the trained bot made of one message, as plain data, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from bot import contract
from bot.encoding import Vectors
from bot.retrieval.ranking import Ranking
from bot.safety import Verdict


class Outcome(str, Enum):
    """What the person gets; `ANSWERED` alone claims to know."""

    ANSWERED = "answered"
    NEAREST = "nearest text, not sure"
    RELATED = "care team, with a related passage"
    ESCALATED = "escalated"
    CARE_TEAM = "care team"
    SYMPTOM = "symptom advice"
    CLARIFIED = "clarified"
    SAID_ALREADY = "no more than was quoted"
    NOT_COVERED = "named as not covered"
    DONT_KNOW = "don't know"
    OUT_OF_SCOPE = "out of scope"
    SMALL_TALK = "small talk"
    OTHER = "other"


_ACTIONS = {
    contract.UTTER_ANSWER: Outcome.ANSWERED,
    contract.UTTER_NEAREST: Outcome.NEAREST,
    contract.UTTER_CARE_TEAM_RELATED: Outcome.RELATED,
    contract.UTTER_CARE_TEAM: Outcome.CARE_TEAM,
    contract.UTTER_SYMPTOM: Outcome.SYMPTOM,
    contract.UTTER_CLARIFY: Outcome.CLARIFIED,
    contract.UTTER_SAID_ALREADY: Outcome.SAID_ALREADY,
    contract.UTTER_NOT_COVERED: Outcome.NOT_COVERED,
    contract.UTTER_DONT_KNOW: Outcome.DONT_KNOW,
    contract.UTTER_OUT_OF_SCOPE: Outcome.OUT_OF_SCOPE,
}


@dataclass(frozen=True)
class Parsed:
    """One message as the bot's own graph read it, without a conversation before it."""

    text: str
    intent: str
    decision: dict[str, Any]
    verdict: Verdict | None
    ranked: tuple[str, ...] = ()
    """Passages, best first, as the retriever ranks them for the whole message."""
    confidence: float = 0.0
    """The retriever's calibrated trust in the first of them."""
    classifier_alarm: bool | None = None
    """Whether the trained half of the detector alone would escalate; None if not known."""
    patterns_alarm: bool = False
    """Whether the patterns alone would escalate."""

    @property
    def escalated(self) -> bool:
        """Whether the escalation goes out first."""
        return self.verdict is not None and (self.verdict.urgent or self.verdict.crisis)

    @property
    def crisis(self) -> bool:
        """Whether the escalation is the one with the crisis line."""
        return self.verdict is not None and self.verdict.crisis

    @property
    def passage(self) -> str | None:
        """The passage that is quoted, if any."""
        quoted = self.outcome in {Outcome.ANSWERED, Outcome.NEAREST, Outcome.RELATED}
        return self.decision.get("passage") if quoted else None

    @property
    def offered(self) -> tuple[str, ...]:
        """The passages on the buttons where nothing is answered for sure."""
        if self.outcome not in {Outcome.CLARIFIED, Outcome.SAID_ALREADY, Outcome.NEAREST}:
            return ()
        return tuple(str(o["id"]) for o in self.decision.get("related") or ())

    @property
    def outcome(self) -> Outcome:
        """What became of the message; a passage after an escalation counts as an answer."""
        action = self.decision.get("action")
        if action in _ACTIONS:
            return _ACTIONS[str(action)]
        if self.escalated:
            return Outcome.ESCALATED
        return Outcome.SMALL_TALK if action is None else Outcome.OTHER


@dataclass(frozen=True)
class Look:
    """One message with the numbers behind it: the ranking of the whole message, its embedding.

    `ranking` and `vector`, of shape (d,), are None if the message could not be encoded.
    """

    parsed: Parsed
    ranking: Ranking | None
    vector: Vectors | None
    intent_probability: float


@dataclass(frozen=True)
class ModelCard:
    """Which trained model was measured."""

    name: str
    knowledge_hash: str
    faults: tuple[str, ...] = ()
    """What is wrong with it, so that its figures are not those of the bot as it stands."""
    labels: dict[str, str] = field(default_factory=dict)
    """Button titles by passage id: short names for tables."""
