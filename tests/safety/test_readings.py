"""Numbers that are symptoms, on both sides of each threshold and on it."""

import pytest

from bot.safety import PatternDetector
from bot.safety.readings import ReadingLimits

DETECTOR = PatternDetector()


def readings(text: str, detector: PatternDetector = DETECTOR) -> list[str]:
    return [f.family for f in detector.detect(text).findings if f.source == "reading"]


@pytest.mark.parametrize(
    "text",
    [
        "38.0",
        "38,0",
        "temp 100.4",
        "it says 38 C",
        "39 de fiebre",
        "101.2 this morning",
        "temp of a hundred and two",
        "thirty eight point five degrees",
        "39 grados",
        "temp is one hundred one point four",
        "treinta y nueve de temperatura",
        "spiked 103",
    ],
)
def test_fever(text: str) -> None:
    assert readings(text) == ["fever_chills"]


@pytest.mark.parametrize(
    "text",
    [
        "37.9",
        "37,9",
        "temp 100.3",
        "98.2 this morning",
        "36.8 grados",
        "room 102",
        "I am 38",
        "38.5 kg",
        "day 38",
        "on 11/23 at 10:15",
        "weighs 101 pounds",
        "38 mg twice a day",
        "it is 39 degrees outside",
        "highway 101",
        "age 39",
        "$38.50",
    ],
)
def test_no_fever(text: str) -> None:
    assert readings(text) == []


@pytest.mark.parametrize(("text", "alarms"), [("37.4", False), ("37.5", True), ("37,6", True)])
def test_threshold_of_the_clinic(text: str, alarms: bool) -> None:
    strict = PatternDetector(limits=ReadingLimits(fever_celsius=37.5))
    assert bool(readings(text, strict)) is alarms


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("bp 89/60", "faint_lowbp"),
        ("bp 90/60", None),
        ("118/76", None),
        ("85/55", "faint_lowbp"),
        ("85 over 55", "faint_lowbp"),
        ("bp 180/100", "heartbeat"),
        ("bp 179/100", None),
        ("an 80/20 split", None),
        ("pulse 111", "heartbeat"),
        ("pulse 110", None),
        ("pulse 72", None),
        ("heart rate of 140", "heartbeat"),
        ("oxygen 93", "breathing"),
        ("oxygen 94", None),
        ("sats 86%", "breathing"),
        ("pulse ox 97, pulse 75", None),
        ("top number was 78", "faint_lowbp"),
        ("breathing 34 times a minute", "breathing"),
    ],
)
def test_other_readings(text: str, family: str | None) -> None:
    assert readings(text) == ([family] if family else [])
