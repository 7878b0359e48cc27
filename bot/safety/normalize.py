"""Plain lower-case text for matching, with a map back to the characters that were typed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_PLAIN = {
    "‘": "'", "’": "'", "‛": "'", "`": "'", "´": "'", "ʼ": "'", "′": "'", "＇": "'",
    "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "‒": "-",
    "…": "...", "º": "°", "˚": "°", "⁄": "/", "∕": "/",
}  # fmt: skip
# Emoji stand for words, not for families: the grammar decides what they mean in company.
_EMOJI = {
    "🤒": "fever", "🥵": "hot", "🥶": "cold", "🩸": "blood", "😵": "dizzy", "🌡": "temperature",
    "💔": "", "🫀": "heart", "🫁": "lungs", "👃": "nose", "🧠": "brain",
}  # fmt: skip


@dataclass(frozen=True)
class Normalized:
    """Normalised text; character `i` came from raw characters `starts[i]` to `ends[i]`."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Maps a non-empty span of the normalised text to the raw text."""
        return self.starts[start], self.ends[end - 1]


def normalize(text: str) -> Normalized:
    """Folds case, width, accents, quotes, emoji and long repeats; idempotent on its output."""
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for position, raw in enumerate(text):
        for char in _fold(raw):
            if char.isalpha() and chars[-2:] == [char, char]:
                ends[-1] = position + 1  # "feverrrr" keeps two of them
                continue
            chars.append(char)
            starts.append(position)
            ends.append(position + 1)
    return Normalized("".join(chars), tuple(starts), tuple(ends))


def _fold(char: str) -> str:
    if char.isascii():
        return "'" if char == "`" else char.lower()
    if char in _EMOJI:
        return f" {_EMOJI[char]} "
    if char in _PLAIN:
        return _PLAIN[char]
    if unicodedata.category(char) == "Cf" or char == "️":
        return ""
    folded = char
    for _ in range(2):  # folding may yield characters that fold again
        folded = unicodedata.normalize("NFKD", folded).casefold()
    kept = (c for c in folded if unicodedata.category(c) not in ("Mn", "Me", "Cf"))
    return "".join(_PLAIN.get(c, c) for c in kept)
