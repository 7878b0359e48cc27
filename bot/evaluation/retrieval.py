"""Measures whether the right passage is quoted, and whether the rest is held back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.evaluation import plots
from bot.evaluation.baselines import Baseline, Ranked
from bot.evaluation.metrics import (
    Rate,
    calibration_error,
    confusions,
    coverage_curve,
    hit_at,
    holding_threshold,
    reliability,
)
from bot.evaluation.parsed import Outcome, Parsed
from bot.evaluation.sets import Row
from bot.evaluation.tables import Figure, Metric, Section, Table
from bot.knowledge.base import KnowledgeBase

HELD = 0.90
"""A baseline's threshold holds back this share of the near out-of-scope dev set: the rule by
which the bot's own was set."""

LONGEST = 15
"""Rows of the confusion table."""

GRID = 15
"""Passages in the confusion plot: more cannot be read."""


@dataclass(frozen=True)
class Asked:
    """The in-scope questions with their gold passages, and what the bot made of them."""

    rows: Sequence[Row]
    gold: Sequence[frozenset[str]]
    parsed: Sequence[Parsed]


@dataclass(frozen=True)
class Scored:
    """A baseline's figures under its threshold."""

    name: str
    ranked: Sequence[Ranked]
    right: Rate
    wrong: Rate
    held: Mapping[str, Rate]


def gold_passages(row: Row, knowledge: KnowledgeBase) -> frozenset[str]:
    """Returns the passages that answer: the ones named, and any that quotes an evidence."""
    named = {i for i in row["passages"] if i in knowledge.by_id}
    evidence = [_flat(e) for e in row["evidence"]]
    quoting = {p.id for p in knowledge.passages if any(e in _flat(p.quote) for e in evidence)}
    return frozenset(named | quoting)


def score_baseline(
    baseline: Baseline, asked: Asked, outside: Mapping[str, Sequence[str]], near_dev: Sequence[str]
) -> Scored:
    """Sets a baseline's threshold on the near dev set and counts under it."""
    threshold = holding_threshold([r.score for r in baseline.rank(near_dev)], HELD)
    ranked = baseline.rank([row["text"] for row in asked.rows])
    pairs = list(zip(asked.gold, ranked, strict=True))
    return Scored(
        baseline.name,
        ranked,
        Rate.of([r.score >= threshold and r.passages[0] in g for g, r in pairs]),
        Rate.of([r.score >= threshold and r.passages[0] not in g for g, r in pairs]),
        {
            name: Rate.of([r.score < threshold for r in baseline.rank(texts)])
            for name, texts in outside.items()
        },
    )


