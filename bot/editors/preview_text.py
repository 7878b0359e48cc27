"""Writes a preview for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bot.editors.preview import Line, View, changes
from bot.retrieval.router import Thresholds

NAME = 46
"""Columns for a name: a button's title has 45 characters at most."""


def as_text(question: str, views: Sequence[View]) -> str:
    """Writes one view, or two and what differs between them."""
    parts = [f"Question: {question}"]
    for one in views:
        parts += ["", f"== {one.title}", *_decision(one), "", *_ranking(one)]
    if len(views) > 1:
        found = changes(views[0], views[-1])
        parts += ["", "== What the edit changes for this question"]
        parts += [f"  {line}" for line in found] or ["  nothing"]
    return "\n".join(parts)


def _decision(one: View) -> list[str]:
    parsed, limits = one.look.parsed, Thresholds()
    trust = one.look.ranking.confidence if one.look.ranking else 0.0
    lines = [
        f"Reply: {one.decision}",
        f"Probability that the first passage answers: {trust:.2f} "
        f"(the answer from {limits.sure:.2f}, the nearest text from {limits.answer:.2f}, "
        f"topics offered from {limits.clarify:.2f})",
        f"Intent: {parsed.intent} ({one.look.intent_probability:.2f})",
    ]
    if parsed.escalated:
        families = ", ".join(parsed.verdict.families) if parsed.verdict else ""
        lines.insert(0, f"The escalation goes out first ({families})")
    return lines


def _ranking(one: View) -> list[str]:
    if not one.lines:
        return ["(the question could not be encoded)"]
    rows = [f"     share  cosine  {'passage':<{NAME}}"]
    for place, line in enumerate(one.lines, start=1):
        rows.append(f"{place:>3}  {line.share:5.2f}  {line.cosine:6.3f}  {line.name}")
        rows.append(f"{'':20}{_matched(line)}")
    return rows


def _matched(line: Line) -> str:
    if line.match is None:
        return "(its texts have changed since)"
    return f'{line.match.kind.value}, {line.match.cosine:.3f}: "{line.match.text}"'
