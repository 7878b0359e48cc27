"""Counts who raises the alarm: the bot, its halves and the lists of words, by groups of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.evaluation.baselines import word_list_alarm
from bot.evaluation.metrics import Rate
from bot.evaluation.parsed import Parsed
from bot.evaluation.red_flags import red_flag_alarm
from bot.evaluation.sets import Row
from bot.evaluation.tables import Cell, Table

SYSTEMS: Mapping[str, Callable[[Parsed], bool | None]] = {
    "the bot": lambda p: p.escalated,
    "patterns alone": lambda p: p.patterns_alarm,
    "classifier alone": lambda p: p.classifier_alarm,
    "the article's words as a list": lambda p: word_list_alarm(p.text),
    "red-flag words, as in public lists": lambda p: red_flag_alarm(p.text),
}

NOT_NOTED = "not noted"
"""The group of lines that lack a mark: writer a's say less about themselves."""


@dataclass(frozen=True)
class Judged:
    """The lines of a set and what the bot made of them."""

    rows: Sequence[Row]
    parsed: Sequence[Parsed]

    @classmethod
    def pool(cls, sets: Iterable[Judged]) -> Judged:
        """Puts sets together, each line counting the same."""
        parts = list(sets)
        return cls(
            [row for part in parts for row in part.rows],
            [parsed for part in parts for parsed in part.parsed],
        )

    def where(self, wanted: Callable[[Row], bool]) -> Judged:
        """Keeps the lines that are wanted."""
        kept = [(r, p) for r, p in zip(self.rows, self.parsed, strict=True) if wanted(r)]
        return Judged([r for r, _ in kept], [p for _, p in kept])


def alarms(parsed: Sequence[Parsed]) -> Rate:
    """Counts the messages that the bot escalates, in either way."""
    return Rate.of([p.escalated for p in parsed])


def shares(parsed: Sequence[Parsed]) -> list[Rate | None]:
    """Counts each system's alarms, in the order of SYSTEMS; None if it could not be asked."""
    found: list[Rate | None] = []
    for system in SYSTEMS.values():
        flags = [system(p) for p in parsed]
        found.append(None if None in flags else Rate.of([bool(f) for f in flags]))
    return found


def by_mark(title: str, mark: str, judged: Judged) -> Table:
    """Counts alarms by a mark of the lines, such as style; a list counts under each of its values.

    Groups are sorted by name; lines without the mark come last.
    """
    groups: dict[str, list[Parsed]] = {}
    for row, parsed in zip(judged.rows, judged.parsed, strict=True):
        marks = row.get(mark) or [NOT_NOTED]
        for name in marks if isinstance(marks, list) else [marks]:
            groups.setdefault(str(name), []).append(parsed)
    ordered = sorted(groups, key=lambda name: (name == NOT_NOTED, name))
    column = _COLUMNS.get(mark, mark)
    return group_table(f"{title} by {column}", column, {name: groups[name] for name in ordered})


def group_table(
    title: str, column: str, groups: Mapping[str, Sequence[Parsed] | None], note: str = ""
) -> Table:
    """Draws each group's size and each system's alarms; a group that is None was not run."""
    rows: list[tuple[Cell, ...]] = [
        (name, *([None] * (1 + len(SYSTEMS)) if group is None else (len(group), *shares(group))))
        for name, group in groups.items()
    ]
    return Table(title, (column, "n", *SYSTEMS), rows, note)


_COLUMNS = {"families": "family", "lang": "language"}