def measure(
    asked: Asked,
    outside: Mapping[str, Sequence[Parsed] | None],
    baselines: Sequence[Scored],
    labels: Mapping[str, str],
    knowledge: KnowledgeBase,
    *,
    lines: bool,
) -> Section:
    """Builds the section on retrieval.

    Args:
        asked: the in-scope questions.
        outside: what the texts do not answer, by set; None for a set that is absent.
        baselines: the other ways, already scored.
        labels: short names of passages.
        knowledge: the passages.
        lines: whether errors may be shown in full.
    """
    ranked = [p.ranked for p in asked.parsed]
    metrics = {
        "retrieval.top1": Metric.of(hit_at(asked.gold, ranked, 1)),
        "retrieval.top3": Metric.of(hit_at(asked.gold, ranked, 3)),
        "retrieval.answered_right": Metric.of(answered_right(asked)),
        "retrieval.answered_wrong": Metric.of(answered_wrong(asked), lower=True),
        "retrieval.nearest_right": Metric.of(nearest_right(asked), informative=True),
        "retrieval.nearest_wrong": Metric.of(nearest_wrong(asked), lower=True),
        "retrieval.right_or_offered": Metric.of(right_or_offered(asked)),
        "retrieval.marked_right": Metric.of(marked_right(asked, knowledge)),
    }
    for name, parsed in outside.items():
        if parsed is not None:
            metrics[f"{name}.held_back"] = Metric.of(held_back(parsed))
            metrics[f"{name}.nearest"] = Metric.of(
                Rate.of([p.outcome is Outcome.NEAREST for p in parsed]), lower=True
            )
    confidence, right = _trust(
        asked, [p for n in outside for p in outside[n] or () if n in {"near_oos", "far_oos"}]
    )
    bins = reliability(confidence, right)
    metrics["retrieval.calibration_error"] = Metric(
        calibration_error(bins), len(confidence), lower=True
    )
    tables = [
        _systems(asked, outside, baselines),
        _outcomes(asked, outside),
        _by_section(asked, knowledge),
        _by_style(asked),
        _confused(asked, labels),
    ]
    if lines:
        tables += [_wrong_answers(asked, knowledge), _wrong(asked, labels)]
        tables += _leaked(outside, labels)
    figures = [
        Figure(
            "Coverage against accuracy, in-scope questions",
            partial(
                plots.curves,
                _curves(asked, baselines),
                x="share of questions answered",
                y="share right of those",
            ),
        ),
        Figure(
            "Reliability of the confidence, in and out of scope",
            partial(plots.reliability_bars, bins),
        ),
        Figure(
            f"Confusion between passages: the {GRID} most often concerned",
            partial(plots.confusion_grid, *confusion(asked, labels)),
        ),
    ]
    return Section("Retrieval", tables, figures, metrics)


def answered_right(asked: Asked) -> Rate:
    """Counts questions that get a gold passage quoted, and not merely as the nearest text."""
    return Rate.of(
        [
            p.outcome is not Outcome.NEAREST and p.passage in g
            for g, p in zip(asked.gold, asked.parsed, strict=True)
        ]
    )


def answered_wrong(asked: Asked) -> Rate:
    """Counts questions answered as if known with a passage that does not answer."""
    return Rate.of(
        [
            p.outcome is Outcome.ANSWERED and p.passage not in g
            for g, p in zip(asked.gold, asked.parsed, strict=True)
        ]
    )


def nearest_right(asked: Asked) -> Rate:
    """Counts questions whose gold passage is quoted as the nearest text, not as the answer."""
    return Rate.of(
        [
            p.outcome is Outcome.NEAREST and p.passage in g
            for g, p in zip(asked.gold, asked.parsed, strict=True)
        ]
    )


def nearest_wrong(asked: Asked) -> Rate:
    """Counts questions for which a passage that does not answer is quoted as the nearest text."""
    return Rate.of(
        [
            p.outcome is Outcome.NEAREST and p.passage not in g
            for g, p in zip(asked.gold, asked.parsed, strict=True)
        ]
    )


def right_or_offered(asked: Asked) -> Rate:
    """Counts questions whose gold passage is quoted, or one tap away."""
    return Rate.of(
        [
            p.passage in g or bool(g & set(p.offered))
            for g, p in zip(asked.gold, asked.parsed, strict=True)
        ]
    )


def marked_right(asked: Asked, knowledge: KnowledgeBase) -> Rate:
    """Counts, of the sentences that stand out in a right answer, those that are the evidence."""
    right = []
    for row, gold, parsed in zip(asked.rows, asked.gold, asked.parsed, strict=True):
        mark = parsed.decision.get("mark")
        if parsed.passage not in gold or not mark:
            continue
        sentence = _flat(knowledge.by_id[str(parsed.passage)].quote[mark[0] : mark[1]])
        evidence = [_flat(e) for e in row["evidence"]]
        right.append(any(e in sentence or sentence in e for e in evidence))
    return Rate.of(right)


def held_back(parsed: Sequence[Parsed]) -> Rate:
    """Counts out-of-scope messages that are not answered as if known."""
    return Rate.of([p.outcome is not Outcome.ANSWERED for p in parsed])


def _trust(asked: Asked, outside: Sequence[Parsed]) -> tuple[list[float], list[bool]]:
    inside = list(zip(asked.gold, asked.parsed, strict=True))
    confidence = [p.confidence for p in (*asked.parsed, *outside)]
    return confidence, [_first(p) in g for g, p in inside] + [False] * len(outside)


