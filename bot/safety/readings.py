"""Numbers that are symptoms: temperature, blood pressure, pulse, oxygen saturation, breaths."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from bot.safety.families import FAMILIES
from bot.safety.numbers import Number, find_numbers
from bot.safety.tokens import Token
from bot.safety.verdict import Finding

_TEMP = frozenset(
    "temp temps temperature temperatures thermometer fever fevers feverish fiebre temperatura "
    "termometro calentura grados degrees degree ° celsius fahrenheit centigrade forehead "
    "chills tylenol paracetamol ibuprofen advil motrin acetaminophen calpol nurofen febrile "
    "grado axillary oral tympanic underarm armpit".split()
)
_UNIT = frozenset("c f ° degrees degree celsius fahrenheit grados centigrade grado deg".split())
_CLIMB = frozenset(
    "spiked spiking spike spikes running hit hitting reached burning climbed shot topped "
    "peaked went reads read reading showing shows says registered clocked is at of up to over "
    "marco subio tiene tengo was now just past around above about almost near nearly 's got "
    "still a que esta en".split()
)
_STRONG_CLIMB = frozenset("spiked spiking spike spikes running burning climbed reads".split())
_PULSE = frozenset(
    "pulse pulsaciones heart heartrate hr bpm heartbeat beats pulso latidos beat cardiaca "
    "tachycardia".split()
)
_OXYGEN = frozenset(
    "oxygen o2 sat sats spo2 saturation oximeter ox oxigeno saturacion o2sat spo pulseox sp02 "
    "saturating satting oximetry satura saturando saturations".split()
)
_PRESSURE = frozenset(
    "bp pressure preasure systolic presion tension cuff mmhg hypotension arterial sys".split()
)
_BREATHS = frozenset("breaths respirations respiratory respiraciones".split())
# What follows a number that measures something else.
_OTHER_UNIT = frozenset(
    "mg mcg ml g gram grams kg kgs lb lbs pound pounds stone years year yrs yr old days day "
    "weeks week months month hours hour hrs hr minutes minute min mins seconds km miles mile "
    "metres meters feet ft inches inch cm mm percent % dollars dollar euros euro usd bucks $ "
    "€ £ pages page people fm am pm items questions units unit tablets pills beds rooms st th "
    "nd rd calories mph gb mb pesos cups cents anos dias horas semanas meses kilos o'clock "
    "oclock steps floors milligrams ounces oz hz khz quid".split()
)
_OTHER_BEFORE = frozenset(
    "room page highway route bus gate flight suite apartment apt unit number # day week aged "
    "age turned turning $ € £ channel chapter floor building extension ext street interstate "
    "lot exit weigh weighs weighed weight born size bed ward zip code pin version pay paid "
    "cost costs habitacion dia edad pagina cuarto piso spf section item step question "
    "hemoglobin platelets platelet hgb glucose sugar sodium ferritin crp wbc neutrophils anc "
    "creatinine hematocrit potassium calcium radio fm i-".split()
)
_WEATHER = frozenset(
    "outside weather oven sunny forecast outdoors water pool fridge freezer heat heatwave "
    "thermostat preheat bake bath tub room car sea lake phoenix desert cpu gpu engine "
    "aquarium tank sous steak chicken meat radio station office garage greenhouse".split()
)
_RATIO_OTHER = frozenset("split rule ratio mix score vision blend custody chance odds".split())
_PREFIX = frozenset("my your his her the a an of is was at".split())


_KINDS = {"oxygen": _OXYGEN, "breaths": _BREATHS, "pulse": _PULSE, "pressure": _PRESSURE}


@dataclass(frozen=True)
class ReadingLimits:
    """From which value on a reading is a symptom.

    Temperature: 38.0 C / 100.4 F is the common threshold of the leaflets; a clinic may set it
    from 37.5 C. Others: National Early Warning Score 2, values that score 2 points or more.
    """

    fever_celsius: float = 38.0
    systolic_low: float = 90
    systolic_high: float = 180
    diastolic_low: float = 50
    diastolic_high: float = 120
    pulse_high: float = 111
    pulse_low: float = 45
    oxygen_low: float = 93
    breaths_high: float = 25

    @property
    def fever_fahrenheit(self) -> float:
        return round(self.fever_celsius * 9 / 5 + 32, 2)


def find_readings(tokens: Sequence[Token], limits: ReadingLimits) -> list[Finding]:
    """Returns the readings that are symptoms; normal ones and other numbers are passed over."""
    texts = [token.text for token in tokens]
    numbers = find_numbers(tokens)
    findings: list[Finding] = []
    used: set[int] = set()
    for first, second in itertools.pairwise(numbers):
        if first.start not in used and _is_ratio(first, second, texts):
            used.update((first.start, second.start))
            family = _pressure_pair(first, second, texts, limits)
            if family:
                findings.append(_finding(family, tokens, first.start, second.end))
    for number in numbers:
        family = None if number.start in used else _single(number, texts, limits)
        if family:
            findings.append(_finding(family, tokens, number.start, number.end))
    return findings


def has_normal_reading(tokens: Sequence[Token], limits: ReadingLimits) -> bool:
    """Tells whether a temperature, pulse, saturation or pressure is given and is normal."""
    texts = [token.text for token in tokens]
    return any(_is_normal(number, texts, limits) for number in find_numbers(tokens))


def _is_normal(number: Number, texts: Sequence[str], limits: ReadingLimits) -> bool:
    value, kind = number.value, _nearest(number, texts)
    if kind == "oxygen":
        return limits.oxygen_low < value <= 100
    if kind == "pulse":
        return limits.pulse_low < value < limits.pulse_high
    if kind == "pressure":
        return limits.systolic_low <= value < limits.systolic_high
    warm = 35 <= value < limits.fever_celsius or 95 <= value < limits.fever_fahrenheit
    return warm and (number.decimal or _near(texts, number, _TEMP, 6, 2))


def _finding(family: str, tokens: Sequence[Token], start: int, end: int) -> Finding:
    tier = FAMILIES[family].tier
    return Finding(family, tier, tokens[start].start, tokens[end - 1].end, "reading")


def _near(texts: Sequence[str], number: Number, words: frozenset[str], back: int, on: int) -> bool:
    window = texts[max(0, number.start - back) : number.end + on]
    return not words.isdisjoint(window)


def _nearest(number: Number, texts: Sequence[str]) -> str:
    """Returns the kind of the closest measure named before the number, else after it."""
    before = [(number.start - i, i) for i in range(max(0, number.start - 9), number.start)]
    after = [(i - number.end + 5, i) for i in range(number.end, min(len(texts), number.end + 4))]
    for _, i in sorted(before + after):
        for kind, words in _KINDS.items():
            if texts[i : i + 2] == ["top", "number"]:
                return "pressure"
            if texts[i] in words:
                return "oxygen" if texts[i : i + 2] == ["pulse", "ox"] else kind
    return ""


def _single(number: Number, texts: Sequence[str], limits: ReadingLimits) -> str | None:
    value = number.value
    kind = _nearest(number, texts)
    if kind == "oxygen" and 40 <= value < limits.oxygen_low + 0.5:
        following = texts[number.end : number.end + 1]
        if following in ([], ["%"], ["percent"]) or following[0] not in _OTHER_UNIT | {"/"}:
            return "breathing"
        return None
    if limits.breaths_high <= value < 80 and _per_minute_of_breath(number, texts):
        return "breathing"
    if number.written and value < 30:
        return None
    if kind == "breaths" and limits.breaths_high <= value < 80:
        return "breathing"
    if kind != "pressure" and _other_measure(number, texts):
        return None
    if kind == "pulse" and not number.decimal:
        if limits.pulse_high <= value < 260 or 20 <= value <= limits.pulse_low:
            return "heartbeat"
        if value < 140:
            return None
    if kind == "pressure" and not number.decimal and value >= 40:
        if value < limits.systolic_low:
            return "faint_lowbp"
        return "heartbeat" if limits.systolic_high <= value < 280 else None
    return "fever_chills" if _is_fever(number, texts, limits) else None


def _per_minute_of_breath(number: Number, texts: Sequence[str]) -> bool:
    near = texts[max(0, number.start - 8) : number.end + 5]
    return "minute" in texts[number.end : number.end + 4] and any(
        word.startswith(("breath", "respir")) for word in near
    )


def _other_measure(number: Number, texts: Sequence[str]) -> bool:
    after = texts[number.end] if number.end < len(texts) else ""
    if after == "-" and number.end + 1 < len(texts):
        after = texts[number.end + 1]
    before = [w for w in texts[max(0, number.start - 2) : number.start] if w not in _PREFIX]
    return after in _OTHER_UNIT or bool(before and before[-1] in _OTHER_BEFORE)


def _is_fever(number: Number, texts: Sequence[str], limits: ReadingLimits) -> bool:
    value = number.value
    celsius = limits.fever_celsius - 1e-9 <= value < 43
    fahrenheit = limits.fever_fahrenheit - 1e-9 <= value < 109
    if not (celsius or fahrenheit) or not _WEATHER.isdisjoint(_sentence(number, texts)):
        return False
    after = texts[number.end : number.end + 2]
    if (after[:1] and after[0] in _UNIT) or (after[1:] and after[0] == "°"):
        return True
    if after[:1] and after[0] in ("/", "-", ":"):
        return _near(texts, number, _TEMP, 4, 0)
    if number.decimal:
        return True
    if not _TEMP.isdisjoint(_sentence(number, texts)):
        return _near(texts, number, _TEMP, 9, 4)
    before = [w for w in texts[max(0, number.start - 3) : number.start] if w not in _PREFIX]
    if celsius and before[-1:] in (["hit"], ["hits"], ["reached"]):
        return True
    return fahrenheit and bool(_STRONG_CLIMB & set(before))


def _sentence(number: Number, texts: Sequence[str]) -> set[str]:
    return set(texts[max(0, number.start - 12) : number.end + 8])


def _is_ratio(first: Number, second: Number, texts: Sequence[str]) -> bool:
    between = list(texts[first.end : second.start])
    return between in (["/"], ["over"], ["on"], ["sobre"], ["con"], ["-", "over", "-"], ["\\"])


def _pressure_pair(
    systolic: Number, diastolic: Number, texts: Sequence[str], limits: ReadingLimits
) -> str | None:
    upper, lower = systolic.value, diastolic.value
    told = _near(texts, systolic, _PRESSURE, 9, 6)
    if not 30 <= lower < upper <= 280 or systolic.decimal:
        return None
    after = texts[diastolic.end : diastolic.end + 1]
    if not told:
        if upper < 60 or upper > 250 or lower < 35 or after == ["/"]:
            return None
        if after and (after[0] in _RATIO_OTHER or after[0] in _OTHER_UNIT):
            return None
        if upper + lower == 100:  # a split
            return None
    if upper < limits.systolic_low or lower < limits.diastolic_low:
        return "faint_lowbp"
    high = upper >= limits.systolic_high or lower >= limits.diastolic_high
    return "heartbeat" if high else None
