"""What goes with a reply: the source line, buttons, phone links in order of urgency."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot import contract
from bot.clinic import Clinic, Site
from bot.reply import (
    answer_variables,
    buttons_of,
    escalation_payload,
    payload_of,
    phones_in,
    phones_of,
)
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
        ("crisis", ["crisis", "emergency", CARE, AFTER]),
        ("crisis_emergency", ["emergency", "crisis", CARE, AFTER]),
        ("none", [CARE, AFTER, "emergency"]),
        (None, [CARE, AFTER, "emergency"]),
        ("something new", [CARE, AFTER, "emergency"]),
    ],
)
def test_the_most_urgent_number_comes_first(route: str | None, roles: list[str]) -> None:
    assert [p["role"] for p in escalation_payload({"route": route}, SITE)["phones"]] == roles


def test_links_dial_the_digits_alone() -> None:
    phones = escalation_payload({"route": "crisis_emergency"}, SITE)["phones"]
    assert [(p["number"], p["href"]) for p in phones] == [
        ("112", "tel:112"),
        ("116 123", "tel:116123"),
        ("+1 (212) 222-2222", "tel:+12122222222"),
        ("313 333.3333", "tel:3133333333"),
    ]


def test_one_number_for_several_roles_is_one_link() -> None:
    site = SITE.copy(update={"after_hours_phone": "+1 212 222 2222", "crisis_line": "112"})
    phones = escalation_payload({"route": "crisis"}, site)["phones"]
    # The crisis line is the emergency number, the after-hours phone the care team's.
    assert [(p["role"], p["href"]) for p in phones] == [
        ("crisis", "tel:112"),
        (CARE, "tel:+12122222222"),
    ]


def in_words(name: str) -> list[dict[str, str]]:
    text = str(WORDS.say(contract.UTTER_ESCALATION, slots={"escalation": name})["text"])
    return phones_in(text, SITE)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("route", ["emergency", "clinic", "crisis", "crisis_emergency"])
def test_links_are_those_of_the_words_in_their_order(route: str, language: str) -> None:
    linked = escalation_payload({"route": route}, SITE)["phones"]
    assert in_words(f"{route}_{language}") == linked
    if not route.startswith("crisis"):
        assert in_words(f"{route}_{language}_asked") == linked


def test_without_a_verdict_an_escalation_still_names_everybody() -> None:
    found = escalation_payload({}, SITE)
    assert (found["level"], found["families"], len(found["phones"])) == ("urgent", [], 3)


@pytest.mark.parametrize("level", [None, "none", "soft", "nonsense"])
def test_what_is_said_as_an_escalation_has_an_escalations_level(level: str | None) -> None:
    assert escalation_payload({"level": level}, SITE)["level"] == "urgent"


def test_an_escalation_carries_level_and_families_and_nobodys_words() -> None:
    verdict = Verdict(
        Level.URGENT,
        (Finding("chest", "core", 0, 9, "pattern"), Finding("tremor", "core", 1, 2, "pattern")),
    )
    found = escalation_payload(verdict.as_dict(), SITE)
    assert found["v"] == 1
    assert found["kind"] == "escalation"
    assert found["level"] == "urgent"
    assert found["families"] == ["chest", "tremor"]
    assert [p["role"] for p in found["phones"]] == ["emergency", CARE, AFTER]
    assert set(found) == {"v", "kind", "level", "lang", "families", "phones"}
    assert json.loads(json.dumps(found)) == found


def test_an_answer_names_its_source_and_leaves_the_unknown_empty() -> None:
    found = payload_of(contract.KIND_ANSWER, "words", CARD, SITE)
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
    card = {**CARD, "url": "https://x.org", "reviewed_by": "Dr. A"}
    known = payload_of(contract.KIND_ANSWER, "words", card, SITE)
    assert known["source"]["url"] == "https://x.org"
    assert known["source"]["reviewed_by"] == "Dr. A"


def test_an_answer_carries_its_quote_and_where_the_sentence_that_answers_stands() -> None:
    card = {**CARD, "quote": "One. Two."}
    found = payload_of(contract.KIND_ANSWER, "“One. Two.”\n— The title", card, SITE, [5, 9])
    assert found["quote"] == "One. Two."
    assert found["mark"] == {"start": 5, "end": 9}
    assert found["quote"][5:9] == "Two."
    assert "mark" not in payload_of(contract.KIND_ANSWER, "“One. Two.”", card, SITE)
    # A response that quotes nothing carries no quote either.
    assert "quote" not in payload_of(contract.KIND_ANSWER, "See your team.", card, SITE, [5, 9])


@pytest.mark.parametrize("kind", [contract.KIND_TEXT, contract.KIND_ERROR, contract.KIND_ANSWER])
def test_a_reply_without_a_number_carries_its_kind_only(kind: str) -> None:
    assert payload_of(kind, "Hello.", None, SITE) == {"v": 1, "kind": kind}


@pytest.mark.parametrize("kind", [contract.KIND_TEXT, contract.KIND_ERROR, contract.KIND_ANSWER])
def test_every_number_that_is_said_can_be_tapped(kind: str) -> None:
    text = "Ask +1 (212) 222-2222, at night 313 333.3333. In an emergency, call 112."
    found = payload_of(kind, text, None, SITE)
    assert [p["role"] for p in found["phones"]] == [CARE, AFTER, "emergency"]


@pytest.mark.parametrize("text", ["1123", "room 4112", "+112", ""])
def test_digits_inside_another_number_are_no_link(text: str) -> None:
    assert phones_in(text, SITE) == []


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


def test_every_role_has_its_number_the_emergency_number_first() -> None:
    assert [(p["role"], p["href"]) for p in phones_of(SITE)] == [
        ("emergency", "tel:112"),
        ("crisis", "tel:116123"),
        ("care_team", "tel:+12122222222"),
        ("after_hours", "tel:3133333333"),
    ]
