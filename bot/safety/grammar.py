"""A small slot grammar: rules of word classes with gaps, matched over tagged tokens.

A rule reads `FACE ..3 DROOP`: a word of FACE, then within three words one of DROOP. `~3` means
either order, `A|B` either class, a lower-case word itself; fillers ("my", "really") cost
nothing, and no gap crosses the end of a sentence. `!` in front: emergency number first; `?`:
needs a person in the sentence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.safety.lexicon import Lexicon, Span
from bot.safety.tokens import Token

_MAX_DISTANCE = 100  # tokens between two slots, fillers too: more than anybody writes


@dataclass(frozen=True)
class Step:
    """One slot: any of `classes`, at most `gap` words after the slot before."""

    classes: tuple[str, ...]
    gap: int = 0


@dataclass(frozen=True)
class Rule:
    """A sequence of steps that, found in a text, is evidence of a family."""

    family: str
    steps: tuple[Step, ...]
    emergency: bool = False
    personal: bool = False
    text: str = ""


@dataclass(frozen=True)
class Match:
    """`slots` are the token spans that the rule's steps took; what lies between is gap."""

    rule: Rule
    start: int
    end: int
    slots: tuple[Span, ...] = ()


def parse_rule(family: str, text: str, lexicon: Lexicon) -> list[Rule]:
    """Compiles a rule, adding its literal words to the lexicon; two rules for `~`."""
    flags = text[: len(text) - len(text.lstrip("!? "))]
    words = text[len(flags) :].split()
    return [
        Rule(family, _steps(order, lexicon), "!" in flags, "?" in flags, text)
        for order in _orders(words)
    ]


def _orders(words: list[str]) -> list[list[str]]:
    """Spells out `~N` and `?optional` words as plain sequences."""
    for i, word in enumerate(words):
        if word.startswith("~"):
            left, gap, right = words[:i], ".." + word[1:], words[i + 1 :]
            return _orders([*left, gap, *right]) + _orders([*right, gap, *left])
        if word.startswith("?"):
            return _orders([*words[:i], word[1:], *words[i + 1 :]]) + _orders(
                words[:i] + words[i + 1 :]
            )
    return [words]


def _steps(words: Sequence[str], lexicon: Lexicon) -> tuple[Step, ...]:
    steps: list[Step] = []
    gap = 0
    for word in words:
        if word.startswith(".."):
            gap = int(word[2:])
            continue
        if word.isupper():
            names = tuple(word.split("|"))
            unknown = [n for n in names if n not in lexicon]
            if unknown:
                raise ValueError(f"unknown word class {unknown} in rule {' '.join(words)!r}")
        else:
            names = (f"={word}",)
            if names[0] not in lexicon:
                lexicon.add(names[0], [word])
        steps.append(Step(names, gap))
        gap = 0
    return tuple(steps)


class RuleBook:
    """Rules in their order, looked up by the class that they begin with."""

    def __init__(self, rules: Sequence[Rule]):
        self._rules = tuple(rules)
        self._by_first: dict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(self._rules):
            for name in rule.steps[0].classes:
                self._by_first[name].append(number)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def beginning_with(self, classes: Mapping[str, list[Span]]) -> list[Rule]:
        """Returns the rules whose first slot some class of a text can take, in order."""
        numbers = {n for name in classes for n in self._by_first.get(name, ())}
        return [self._rules[n] for n in sorted(numbers)]


class Scanner:
    """Matches rules over one text whose classes have been tagged."""

    def __init__(self, tokens: Sequence[Token], tags: Mapping[str, list[Span]], lexicon: Lexicon):
        self._tags = tags
        self._cost = [0]
        self._breaks = [0]
        for token in tokens:
            self._cost.append(self._cost[-1] + (token.text not in lexicon.fillers))
            self._breaks.append(self._breaks[-1] + token.is_break)
        self._unions: dict[tuple[str, ...], list[Span]] = {}

    def scan(self, rules: RuleBook) -> list[Match]:
        """Returns the shortest match of each rule from each place where it starts."""
        matches = []
        for rule in rules.beginning_with(self._tags):
            spans = [self._spans(step.classes) for step in rule.steps]
            if not all(spans):
                continue
            failed: set[tuple[int, int]] = set()
            for start, end in spans[0]:
                slots = self._follow(rule.steps, spans, 1, end, failed)
                if slots is not None:
                    taken = ((start, end), *slots)
                    matches.append(Match(rule, start, taken[-1][1], taken))
        return matches

    def _spans(self, classes: tuple[str, ...]) -> list[Span]:
        if len(classes) == 1:
            return self._tags.get(classes[0], [])
        if classes not in self._unions:
            merged = {span for name in classes for span in self._tags.get(name, ())}
            self._unions[classes] = sorted(merged)
        return self._unions[classes]

    def _follow(
        self,
        steps: Sequence[Step],
        spans: Sequence[list[Span]],
        index: int,
        at: int,
        failed: set[tuple[int, int]],
    ) -> tuple[Span, ...] | None:
        """Takes the slots from `index` on; `failed` keeps from where that was tried in vain."""
        if index == len(steps):
            return ()
        if (index, at) in failed:
            return None
        places = spans[index]
        for place in range(bisect_left(places, (at, 0)), len(places)):
            start, end = places[place]
            if self._cost[start] - self._cost[at] > steps[index].gap or start - at > _MAX_DISTANCE:
                break
            if self._breaks[start] > self._breaks[at]:
                break
            rest = self._follow(steps, spans, index + 1, end, failed)
            if rest is not None:
                return ((start, end), *rest)
        failed.add((index, at))
        return None
