"""The rules find symptoms however they are put, and keep quiet about other senses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.safety import Finding, PatternDetector, Verdict

DETECTOR = PatternDetector()


def detect(text: str) -> Verdict:
    return DETECTOR.detect(text)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("she is shivering under three blankets", "fever_chills"),
        ("my husband can't catch his breath", "breathing"),
        ("i cnt breth", "breathing"),
        ("an elephant is sitting on my chest", "chest"),
        ("I blacked out in the shower", "faint_lowbp"),
        ("he doesn't know where he is", "confusion"),
        ("he is talking gibberish", "speech_writing"),
        ("we couldn't wake him this morning", "sleepiness"),
        ("my hands won't stop shaking", "tremor"),
        ("she had a siezure", "seizure"),
        ("one side of his face is drooping", "stroke_focal"),
        ("worst headache of my life", "headache"),
        ("my heart is racing", "heartbeat"),
        ("I can't keep anything down", "gi"),
        ("his nose won't stop bleeding", "bleeding"),
        ("my tongue is swelling", "allergy"),
        ("haven't peed since last night", "urine_kidney"),
        ("the port site is red and oozing", "infection"),
        ("no puedo respirar", "breathing"),
        ("mi esposa tiene escalofríos", "fever_chills"),
        ("me duele el pecho", "chest"),
        ("no sabe dónde está", "confusion"),
        ("f e v e r", "fever_chills"),
        ("f3v3r", "fever_chills"),
        ("I want to die", "self_harm"),
        ("they would be better off without me", "self_harm"),
        ("quiero morirme", "self_harm"),
    ],
)
def test_family_is_found(text: str, family: str) -> None:
    assert family in detect(text).families


@pytest.mark.parametrize(
    "text",
    [
        "that song gave me chills",
        "I'm dying to know my results",
        "we bought a chest freezer",
        "I'm confused by the form",
        "a sleepy town",
        "bleeding edge research",
        "this traffic is killing me",
        "shaky connection on the call",
        "the server is not responding",
        "take all your belongings",
        "where can I park on Tuesday",
        "how long does the infusion take",
    ],
)
def test_other_sense_is_quiet(text: str) -> None:
    assert not detect(text).affirmed


@pytest.mark.parametrize(
    "text",
    [
        "No fever or chills, just tired",
        "no fever, no chills, no cough",
        "she denies chest pain, shortness of breath, or dizziness",
        "I don't have a fever",
        "he isn't confused or drowsy",
        "never had a seizure",
        "fever? none",
        "fever no, chills no",
        "sin fiebre ni escalofríos",
        "no trouble breathing",
        "I'm not suicidal",
        "nobody in the house has a fever",
        "I don't think he has a fever",
    ],
)
def test_denied_is_quiet_but_kept_as_evidence(text: str) -> None:
    verdict = detect(text)
    assert not verdict.affirmed
    assert any(f.negated for f in verdict.findings)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("no chills but my temp is 101", "fever_chills"),
        ("not that I don't have a fever", "fever_chills"),
        ("no, no, it's just a wee bit short of breath", "breathing"),
        ("no fever, shaking badly since noon", "tremor"),
        ("I'm not sure if I have a fever", "fever_chills"),
        ("no idea why I have a rash", "allergy"),
        ("I didn't sleep because of the chest pain", "chest"),
        ("not only dizzy, I also fainted", "faint_lowbp"),
        ("no fever and he can't breathe", "breathing"),
        ("he has no appetite and a fever", "fever_chills"),
        ("I haven't told anyone about my chest pain", "chest"),
    ],
)
def test_negation_closes_no_more_than_its_own(text: str, family: str) -> None:
    assert family in detect(text).families


@pytest.mark.parametrize(
    ("text", "emergency"),
    [
        ("I feel dizzy", False),
        ("I passed out", True),
        ("a nosebleed", False),
        ("vomiting blood", True),
        ("an itchy rash", False),
        ("my throat is closing", True),
    ],
)
def test_emergency_wording(text: str, emergency: bool) -> None:
    assert (detect(text).route == "emergency") is emergency


def test_overdose_is_crisis_and_emergency() -> None:
    verdict = detect("I took all my pills")
    assert (verdict.crisis, verdict.urgent, verdict.route) == (True, True, "crisis_emergency")


@pytest.mark.parametrize(
    ("text", "hypothetical"),
    [
        ("What are the symptoms of a seizure?", True),
        ("Is fever common after CAR T?", True),
        ("What if I get a fever at night?", False),
        ("fever and chills", False),
        ("Is it normal that she is confused?", False),
        ("what is a fever of 102 now", False),
    ],
)
def test_hypothetical_needs_nobody_and_no_present_time(text: str, hypothetical: bool) -> None:
    assert detect(text).hypothetical is hypothetical


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I have a fever", "en"),
        ("tengo fiebre y me duele", "es"),
        ("у меня жар", "unknown"),
        ("j'ai de la fièvre et je ne peux pas", "unknown"),
        ("temp 101", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert detect(text).language == language


def test_reads_the_whole_of_a_long_text() -> None:
    text = "We asked about the parking and the cafeteria again. " * 200 + "he can't breathe"
    found = [f for f in detect(text).affirmed if f.family == "breathing"]
    assert text[found[0].start : found[0].end] == "can't breathe"


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=60)
def test_never_raises_and_spans_stay_inside(text: str) -> None:
    for finding in detect(text).findings:
        assert 0 <= finding.start < finding.end <= len(text)


@given(st.text(alphabet=st.characters(blacklist_categories=["L", "N"]), max_size=30))
@settings(deadline=None, max_examples=60)
def test_alarm_survives_what_follows(suffix: str) -> None:
    assert "breathing" in detect(f"I cannot breathe {suffix}").families


@pytest.mark.parametrize("wrap", ["{}", "hi, {} thanks!", "parking?? {}", "{} lol", "/report {}"])
@pytest.mark.parametrize(
    "shape", [str.upper, str.lower, str.title], ids=["upper", "lower", "title"]
)
def test_alarm_survives_case_and_company(wrap: str, shape: object) -> None:
    assert callable(shape)
    assert "breathing" in detect(wrap.format(shape("i can't breathe"))).families


def test_finding_is_free_of_words() -> None:
    finding: Finding = detect("I have a fever").findings[0]
    assert "fever" not in str([v for k, v in finding.as_dict().items() if k != "family"])
