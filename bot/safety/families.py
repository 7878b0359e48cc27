"""The 20 families of symptoms, gravest first, after shared/data/symptom_inventory.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["core", "ext", "soft", "crisis"]


@dataclass(frozen=True)
class Family:
    """A family of symptoms that share tier, first number to call and advice.

    `emergency`: every wording of the family needs the emergency number first.
    """

    name: str
    tier: Tier
    clinical: str
    emergency: bool = False
    advice: str = "general"


_ALL = (
    Family("self_harm", "crisis", "suicidal ideation"),
    Family("breathing", "core", "dyspnoea, hypoxia", True, "breathing_chest"),
    Family("chest", "core", "chest pain", True, "breathing_chest"),
    Family("seizure", "ext", "seizure", True, "confusion_speech"),
    Family("stroke_focal", "ext", "focal weakness, cranial nerve palsy", True, "confusion_speech"),
    Family("sleepiness", "core", "depressed consciousness", advice="confusion_speech"),
    Family("faint_lowbp", "core", "syncope, hypotension"),
    Family("bleeding", "ext", "haemorrhage, thrombocytopenia", advice="bleeding"),
    Family("allergy", "ext", "anaphylaxis, hypersensitivity", advice="allergy"),
    Family("confusion", "core", "encephalopathy, delirium (ICANS)", advice="confusion_speech"),
    Family("speech_writing", "core", "aphasia, dysarthria, dysgraphia", advice="confusion_speech"),
    Family("fever_chills", "core", "pyrexia >=38.0 C, rigors", advice="fever"),
    Family("tremor", "core", "tremor, myoclonus", advice="confusion_speech"),
    Family("heartbeat", "ext", "tachycardia, arrhythmia"),
    Family("headache", "ext", "severe headache"),
    Family("gi", "ext", "severe vomiting or diarrhoea, enterocolitis"),
    Family("urine_kidney", "ext", "oliguria, acute kidney injury"),
    Family("infection", "ext", "infection, neutropenic sepsis", advice="fever"),
    Family("fatigue_severe", "soft", "severe fatigue or weakness"),
    Family("pain_severe", "soft", "severe myalgia or arthralgia"),
)
# The classifier sees that something is urgent, not what.
UNSPECIFIED = Family("unspecified", "ext", "urgent, family not named")
FAMILIES = {family.name: family for family in (*_ALL, UNSPECIFIED)}
_GRAVITY = {name: rank for rank, name in enumerate(FAMILIES)}


def gravity(name: str) -> int:
    """Returns the sort key of a family: the smaller, the graver."""
    return _GRAVITY[name]
