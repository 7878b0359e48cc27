"""Numbers in digits or words, English and Spanish, with their places in a token sequence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.safety.tokens import Token

_UNITS = {
    "zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
    "cero": 0, "uno": 1, "un": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6,
    "siete": 7, "ocho": 8, "nueve": 9, "diez": 10,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "treinta": 30, "cuarenta": 40, "cincuenta": 50,
    "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90, "veinte": 20,
}  # fmt: skip
_HUNDRED = frozenset(("hundred", "cien", "ciento"))
_POINT = frozenset(("point", "dot", "punto", "coma", "."))
_HALF = frozenset(("half", "medio", "media"))
_DASHES = 3  # before a number: "a hundred - and one"; a line of dashes is no part of it
_DIGITS = re.compile(r"\d+(?:[.,]\d+)?$")


@dataclass(frozen=True)
class Number:
    """A number that stands at `tokens[start:end]`; `decimal` if it was given with a fraction."""

    value: float
    start: int
    end: int
    decimal: bool
    written: bool = False


def find_numbers(tokens: Sequence[Token]) -> list[Number]:
    """Returns the numbers of a text in order, spelt-out ones included."""
    texts = [token.text for token in tokens]
    found: list[Number] = []
    at = 0
    while at < len(texts):
        number = _digits(texts, at) or _words(texts, at)
        if number:
            number = _with_fraction(number, texts)
            found.append(number)
        at = number.end if number else at + 1
    return found


def _digits(texts: Sequence[str], at: int) -> Number | None:
    if not _DIGITS.match(texts[at]):
        return None
    value = float(texts[at].replace(",", "."))
    return Number(value, at, at + 1, not texts[at].isdigit())


def _words(texts: Sequence[str], at: int) -> Number | None:
    value, i = 0, at
    if (texts[i] == "a" and texts[i + 1 : i + 2] == ["hundred"]) or (
        texts[i] == "one" and texts[i + 1 : i + 2] in (["hundred"], ["oh"], ["o"])
    ):
        value, i = 100, i + 2
    elif texts[i] in _HUNDRED:
        value, i = 100, i + 1
    below, end = _below_hundred(texts, i + (value == 100 and texts[i : i + 1] == ["and"]))
    if end == i and not value:
        return None
    if below is None:
        return Number(float(value), at, i, False, True) if value else None
    return Number(float(value + below), at, end, False, True)


def _below_hundred(texts: Sequence[str], i: int) -> tuple[int | None, int]:
    dashes = 0
    while i < len(texts) and texts[i] == "-" and dashes < _DASHES:
        i, dashes = i + 1, dashes + 1
    if i >= len(texts):
        return None, i
    if texts[i] in _TENS:
        tens, i = _TENS[texts[i]], i + 1
        j = i + 1 if texts[i : i + 1] in (["-"], ["y"]) else i
        if j < len(texts) and 0 < _UNITS.get(texts[j], 0) < 10:
            return tens + _UNITS[texts[j]], j + 1
        return tens, i
    if texts[i] in ("oh", "o") and i + 1 < len(texts) and texts[i + 1] in _UNITS:
        return _UNITS[texts[i + 1]], i + 2
    if texts[i] in _UNITS:
        return _UNITS[texts[i]], i + 1
    return None, i


def _with_fraction(number: Number, texts: Sequence[str]) -> Number:
    end = number.end
    if number.decimal:
        return number
    if texts[end : end + 1] and texts[end] in _POINT and end + 1 < len(texts):
        digit = texts[end + 1]
        if digit in _UNITS and _UNITS[digit] < 10 and texts[end] != ".":
            value = number.value + _UNITS[digit] / 10
            return Number(value, number.start, end + 2, True, number.written)
        if digit.isdigit() and len(digit) == 1 and texts[end] != ".":
            return Number(number.value + int(digit) / 10, number.start, end + 2, True)
    for width in (2, 3):  # "and half", "y medio", "and a half"
        words = texts[end : end + width]
        if len(words) == width and words[0] in ("and", "y") and words[-1] in _HALF:
            return Number(number.value + 0.5, number.start, end + width, True, number.written)
    return number