def _first(parsed: Parsed) -> str | None:
    return parsed.ranked[0] if parsed.ranked else None


def _systems(
    asked: Asked,
    outside: Mapping[str, Sequence[Parsed] | None],
    baselines: Sequence[Scored],
) -> Table:
    ranked = [p.ranked for p in asked.parsed]
    bot = (
        "the bot",
        hit_at(asked.gold, ranked, 1),
        hit_at(asked.gold, ranked, 3),
        answered_right(asked),
        answered_wrong(asked),
        *(held_back(p) if p is not None else None for p in outside.values()),
    )
    rows = [
        (
            b.name,
            hit_at(asked.gold, [r.passages for r in b.ranked], 1),
            hit_at(asked.gold, [r.passages for r in b.ranked], 3),
            b.right,
            b.wrong,
            *(b.held.get(name) for name in outside),
        )
        for b in baselines
    ]
    return Table(
        f"Retrieval, {len(asked.rows)} questions",
        (
            "system",
            "top 1",
            "top 3",
            "answered right",
            "answered wrong",
            *(f"{name} held back" for name in outside),
        ),
        [bot, *rows],
        "Top 1 and top 3 rank every question; the other columns count what is said under each "
        f"system's threshold. A baseline's holds back {HELD:.0%} of near_oos dev. "
        "In brackets: 95 % interval.",
    )


def _outcomes(asked: Asked, outside: Mapping[str, Sequence[Parsed] | None]) -> Table:
    groups = {"in scope": asked.parsed, **{n: p for n, p in outside.items() if p is not None}}
    counts = {name: Counter(p.outcome for p in parsed) for name, parsed in groups.items()}
    rows = [(o.value, *(counts[name][o] for name in groups)) for o in Outcome]
    return Table(
        "What becomes of a message",
        ("outcome", *groups),
        rows,
        "'answered' alone claims to know. An escalation may come before any of them.",
    )


def _group_row(name: str, asked: Asked, chosen: Sequence[int]) -> tuple[str | int | Rate, ...]:
    part = Asked(
        [asked.rows[i] for i in chosen],
        [asked.gold[i] for i in chosen],
        [asked.parsed[i] for i in chosen],
    )
    ranked = [p.ranked for p in part.parsed]
    right, wrong = answered_right(part), answered_wrong(part)
    return (
        name,
        len(chosen),
        hit_at(part.gold, ranked, 1),
        hit_at(part.gold, ranked, 3),
        right,
        wrong,
        Rate(len(chosen) - right.hits - wrong.hits, len(chosen)),
    )


_GROUP_COLUMNS = ("n", "top 1", "top 3", "answered right", "answered wrong", "held back")


def _by_section(asked: Asked, knowledge: KnowledgeBase) -> Table:
    groups: dict[str, list[int]] = {p.section: [] for p in knowledge.passages}
    for i, row in enumerate(asked.rows):
        named = [n for n in row["passages"] if n in knowledge.by_id] or sorted(asked.gold[i])
        if named:
            groups[knowledge.by_id[named[0]].section].append(i)
    rows = [_group_row(name, asked, chosen) for name, chosen in groups.items() if chosen]
    note = "A question counts in the section of its first gold passage."
    return Table("By section", ("section", *_GROUP_COLUMNS), rows, note)


def _by_style(asked: Asked) -> Table:
    groups: dict[str, list[int]] = {}
    for i, row in enumerate(asked.rows):
        for style in str(row.get("style") or "plain").split("+"):
            groups.setdefault(style, []).append(i)
    rows = [_group_row(name, asked, chosen) for name, chosen in sorted(groups.items())]
    note = "A question may have several styles."
    return Table("By style", ("style", *_GROUP_COLUMNS), rows, note)


