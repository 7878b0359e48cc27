"""What policies, channels and replies share about an escalation: whether, in which words, its log.

A message is judged here once for all of them, so that words, phone links and record agree.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import contract
from bot.safety import Finding, Level, Verdict
from bot.safety.quick import quick_verdict

logger = logging.getLogger(__name__)

CRISIS_INTENT_AT = 0.6
"""The intent classifier is a third detector of crisis: above this it is believed, in English
only (its Spanish examples are all of one intent)."""

GUARDED_OUTPUT = "guide"
"""What our channels' output is called: there an escalation is counted as it leaves."""


def is_due(verdict: Verdict) -> bool:
    """Tells whether a verdict asks for the escalation."""
    return bool(verdict.urgent or verdict.crisis)


def variant(verdict: Verdict) -> str:
    """Names the wording: route, language, and whether it was merely asked about."""
    language = "es" if verdict.language == "es" else "en"
    asked = verdict.hypothetical and not verdict.crisis
    return f"{verdict.route}_{language}" + ("_asked" if asked else "")


def graph_verdict(data: Mapping[str, Any]) -> Verdict | None:
    """Returns the verdict that the NLU graph left in message data; None if it did not."""
    found = data.get(contract.VERDICT)
    if not found:
        return None
    try:
        return Verdict.from_dict(found)
    except Exception:  # An unreadable verdict must not cost an escalation.
        logger.error("safety verdict unreadable, patterns read the text")
        return None


def verdict_on(text: str, data: Mapping[str, Any], intent: Mapping[str, Any]) -> Verdict:
    """Returns the verdict on a message: the graph's, or the patterns' on its raw text.

    The patterns read the text again if the graph's verdict is missing, as it is for text in
    the form of an `/intent{...}` command.
    """
    verdict = graph_verdict(data) or quick_verdict(text)
    sure = float(intent.get("confidence") or 0.0) >= CRISIS_INTENT_AT
    named = intent.get("name") == contract.INTENT_CRISIS and verdict.language == "en"
    if named and sure and not verdict.crisis:
        finding = Finding("self_harm", "crisis", 0, 0, "classifier")
        return replace(verdict, level=Level.CRISIS, findings=(*verdict.findings, finding))
    return verdict


def log_escalation(*, level: str, families: Sequence[str], channel: str, said_by: str) -> None:
    """Writes the one line that an escalation leaves in the log: no words, no sender.

    Args:
        level: `urgent` or `crisis`.
        families: ids of the symptom inventory.
        channel: where the person wrote.
        said_by: `turn`, or `channel` if the guard spoke because the turn could not.
    """
    logger.info(
        "escalation level=%s families=%s channel=%s said_by=%s",
        level,
        ",".join(families) or "unspecified",
        channel,
        said_by,
    )
