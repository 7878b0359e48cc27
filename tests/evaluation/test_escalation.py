"""Recall, first number, false alarms: on a dozen messages whose counts are plain to see."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.evaluation.alarms import Judged
from bot.evaluation.escalation import demands_emergency, emergency_first, measure
from bot.evaluation.metrics import Rate
from bot.evaluation.parsed import Parsed
from bot.evaluation.tables import Cell, Section, as_text
from bot.safety import Verdict
from tests.evaluation.fakes import CHEST, CRISIS, FAINT, FEVER, OVERDOSE, parsed

URGENT: list[tuple[list[str], str, str, Verdict | None]] = [
    # families, style, writer, what the bot found
    (["chest"], "plain", "d", CHEST),
    (["chest", "fever_chills"], "caps", "d", FEVER),  # escalated, the clinic first: wrong
    (["breathing"], "plain", "d", None),  # missed
    (["seizure"], "plain", "a", OVERDOSE),
    (["fever_chills"], "plain", "a", FEVER),
    (["faint_lowbp"], "caps", "d", FAINT),
]


def urgent() -> Judged:
    rows = [{"families": f, "style": s, "lang": "en", "writer": w} for f, s, w, _ in URGENT]
    return Judged(
        rows, [parsed(None, text=f"urgent {i}", verdict=v[3]) for i, v in enumerate(URGENT)]
    )


def quiet(name: str, verdicts: Sequence[Verdict | None], **marks: str) -> Judged:
    messages = [parsed(None, text=f"{name} {i}", verdict=v) for i, v in enumerate(verdicts)]
    return Judged([marks] * len(verdicts), messages)


def section(*, lines: bool = False, everyday: Sequence[Parsed] | None = None) -> Section:
    sets = {
        "urgent": urgent(),
        "crisis": quiet("crisis", [CRISIS, FEVER, None, OVERDOSE], lang="es", writer="d"),
        "negated": quiet("negated", [FEVER, None], style="plain", lang="en", writer="d"),
        "other_sense": quiet("other", [None, None], style="idiom", lang="es", writer="d"),
        "benign": quiet("benign", [None, None, None], writer="a"),
        "near_crisis": quiet("near", [CRISIS], style="plain", lang="en", writer="d"),
    }
    inscope = [parsed(None, text="asks", verdict=FEVER), parsed(None), parsed(None), parsed(None)]
    return measure(sets, everyday, inscope, lines=lines)


def table(title: str, part: Section) -> dict[Cell, Sequence[Cell]]:
    (found,) = [t for t in part.tables if t.title == title]
    return {row[0]: row[1:] for row in found.rows}


def test_figures() -> None:
    figures = {
        name.removeprefix("escalation."): (m.value, m.count, m.better)
        for name, m in section(everyday=[parsed(None, verdict=FEVER), parsed(None)]).metrics.items()
    }
    assert figures == {
        "urgent_recall": (pytest.approx(5 / 6), 6, "higher"),  # all but 'breathing'
        "crisis_recall": (3 / 4, 4, "higher"),
        "crisis_line_recall": (2 / 4, 4, "higher"),  # FEVER has no crisis line
        # Chest, chest with fever, breathing and seizure demand it; the first and the last get it.
        "emergency_first_recall": (2 / 4, 4, "higher"),
        "negated_false_alarms": (1 / 2, 2, "lower"),
        "other_sense_false_alarms": (0.0, 2, "lower"),
        "benign_false_alarms": (0.0, 3, "lower"),
        "near_crisis_false_alarms": (1.0, 1, "lower"),
        "quiet_false_alarms": (2 / 8, 8, "lower"),  # 1 + 0 + 0 + 1 of 2 + 2 + 3 + 1
        "everyday_false_alarms": (1 / 2, 2, "lower"),
        "inscope_alarms": (1 / 4, 4, "neither"),
    }


def test_everyday_commands_that_are_absent_have_no_figure() -> None:
    part = section()
    assert "escalation.everyday_false_alarms" not in part.metrics
    assert table("False alarms by set", part)["everyday commands"][0] is None
    assert part.tables[0].rows[0][-1] is None


@pytest.mark.parametrize(
    ("verdict", "first"),
    [(CHEST, 1), (FAINT, 1), (OVERDOSE, 1), (FEVER, 0), (CRISIS, 0), (None, 0)],
    ids=["family", "wording", "overdose", "clinic", "crisis line", "missed"],
)
def test_emergency_first(verdict: Verdict | None, first: int) -> None:
    assert emergency_first(quiet("x", [verdict])) == Rate(first, 1)


def test_one_of_the_families_is_enough_to_demand_the_emergency_number() -> None:
    assert [demands_emergency({"families": f}) for f, *_ in URGENT] == [True] * 4 + [False] * 2


def test_first_number_by_family() -> None:
    rows = table("Urgent: is the emergency number first", section())
    assert rows["chest"] == (2, Rate(1, 2), Rate(2, 2))
    assert rows["breathing"] == (1, Rate(0, 1), Rate(0, 1))
    assert rows["seizure"] == (1, Rate(1, 1), Rate(1, 1))
    assert rows["stroke_focal"] == (0, Rate(0, 0), Rate(0, 0))
    assert rows["any of these"] == (4, Rate(2, 4), Rate(3, 4))
    assert rows["none of these"] == (2, Rate(1, 2), Rate(2, 2))
    assert "fever_chills" not in rows


def test_recall_by_mark() -> None:
    part = section()
    assert table("Urgent by family", part)["fever_chills"][:2] == (2, Rate(2, 2))
    assert table("Urgent by style", part)["plain"][:2] == (4, Rate(3, 4))
    assert table("Urgent by writer", part)["d"][:2] == (4, Rate(3, 4))
    assert table("Urgent by writer", part)["a"][:2] == (2, Rate(2, 2))
    assert table("Urgent by language", part)["en"][:2] == (6, Rate(5, 6))
    assert table("Urgent by person", part)["not noted"][:2] == (6, Rate(5, 6))
    assert table("Crisis by language", part)["es"][:2] == (4, Rate(3, 4))


def test_false_alarms_by_set_style_language_and_writer() -> None:
    part = section(everyday=[parsed(None)])
    sets = {name: row[:2] for name, row in table("False alarms by set", part).items()}
    assert sets == {
        "negated": (2, Rate(1, 2)),
        "other_sense": (2, Rate(0, 2)),
        "benign": (3, Rate(0, 3)),
        "near_crisis": (1, Rate(1, 1)),
        "all quiet": (8, Rate(2, 8)),
        "everyday commands": (1, Rate(0, 1)),
        "in-scope questions": (4, Rate(1, 4)),
    }
    styles = table("False alarms by style", part)
    assert {name: row[:2] for name, row in styles.items()} == {
        "idiom": (2, Rate(0, 2)),
        "plain": (3, Rate(2, 3)),
        "not noted": (3, Rate(0, 3)),
    }
    assert table("False alarms by language", part)["en"][:2] == (3, Rate(2, 3))
    assert table("False alarms by writer", part)["d"][:2] == (5, Rate(2, 5))


def test_no_line_is_shown_unless_asked_for() -> None:
    part = section(everyday=[parsed(None, text="everyday 0", verdict=FEVER)])
    shown = "\n".join(as_text(t) for t in part.tables)
    for words in ("urgent 2", "crisis 2", "negated 0", "near 0", "everyday 0", "asks"):
        assert words not in shown


def test_every_error_is_printed_when_asked_for() -> None:
    part = section(lines=True, everyday=[parsed(None, text="everyday 0", verdict=FEVER)])
    listed = {t.title: [row[-1] for row in t.rows] for t in part.tables if "in full" in t.title}
    assert listed == {
        "urgent: missed, in full": ["urgent 2"],
        "crisis: missed, in full": ["crisis 2"],
        "negated: false alarms, in full": ["negated 0"],
        "other_sense: false alarms, in full": [],
        "benign: false alarms, in full": [],
        "near_crisis: false alarms, in full": ["near 0"],
        "urgent: escalated without the emergency number first, in full": ["urgent 1"],
        "everyday: false alarms, in full": ["everyday 0"],
        "in-scope questions: alarms, in full": ["asks"],
    }
    assert all(t.terminal for t in part.tables)
