"""Every sentence of domain.yml: it renders, and an escalation always says whom to call."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot import contract
from bot.clinic import LAST_RESORT, Clinic, Site
from bot.editors.grade import reading_grade
from bot.errors import SettingsError
from bot.escalation_words import is_due, variant
from bot.reply import answer_variables, phones_in
from bot.safety.families import FAMILIES
from bot.safety.verdict import Finding, Level, Verdict
from bot.settings import ROOT
from bot.words import Words, domain_responses, month_and_year

SPANISH = re.compile(r"_(es|spanish)(_|$)")

NORTH = Site(
    name="North Clinic",
    care_team_phone="+1 212 222 2222",
    after_hours_phone="+1 313 333 3333",
    emergency_number="112",
    crisis_line="116 123",
    hours="always",
)
SOUTH = NORTH.copy(update={"name": "South Clinic", "care_team_phone": "+1 414 444 4444"})
CLINIC = Clinic(default_site="north", sites={"north": NORTH, "south": SOUTH})


def words_of(**responses: Any) -> Words:
    return Words(responses, CLINIC)


def say(words: Words, name: str, **options: Any) -> str:
    return str(words.say(name, **options)["text"])


# --- How a response is said -------------------------------------------------------------------

VARIED = words_of(
    utter_x=[
        {"text": "general"},
        {"text": "one", "condition": [{"type": "slot", "name": "s", "value": "1"}]},
        {
            "text": "both",
            "condition": [
                {"type": "slot", "name": "t", "value": "2"},
                {"type": "slot", "name": "u", "value": "3"},
            ],
        },
        {"text": "second general"},
    ]
)


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ({}, "general"),
        ({"s": "1"}, "one"),
        ({"s": "2"}, "general"),
        ({"s": None}, "general"),
        ({"t": "2"}, "general"),
        ({"t": "2", "u": "3"}, "both"),
        ({"s": "1", "t": "2", "u": "3"}, "one"),
    ],
    ids=str,
)
def test_the_first_variation_whose_conditions_all_hold(
    slots: dict[str, Any], expected: str
) -> None:
    assert say(VARIED, "utter_x", slots=slots) == expected


def test_no_variation_that_fits_is_an_error() -> None:
    words = words_of(utter_x=[{"text": "a", "condition": [{"name": "s", "value": 1}]}])
    with pytest.raises(KeyError, match="utter_x: no variation fits"):
        words.say("utter_x")


def test_an_unknown_response_is_an_error() -> None:
    with pytest.raises(KeyError, match="utter_nothing"):
        words_of().say("utter_nothing")


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"no value for \{passage\}"):
        words_of(utter_x=[{"text": "{passage}"}]).say("utter_x")


def test_clinic_words_variables_and_nested_fragments_are_filled_in() -> None:
    words = words_of(
        utter_x=[{"text": "{utter_outer} {passage}"}],
        utter_outer=[{"text": "<{utter_inner}>"}],
        utter_inner=[
            {"text": "{name}"},
            {"text": "{care_team_phone}", "condition": [{"name": "s", "value": 1}]},
        ],
    )
    variables = {"passage": "words"}
    assert say(words, "utter_x", variables=variables) == "<North Clinic> words"
    assert say(words, "utter_x", variables=variables, site="south") == "<South Clinic> words"
    # A fragment sees the conversation's slots too.
    found = say(words, "utter_x", variables=variables, slots={"s": 1})
    assert found == "<+1 212 222 2222> words"


def test_braces_in_a_passage_are_words_and_not_variables() -> None:
    words = words_of(utter_x=[{"text": "“{passage}”"}])
    assert say(words, "utter_x", variables={"passage": "{name} {x}"}) == "“{name} {x}”"


def test_a_passage_may_not_take_the_place_of_a_number_silently() -> None:
    words = words_of(utter_x=[{"text": "{emergency_number}"}])
    assert say(words, "utter_x") == "112"


def test_buttons_are_filled_in_and_conditions_are_not_sent() -> None:
    words = words_of(
        utter_x=[
            {
                "text": " a ",
                "condition": [{"name": "s", "value": 1}],
                "buttons": [{"title": "Call {name}", "payload": "{name}"}],
                "metadata": {"kind": "x"},
            }
        ]
    )
    assert words.say("utter_x", slots={"s": 1}) == {
        "text": "a",
        "buttons": [{"title": "Call North Clinic", "payload": "North Clinic"}],
        "metadata": {"kind": "x"},
    }


def test_saying_does_not_change_the_response() -> None:
    responses = {"utter_x": [{"text": "{name}", "buttons": [{"title": "{name}", "payload": "p"}]}]}
    words = Words(responses, CLINIC)
    assert words.say("utter_x", site="north")["buttons"][0]["title"] == "North Clinic"
    assert words.say("utter_x", site="south")["buttons"][0]["title"] == "South Clinic"
    assert responses["utter_x"][0]["text"] == "{name}"


def test_without_a_clinic_the_last_resort_is_said() -> None:
    words = Words({"utter_x": [{"text": "{emergency_number} {crisis_line}"}]}, None)
    assert say(words, "utter_x", site="south") == "911 988"
    assert words.site("south") is LAST_RESORT


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-06", "June 2026"),
        ("2026-12-31", "December 2026"),
        ("2026-01", "January 2026"),
        ("2026-00", "2026-00"),
        ("2026-13", "2026-13"),
        ("2026", "2026"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_month_and_year(as_of: str, expected: str) -> None:
    assert month_and_year(as_of) == expected


@pytest.mark.parametrize(
    "content",
    [None, "responses: [", "other: 1", ""],
    ids=["missing", "broken", "no responses", "empty"],
)
def test_a_domain_that_cannot_be_read_is_a_settings_error(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "domain.yml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"domain\.yml"):
        domain_responses(path)


# --- Every response of domain.yml -------------------------------------------------------------

RESPONSES = domain_responses(ROOT / "domain.yml")
DOMAIN = Words(RESPONSES, CLINIC)
CARD = {
    "id": "d/p",
    "quote": "A quote.",
    "title": "A title",
    "section": "A section",
    "as_of": "2026-06",
    "publisher": "A publisher",
    "url": "https://x.org",
    "reviewed_by": "Dr. A",
    "reviewed_on": "2026-07-01",
}
UNKNOWN = {
    k: "unknown" if k in {"publisher", "url", "reviewed_by", "reviewed_on"} else v
    for k, v in CARD.items()
}
NEEDS_A_PASSAGE = {
    contract.UTTER_ANSWER,
    contract.UTTER_NEAREST,
    contract.UTTER_CARE_TEAM_RELATED,
    contract.UTTER_SOURCE,
    "utter_source_line",
    "utter_reviewed",
    "utter_publisher",
    "utter_address",
}
NEEDS_A_TOPIC = {contract.UTTER_NOT_COVERED}


def conditions() -> dict[str, list[str | None]]:
    """Collects the values that conditions anywhere in the domain look for, and none of them."""
    values: dict[str, list[str | None]] = {}
    for variations in RESPONSES.values():
        for variation in variations:
            for condition in variation.get("condition") or []:
                known = values.setdefault(condition["name"], [None])
                if condition["value"] not in known:
                    known.append(condition["value"])
    return values


def all_slots() -> Iterator[dict[str, str | None]]:
    """Walks all combinations of the slots that responses look at."""
    found = conditions()
    for combination in itertools.product(*found.values()):
        yield dict(zip(found, combination, strict=True))


def variables_of(name: str, card: Mapping[str, str]) -> dict[str, str]:
    if name in NEEDS_A_PASSAGE:
        return answer_variables(card, DOMAIN, None)
    if name.startswith("utter_telegram_privacy"):
        return {"retention_days": "30"}
    return {"topic": "costs", "ask": "the office"} if name in NEEDS_A_TOPIC else {}


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_every_response_renders_with_every_site_and_condition(name: str) -> None:
    for site, slots, card in itertools.product(CLINIC.sites, all_slots(), (CARD, UNKNOWN)):
        response = DOMAIN.say(name, slots=slots, site=site, variables=variables_of(name, card))
        texts = [response["text"], *(b["title"] for b in response.get("buttons") or [])]
        assert not any(re.search(r"[{}]", t) for t in texts), texts
        # Only a fragment may say nothing.
        assert response["text"] or name in {"utter_advice", "utter_advice_spanish"}


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_variables_are_the_clinics_or_the_answers_or_fragments(name: str) -> None:
    known = {*Site.__fields__, *answer_variables(CARD, DOMAIN, None), "topic", "ask", *RESPONSES}
    known |= set(variables_of(name, CARD))
    for variation in RESPONSES[name]:
        assert set(re.findall(r"\{(\w*)\}", str(variation["text"]))) <= known


def test_every_action_of_the_contract_has_words() -> None:
    actions = {v for k, v in vars(contract).items() if k.startswith("UTTER_")}
    assert actions <= set(RESPONSES)


def test_no_response_needs_a_channel() -> None:
    # Words.say renders alike everywhere; a `channel:` key would be passed over.
    assert not [n for n, vs in RESPONSES.items() for v in vs if "channel" in v]


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_a_reply_fits_a_phone(name: str) -> None:
    for slots in all_slots():
        text = say(DOMAIN, name, slots=slots, variables=variables_of(name, UNKNOWN))
        assert len(text) <= 700, (name, len(text))


@pytest.mark.parametrize("name", sorted(n for n in RESPONSES if not SPANISH.search(n)))
def test_a_reply_is_read_at_the_age_of_about_twelve(name: str) -> None:
    """US school grades, by the formula that the knowledge check uses: sixth is age twelve.

    A single reply is short, so one long word of it counts for much; hence the room above.
    """
    text = say(DOMAIN, name, variables=variables_of(name, UNKNOWN))
    grade = reading_grade(text)
    assert grade is None or grade <= 10 or len(text.split()) < 5, (name, grade)


def test_replies_are_read_at_the_age_of_about_twelve_on_the_whole() -> None:
    said = (say(DOMAIN, n, variables=variables_of(n, UNKNOWN)) for n in RESPONSES)
    grades = [
        g
        for n, t in zip(RESPONSES, said, strict=True)
        if not SPANISH.search(n) and (g := reading_grade(t))
    ]
    assert sum(grades) / len(grades) <= 6


# --- Escalations ------------------------------------------------------------------------------

ROUTES = ("emergency", "clinic", "crisis", "crisis_emergency")
VARIANTS = [f"{r}_{lang}" for r in ROUTES for lang in ("en", "es")] + [
    f"{r}_{lang}_asked" for r in ("emergency", "clinic") for lang in ("en", "es")
]
ADVICE = conditions()[contract.SLOT_ADVICE]
IN_DOUBT = "in doubt"
DESPAIR = ("crisis_en", "crisis_es")
REASSURING = re.compile(
    r"worry|\bnormal|\bprobabl|\busual|\bcommon\b|\blikely\b|\bfine\b|"
    r"\bharmless|\bmild\b|\bokay\b|(?<!do not )\bwait\b|\bnot serious|nothing to|\bcalm\b|no need|"
    r"unlikely|\bgive it\b|should (pass|get better)|goes away|expected|"
    r"no se preocupe|no te preocupes|tranquil|\bleve\b|(?<!no )\bespere\b|no es grave|seguramente|"
    r"común|suele\b",
    re.IGNORECASE,
)
DIAGNOSING = re.compile(
    r"you (may|might|could|probably) have|sounds like|(?<!What is )\b(CRS|ICANS)\b|cytokine|"
    r"neurotoxic|sepsis|infect|stroke|heart attack|seizure|grade|anaphyla|derrame|infarto|ictus|"
    r"infecci|convulsi|grado\b",
)


def escalations(name: str, site: str = "north") -> list[str]:
    """Says one variant with every advice."""
    slot = None if name == IN_DOUBT else name
    return [
        say(
            DOMAIN,
            contract.UTTER_ESCALATION,
            site=site,
            slots={contract.SLOT_ESCALATION: slot, contract.SLOT_ADVICE: advice},
        )
        for advice in ADVICE
    ]


def test_every_variant_has_words_of_its_own() -> None:
    texts = [escalations(name)[0] for name in (*VARIANTS, IN_DOUBT)]
    assert len(set(texts)) == len(texts)


def test_no_variant_is_left_that_nothing_calls_for() -> None:
    written = set(conditions()[contract.SLOT_ESCALATION]) - {None}
    assert written == set(VARIANTS)


FAMILY = {"core": "fever_chills", "crisis": "self_harm"}


def finding(tier: str, *, emergency: bool) -> Finding:
    return Finding(FAMILY[tier], tier, 0, 1, "pattern", emergency=emergency)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "es", "unknown"])
@pytest.mark.parametrize("hypothetical", [False, True])
@pytest.mark.parametrize("tiers", [("core",), ("crisis",), ("core", "crisis")], ids="+".join)
@pytest.mark.parametrize("emergency", [False, True])
def test_every_verdict_that_is_due_has_its_variant(
    language: str, hypothetical: bool, tiers: tuple[str, ...], emergency: bool
) -> None:
    verdict = Verdict(
        Level.CRISIS if "crisis" in tiers else Level.URGENT,
        tuple(finding(t, emergency=emergency) for t in tiers),
        hypothetical,
        language,  # type: ignore[arg-type]
    )
    assert is_due(verdict)
    assert variant(verdict) in VARIANTS
    assert variant(verdict).split("_asked")[0].endswith("_es") == (language == "es")


def test_advice_is_written_for_what_the_families_call_for() -> None:
    assert {f.advice for f in FAMILIES.values()} - {"general"} == set(ADVICE) - {None}


def test_no_escalation_is_due_without_a_finding() -> None:
    assert not is_due(Verdict(Level.NONE))


@pytest.mark.parametrize("site", ["north", "south"])
@pytest.mark.parametrize("name", [*VARIANTS, IN_DOUBT])
def test_numbers_stand_in_the_right_order(name: str, site: str) -> None:
    place = CLINIC.site(site)
    for text in escalations(name, site):
        emergency = text.find(place.emergency_number)
        care_team = text.find(place.care_team_phone)
        crisis = text.find(place.crisis_line)
        assert emergency >= 0, "the emergency number is missing"
        assert care_team >= 0, "the care team's number is missing"
        assert place.after_hours_phone in text
        if name.startswith("crisis_emergency"):
            assert emergency < crisis < care_team
        elif name.startswith("crisis"):
            assert 0 <= crisis < emergency
            assert crisis < care_team
        else:
            assert (emergency < care_team) == (not name.startswith("clinic"))


@pytest.mark.parametrize("name", [*VARIANTS, IN_DOUBT])
def test_the_first_line_says_to_call(name: str) -> None:
    for text in escalations(name):
        numbers = (NORTH.emergency_number, NORTH.care_team_phone, NORTH.crisis_line)
        lines = text.split("\n")[: 2 if name.startswith("crisis") else 1]
        assert any(n in line for line in lines for n in numbers)
        assert re.search(r"\bcall\b|\bllam", text.split("\n")[0] + lines[-1], re.IGNORECASE)


def test_what_is_merely_asked_gets_the_same_numbers_in_fewer_words() -> None:
    for name in (v for v in VARIANTS if v.endswith("_asked")):
        (short,), full = set(escalations(name)), escalations(name.removesuffix("_asked"))
        assert all(phones_in(short, NORTH) == phones_in(text, NORTH) for text in full)
        assert len(short) < min(len(text) for text in full)


@pytest.mark.parametrize("name", [v for v in (*VARIANTS, IN_DOUBT) if v not in DESPAIR])
def test_an_urgent_message_names_therapy_and_wallet_card(name: str) -> None:
    for text in escalations(name):
        assert re.search(r"CAR T-cell therapy|CAR-T", text)
        assert "wallet card" in text


@pytest.mark.parametrize("name", [v for v in VARIANTS if v.startswith("crisis")])
def test_in_a_crisis_whoever_is_with_the_person_stays(name: str) -> None:
    for text in escalations(name):
        assert re.search(r"stay with (them|the person)|quédese con ella", text)


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_nothing_in_any_wording_reassures_or_advises_waiting(name: str) -> None:
    for slots in all_slots():
        text = say(DOMAIN, name, slots=slots, variables=variables_of(name, CARD))
        assert not REASSURING.search(text), text


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_nothing_in_any_wording_diagnoses_or_grades(name: str) -> None:
    for slots in all_slots():
        text = say(DOMAIN, name, slots=slots, variables=variables_of(name, CARD))
        assert not DIAGNOSING.search(text), text


@pytest.mark.parametrize(
    "text",
    [
        "Don't worry.",
        "This is normal.",
        "It is probably nothing.",
        "Wait and see.",
        "Please wait.",
        "Give it an hour.",
        "That should pass.",
        "You will be okay.",
        "No se preocupe.",
        "Es probablemente leve.",
        "Espere un poco.",
    ],
)
def test_the_reassurance_check_sees_reassurance(text: str) -> None:
    assert REASSURING.search(text)


@pytest.mark.parametrize(
    "text", ["You may have CRS.", "It sounds like an infection.", "grade 2", "Es una infección."]
)
def test_the_diagnosis_check_sees_a_diagnosis(text: str) -> None:
    assert DIAGNOSING.search(text)


def test_an_escalation_has_no_buttons() -> None:
    for variation in RESPONSES[contract.UTTER_ESCALATION]:
        assert "buttons" not in variation
        assert "buttons" not in variation["metadata"]


@pytest.mark.parametrize("name", [v for v in VARIANTS if "_es" in v])
def test_spanish_variants_are_spanish(name: str) -> None:
    for text in escalations(name):
        assert not re.search(r"\b(call|the|your|now|and)\b", text), text
        assert re.search(r"\b(llame|llamar)\b", text, re.IGNORECASE)


@pytest.mark.parametrize("name", [v for v in VARIANTS if "_en" in v])
def test_english_variants_are_english(name: str) -> None:
    for text in escalations(name):
        assert not re.search(r"\b(llame|ahora|equipo|usted)\b", text), text


@pytest.mark.parametrize("advice", [a for a in ADVICE if a])
def test_each_advice_is_given_in_both_languages(advice: str) -> None:
    for name in ("emergency_en", "clinic_en", "emergency_es", "clinic_es"):
        slots = {contract.SLOT_ESCALATION: name, contract.SLOT_ADVICE: advice}
        plain = {contract.SLOT_ESCALATION: name, contract.SLOT_ADVICE: "general"}
        said = say(DOMAIN, contract.UTTER_ESCALATION, slots=slots)
        assert len(said) > len(say(DOMAIN, contract.UTTER_ESCALATION, slots=plain))


def test_every_escalation_says_what_it_is_to_machines() -> None:
    for variation in RESPONSES[contract.UTTER_ESCALATION]:
        assert variation["metadata"] == {"kind": contract.KIND_ESCALATION}


@pytest.mark.parametrize(
    "name",
    [
        "utter_unavailable",
        "utter_unreadable",
        "utter_symptom",
        "utter_empty",
        "utter_too_long",
        "utter_too_many",
        "utter_human",
        *(n for n in RESPONSES if re.match(r"utter_telegram_(start|help|text|unknown|button)", n)),
        *(n for n in RESPONSES if re.match(r"utter_telegram_(stop|description)", n)),
    ],
)
def test_whoever_gets_no_answer_gets_the_numbers(name: str) -> None:
    text = say(DOMAIN, name)
    assert NORTH.care_team_phone in text
    assert NORTH.emergency_number in text


@pytest.mark.parametrize(
    "name",
    [
        "utter_dont_know",
        "utter_not_covered",
        "utter_care_team",
        "utter_fallback",
        "utter_feedback_negative",
        "utter_rephrase",
        "utter_no_more",
    ],
)
def test_whoever_is_sent_on_gets_the_care_teams_number(name: str) -> None:
    assert NORTH.care_team_phone in say(DOMAIN, name, variables=variables_of(name, CARD))
