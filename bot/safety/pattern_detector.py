"""Finds urgent symptoms and crisis in raw text by rules over meaning; needs no model."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.safety.families import FAMILIES
from bot.safety.grammar import Match, Scanner
from bot.safety.hypothetical import is_hypothetical
from bot.safety.language import guess_language
from bot.safety.library import Library, load_library
from bot.safety.negation import NegationScope
from bot.safety.readings import ReadingLimits, find_readings, has_normal_reading
from bot.safety.syntax import reviewed
from bot.safety.things import said_of_thing
from bot.safety.tokens import Token, tokenize
from bot.safety.verdict import Finding, Verdict, level_of


@dataclass(frozen=True)
class Examination:
    """A verdict with what speaks for calm: another sense of a word, a normal reading."""

    verdict: Verdict
    other_sense: bool = False
    normal_reading: bool = False


class PatternDetector:
    """Reads the whole of a raw text, whatever its length, and returns a verdict with spans.

    `nlp` is an optional spaCy pipeline that refines the scope of negation; without it, or when
    it raises, the rules alone decide.
    """

    def __init__(
        self, nlp: Callable[[str], Any] | None = None, *, limits: ReadingLimits | None = None
    ):
        self._nlp = nlp
        self._limits = limits or ReadingLimits()

    def detect(self, text: str, doc: Any = None) -> Verdict:
        return self.examine(text, doc).verdict

    def examine(self, text: str, doc: Any = None) -> Examination:
        """Returns the verdict and whatever the rules found that speaks against an alarm."""
        library = load_library()
        tokens = tokenize(text, library.aliases, library.repair)
        findings, dropped = self._findings(tokens, library)
        findings = reviewed(findings, text, doc, self._nlp)
        readings = find_readings(tokens, self._limits)
        ordered = tuple(sorted(findings + readings, key=lambda f: (f.start, f.end, f.family)))
        verdict = Verdict(
            level=level_of(ordered),
            findings=ordered,
            hypothetical=is_hypothetical(tokens, library.people, ordered),
            language=guess_language(tokens),
        )
        normal = not readings and has_normal_reading(tokens, self._limits)
        return Examination(verdict, dropped, normal)

    def _findings(self, tokens: Sequence[Token], library: Library) -> tuple[list[Finding], bool]:
        """Returns the findings, and whether another sense took some away."""
        tags = library.lexicon.tag(tokens)
        scanner = Scanner(tokens, tags, library.lexicon)
        matches = scanner.scan(library.rules)
        decoys = scanner.scan(library.decoys)
        persons = _Persons(tokens, library.people)
        meant = [m for m in matches if not m.rule.personal or persons.beside(m)]
        other_senses = _places(decoys)
        kept = [
            m
            for m in meant
            if other_senses[m.rule.family].isdisjoint(range(m.start, m.end))
            and not said_of_thing(m, tokens, library)
        ]
        scope = NegationScope(
            tokens, [(m.start, m.end) for m in kept], library.nominal, library.negation
        )
        judged = [(m, scope.negated(m.start, m.end, m.slots)) for m in kept]
        return _merged(judged, tokens), len(kept) < len(meant)


def _places(matches: Sequence[Match]) -> defaultdict[str, set[int]]:
    """Returns, for each family, the tokens that its matches cover."""
    covered: defaultdict[str, set[int]] = defaultdict(set)
    for match in matches:
        covered[match.rule.family].update(range(match.start, match.end))
    return covered


class _Persons:
    """Tells whether a sentence names a person; every token is looked at once."""

    def __init__(self, tokens: Sequence[Token], people: frozenset[str]):
        self._count = [0, *itertools.accumulate(token.text in people for token in tokens)]
        breaks = [i for i, token in enumerate(tokens) if token.is_break]
        self._starts = [0, *(i + 1 for i in breaks)]
        self._ends = [*breaks, len(tokens)]

    def beside(self, match: Match) -> bool:
        start = self._starts[bisect_right(self._starts, match.start) - 1]
        end = self._ends[bisect_left(self._ends, match.end)]
        return self._count[end] > self._count[start]


def _merged(judged: Sequence[tuple[Match, bool]], tokens: Sequence[Token]) -> list[Finding]:
    """Joins overlapping matches of a family; an affirmed match outweighs a denied one."""
    findings: list[Finding] = []
    for match, negated in sorted(judged, key=lambda j: (j[0].rule.family, j[0].start, j[0].end)):
        family = match.rule.family
        start, end = tokens[match.start].start, tokens[match.end - 1].end
        last = findings[-1] if findings else None
        emergency = match.rule.emergency
        if last and last.family == family and start < last.end and last.negated == negated:
            start, end = last.start, max(end, last.end)
            emergency = emergency or last.emergency
            findings.pop()
        tier = FAMILIES[family].tier
        findings.append(Finding(family, tier, start, end, "pattern", negated, 1.0, emergency))
    return findings
