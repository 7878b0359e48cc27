"""What goes with a reply: the source line, buttons, phone links in order of urgency."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot import contract
from bot.clinic import Clinic, Site
from bot.reply import answer_variables, buttons_of, escalation_of, payload_of
from bot.safety.verdict import Finding, Level, Verdict
from bot.settings import ROOT
from bot.words import Words, domain_responses

SITE = Site(
    name="North Clinic",
    care_team_phone="+1 (212) 222-2222",
    after_hours_phone="313 333.3333",
    emergency_number="112",
    crisis_line="116 123",
    hours="always",
)
WORDS = Words(domain_responses(ROOT / "domain.yml"), Clinic(default_site="n", sites={"n": SITE}))
CARD: dict[str, Any] = {
    "id": "doc/s/p",
    "quote": "Quoted words.",
    "title": "The title",
    "section": "The section",
    "as_of": "2026-06",
    "publisher": "unknown",
    "url": "unknown",
    "reviewed_by": "unknown",
    "reviewed_on": "unknown",
}

CARE, AFTER = "care_team", "after_hours"


@pytest.mark.parametrize(
    ("route", "roles"),
    [
        ("emergency", ["emergency", CARE, AFTER]),
        ("clinic", [CARE, AFTER, "emergency"]),
        ("crisis", ["crisis", "emergency"]),
        ("crisis_emergency", ["emergency", "crisis"]),
        ("none", [CARE, AFTER, "emergency"]),
        (None, [CARE, AFTER, "emergency"]),
        ("something new", [CARE, AFTER, "emergency"]),
    ],
)
def test_the_most_urgent_number_comes_first(route: str | None, roles: list[str]) -> None:
    assert [p["role"] for p in escalation_of({"route": route}, SITE)["phones"]] == roles


def test_links_dial_the_digits_alone() -> None:
    phones = escalation_of({"route": "emergency"}, SITE)["phones"]
    crisis = escalation_of({"route": "crisis"}, SITE)["phones"][0]
    assert [(p["number"], p["href"]) for p in [*phones, crisis]] == [
        ("112", "tel:112"),
        ("+1 (212) 222-2222", "tel:+12122222222"),
        ("313 333.3333", "tel:3133333333"),
        ("116 123", "tel:116123"),
    ]


def test_the_order_is_that_of_the_words() -> None:
    for route in ("emergency", "clinic", "crisis", "crisis_emergency"):
        text = WORDS.say(contract.UTTER_ESCALATION, slots={"escalation": f"{route}_en"})["text"]
        numbers = [p["number"] for p in escalation_of({"route": route}, SITE)["phones"]]
        places = [text.find(n) for n in numbers]
        assert -1 not in places
        assert places == sorted(places), route


def test_without_a_verdict_an_escalation_still_names_everybody() -> None:
    found = payload_of(contract.KIND_ESCALATION, {}, None, SITE)
    assert (found["level"], found["families"], len(found["phones"])) == ("urgent", [], 3)


def test_an_escalation_carries_level_and_families_and_nobodys_words() -> None:
    verdict = Verdict(
        Level.URGENT,
        (Finding("chest", "core", 0, 9, "pattern"), Finding("tremor", "core", 1, 2, "pattern")),
    )
    found = payload_of(contract.KIND_ESCALATION, {contract.VERDICT: verdict.as_dict()}, None, SITE)
    assert found["v"] == 1
    assert found["kind"] == "escalation"
    assert found["level"] == "urgent"
    assert found["families"] == ["chest", "tremor"]
    assert [p["role"] for p in found["phones"]] == ["emergency", CARE, AFTER]
    assert set(found) == {"v", "kind", "level", "families", "phones"}
    assert json.loads(json.dumps(found)) == found


def test_an_answer_names_its_source_and_leaves_the_unknown_empty() -> None:
    found = payload_of(contract.KIND_ANSWER, {}, CARD, SITE)
    assert found == {
        "v": 1,
        "kind": "answer",
        "source": {
            "passage": "doc/s/p",
            "title": "The title",
            "section": "The section",
            "as_of": "2026-06",
            "url": None,
            "reviewed_by": None,
        },
    }
    known = payload_of(
        contract.KIND_ANSWER, {}, {**CARD, "url": "https://x.org", "reviewed_by": "Dr. A"}, SITE
    )
    assert known["source"]["url"] == "https://x.org"
    assert known["source"]["reviewed_by"] == "Dr. A"


@pytest.mark.parametrize("kind", [contract.KIND_TEXT, contract.KIND_ERROR, contract.KIND_ANSWER])
def test_other_replies_carry_their_kind_only(kind: str) -> None:
    data = {contract.VERDICT: Verdict(Level.NONE).as_dict()}
    assert payload_of(kind, data, None, SITE) == {"v": 1, "kind": kind}


def said(**changes: str) -> str:
    card = {**CARD, **changes}
    response = WORDS.say(contract.UTTER_ANSWER, variables=answer_variables(card, WORDS, None))
    return str(response["text"])


def test_an_answer_that_nobody_has_reviewed_says_so() -> None:
    assert said() == (
        "“Quoted words.”\n"
        "— The title, section “The section” (as of June 2026; not yet reviewed by the clinic)"
    )


def test_an_answer_names_reviewer_publisher_and_address() -> None:
    text = said(
        reviewed_by="Dr. A", reviewed_on="2026-07-01", publisher="A House", url="https://x.org"
    )
    assert text == (
        "“Quoted words.”\n— The title, section “The section” "
        "(as of June 2026; reviewed by Dr. A, 2026-07-01) Published by A House. https://x.org"
    )


@pytest.mark.parametrize("unknown", ["reviewed_by", "reviewed_on"])
def test_half_a_review_is_none(unknown: str) -> None:
    review = {"reviewed_by": "Dr. A", "reviewed_on": "2026-07-01", unknown: "unknown"}
    assert "not yet reviewed by the clinic" in said(**review)


def test_a_quote_is_said_word_for_word() -> None:
    quote = "Braces {name}, \\1 and % stay.\n• So do lines."
    assert said(quote=quote).startswith(f"“{quote}”\n")


def test_a_button_says_its_own_title() -> None:
    related = [{"id": "a", "label": "One"}, {"id": "b", "label": "Two"}]
    assert buttons_of({"related": related}) == [
        {"title": "One", "payload": "One"},
        {"title": "Two", "payload": "Two"},
    ]
    assert buttons_of({}) == buttons_of({"related": None}) == []
