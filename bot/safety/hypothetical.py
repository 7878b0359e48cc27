"""Tells a symptom that is merely asked about from one that somebody may have now."""

from __future__ import annotations

from collections.abc import Sequence

from bot.safety.tokens import Token
from bot.safety.verdict import Finding

_ASKING = frozenset(
    "what which how why when where who is are can could does do should would will may might "
    "if define explain meaning list tell que cuales cual cuando puede es son como si".split()
)
_PRESENT = frozenset(
    "now today tonight yesterday since already currently still just ago morning evening "
    "afternoon night last woke suddenly started getting hoy ahora ayer anoche noche desde "
    "having has had keeps been again help emergency urgent 911 here too so really".split()
)
_SPANISH_PEOPLE = frozenset(
    "mi mis me yo su sus tengo siento estoy el ella hijo hija esposo esposa mama papa madre "
    "padre abuelo abuela hermano hermana le nino nina tiene esta duele".split()
)
_GENERIC = frozenset(("patient", "patients", "people", "person", "one", "someone", "somebody"))
_MAX_WORDS = 40


def is_hypothetical(
    tokens: Sequence[Token], people: frozenset[str], findings: Sequence[Finding]
) -> bool:
    """Returns True only when nobody and no present time is implied; in doubt, False."""
    words = [t.text for t in tokens if t.text[0].isalnum()]
    if not findings or len(words) > _MAX_WORDS:
        return False
    if any(f.tier == "crisis" or f.source == "classifier" for f in findings):
        return False
    if not (set(words[:6]) & _ASKING or (any(t.text == "?" for t in tokens) and len(words) > 3)):
        return False
    persons = (people - _GENERIC) | _SPANISH_PEOPLE | _PRESENT
    asks_for_list = words[:1] == ["tell"] and words[1:2] == ["me"]
    rest = words[2:] if asks_for_list else words
    return not persons.intersection(rest) - ({"el"} if "el" in words[:2] else set())