def confusion(asked: Asked, labels: Mapping[str, str]) -> tuple[list[str], list[list[int]]]:
    """Counts gold against first-ranked passages, among those that are confused most.

    A question with several gold passages counts for the one ranked first, or the first named.

    Returns:
        The passages' names, and for each gold one (a row) how often each was ranked first.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for row, g, p in zip(asked.rows, asked.gold, asked.parsed, strict=True):
        first = _first(p)
        if first is not None and (first in g or row["passages"]):
            pairs[first if first in g else str(row["passages"][0]), first] += 1
    errors: Counter[str] = Counter()
    for (gold, said), n in pairs.items():
        if gold != said:
            errors.update({gold: n, said: n})
    chosen = [identity for identity, _ in errors.most_common(GRID)]
    names = [labels.get(i, i) for i in chosen]
    return names, [[pairs[g, s] for s in chosen] for g in chosen]


def _confused(asked: Asked, labels: Mapping[str, str]) -> Table:
    gold, said = [], []
    for row, g, p in zip(asked.rows, asked.gold, asked.parsed, strict=True):
        first = _first(p)
        if first is not None and first not in g and row["passages"]:
            gold.append(str(row["passages"][0]))
            said.append(first)
    rows = [(labels.get(g, g), labels.get(s, s), n) for g, s, n in confusions(gold, said)[:LONGEST]]
    return Table("Passages confused most", ("gold", "ranked first", "count"), rows, terminal=False)


def _wrong_answers(asked: Asked, knowledge: KnowledgeBase) -> Table:
    rows = []
    for row, g, p in zip(asked.rows, asked.gold, asked.parsed, strict=True):
        if p.passage is not None and p.passage not in g:
            wanted = " / ".join(_quote(i, knowledge) for i in row["passages"] or sorted(g))
            said = _quote(p.passage, knowledge)
            rows.append((row["text"], said, wanted, p.outcome.value, round(p.confidence, 3)))
    columns = ("question", "what was quoted", "what answers", "outcome", "confidence")
    return Table("Wrong answers, in full", columns, rows, terminal=False)


def _quote(passage: str, knowledge: KnowledgeBase) -> str:
    found = knowledge.by_id.get(passage)
    return found.quote if found else passage


def _wrong(asked: Asked, labels: Mapping[str, str]) -> Table:
    rows = []
    for row, g, p in zip(asked.rows, asked.gold, asked.parsed, strict=True):
        if p.passage not in g:
            said = labels.get(p.passage or "", p.outcome.value)
            wanted = "; ".join(labels.get(i, i) for i in row["passages"])
            rows.append((row["text"], wanted, p.outcome.value, said, round(p.confidence, 3)))
    rows.sort(key=lambda r: str(r[2]))
    columns = ("question", "gold", "outcome", "quoted", "confidence")
    return Table("Questions without their passage, in full", columns, rows, terminal=False)


def _leaked(
    outside: Mapping[str, Sequence[Parsed] | None], labels: Mapping[str, str]
) -> list[Table]:
    tables = []
    for name, parsed in outside.items():
        rows = [
            (p.text, labels.get(p.passage or "", ""), round(p.confidence, 3))
            for p in parsed or ()
            if p.outcome in {Outcome.ANSWERED, Outcome.NEAREST}
        ]
        title = f"{name}: answered as if known, or quoted as the nearest text, in full"
        tables.append(Table(title, ("message", "quoted", "confidence"), rows, terminal=False))
    return tables


def _curves(asked: Asked, baselines: Sequence[Scored]) -> dict[str, list[tuple[float, float]]]:
    pairs = list(zip(asked.gold, asked.parsed, strict=True))
    lines = {
        "the bot": coverage_curve(
            [p.confidence for p in asked.parsed], [_first(p) in g for g, p in pairs]
        )
    }
    for b in baselines:
        right = [r.passages[0] in g for g, r in zip(asked.gold, b.ranked, strict=True)]
        lines[b.name] = coverage_curve([r.score for r in b.ranked], right)
    return lines


def _flat(text: str) -> str:
    return " ".join(text.split())
