"""Word classes of the pattern grammar, read from YAML, and their places in a tokenised text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.safety.tokens import Token

Span = tuple[int, int]
_MAX_SKIP = 2  # fillers inside a phrase: "passed right out"


@dataclass
class _Phrase:
    name: str
    words: tuple[str, ...]


@dataclass
class Lexicon:
    """Classes of words and phrases; a trailing `*` matches any ending, `a/b` alternatives."""

    fillers: frozenset[str] = frozenset()
    _exact: dict[str, list[_Phrase]] = field(default_factory=lambda: defaultdict(list))
    _prefix: dict[str, list[_Phrase]] = field(default_factory=lambda: defaultdict(list))
    _names: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    _lengths: tuple[int, ...] = ()

    def add(self, name: str, entries: Iterable[str]) -> None:
        self._names.add(name)
        for entry in entries:
            for words in _alternatives(str(entry).split()):
                self.words.update(words)
                index = self._prefix if words[0].endswith("*") else self._exact
                index[words[0].rstrip("*")].append(_Phrase(name, words))
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefix}))

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def tag(self, tokens: Sequence[Token]) -> dict[str, list[Span]]:
        """Returns, for each class, the token spans where one of its phrases stands."""
        found: dict[str, set[Span]] = defaultdict(set)
        for i, token in enumerate(tokens):
            word = token.text
            candidates = list(self._exact.get(word, ()))
            for n in self._lengths:
                if n > len(word):
                    break
                if word[:n] in self._prefix:
                    candidates += self._prefix[word[:n]]
            for phrase in candidates:
                one = len(phrase.words) == 1
                end = i + 1 if one else self._end(phrase.words, tokens, i)
                if end:
                    found[phrase.name].add((i, end))
        return {name: sorted(spans) for name, spans in found.items()}

    def _end(self, words: tuple[str, ...], tokens: Sequence[Token], start: int) -> int:
        at = start + 1
        for word in words[1:]:
            skipped = 0
            while at < len(tokens) and not _same(word, tokens[at].text):
                if skipped == _MAX_SKIP or tokens[at].text not in self.fillers:
                    return 0
                skipped += 1
                at += 1
            if at >= len(tokens):
                return 0
            at += 1
        return at


def _same(pattern: str, word: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _alternatives(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Spells out `a/b`, `?optional` and `two_words` of an entry."""
    out: list[tuple[str, ...]] = [()]
    for word in words:
        optional = word.startswith("?")
        options = word.lstrip("?").split("/") if len(word) > 1 else [word]
        longer = [(*done, option) for done in out for option in options]
        out = longer + out if optional else longer
    spelt = [tuple(part for word in words for part in word.split("_")) for words in out]
    return [words for words in spelt if words]
