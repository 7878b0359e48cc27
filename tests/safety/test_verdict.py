"""Levels compare by gravity; routes and advice follow the gravest family; JSON reads back."""

import json

import pytest

from bot.safety import Finding, Level, Verdict
from bot.safety.families import FAMILIES
from bot.safety.verdict import level_of


def finding(family: str, *, negated: bool = False, emergency: bool = False) -> Finding:
    tier = FAMILIES[family].tier
    return Finding(family, tier, 0, 5, "pattern", negated, 1.0, emergency)


def verdict(*findings: Finding) -> Verdict:
    return Verdict(level_of(findings), findings)


def test_levels_are_ordered_by_gravity() -> None:
    assert Level.NONE < Level.SOFT < Level.URGENT < Level.CRISIS


def test_inventory_has_twenty_families() -> None:
    assert len([name for name in FAMILIES if name != "unspecified"]) == 20


@pytest.mark.parametrize(
    ("findings", "route"),
    [
        ([], "none"),
        ([finding("fever_chills")], "clinic"),
        ([finding("breathing")], "emergency"),
        ([finding("fever_chills"), finding("seizure")], "emergency"),
        ([finding("faint_lowbp")], "clinic"),
        ([finding("faint_lowbp", emergency=True)], "emergency"),
        ([finding("bleeding")], "clinic"),
        ([finding("bleeding", emergency=True)], "emergency"),
        ([finding("allergy", emergency=True)], "emergency"),
        ([finding("sleepiness", emergency=True)], "emergency"),
        ([finding("self_harm")], "crisis"),
        ([finding("self_harm"), finding("fever_chills")], "crisis_emergency"),
        ([finding("self_harm", emergency=True)], "crisis_emergency"),
        ([finding("breathing", negated=True)], "none"),
        ([finding("fatigue_severe")], "none"),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(f.family for f in value),
)
def test_route(findings: list[Finding], route: str) -> None:
    assert verdict(*findings).route == route


@pytest.mark.parametrize(
    ("family", "advice"),
    [
        ("fever_chills", "fever"),
        ("chest", "breathing_chest"),
        ("speech_writing", "confusion_speech"),
        ("bleeding", "bleeding"),
        ("allergy", "allergy"),
        ("gi", "general"),
    ],
)
def test_advice(family: str, advice: str) -> None:
    assert verdict(finding(family)).advice == advice


def test_urgent_and_crisis_keep_both() -> None:
    both = verdict(finding("self_harm"), finding("chest"))
    assert (both.level, both.urgent, both.crisis) == (Level.CRISIS, True, True)
    assert both.families == ("self_harm", "chest")


def test_reads_back_what_it_wrote() -> None:
    before = verdict(finding("chest"), finding("fever_chills", negated=True))
    assert Verdict.from_dict(json.loads(json.dumps(before.as_dict()))) == before
