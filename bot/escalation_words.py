"""Which wording of the escalation a verdict calls for."""

from __future__ import annotations

from bot.safety import Verdict


def is_due(verdict: Verdict) -> bool:
    """Tells whether a verdict asks for the escalation."""
    return bool(verdict.urgent or verdict.crisis)


def variant(verdict: Verdict) -> str:
    """Names the wording: route, language, and whether it was merely asked about."""
    language = "es" if verdict.language == "es" else "en"
    asked = verdict.hypothetical and not verdict.crisis
    return f"{verdict.route}_{language}" + ("_asked" if asked else "")
