"""An alarm on a clinical sentence counts where its finding touches the concept in question."""

from __future__ import annotations

from bot.evaluation.clinical import measure, touches_concept
from bot.evaluation.metrics import Rate
from bot.safety import Finding, Level, Verdict
from tests.evaluation.fakes import FEVER, parsed

ROW = {"concept": "fever", "sentence": "FEVER, no cough"}
CORE = {"core": True, "ext": False}


def test_an_alarm_counts_at_the_concept_it_touches() -> None:
    assert touches_concept(ROW, parsed(None, verdict=FEVER))
    assert not touches_concept({**ROW, "concept": "cough"}, parsed(None, verdict=FEVER))
    assert not touches_concept(ROW, parsed(None))


def test_a_denied_finding_is_no_alarm() -> None:
    denied = Verdict(Level.NONE, (Finding("fever_chills", "core", 0, 5, "pattern", negated=True),))
    row = {"concept": "fever", "sentence": "fever: none"}
    assert not touches_concept(row, parsed(None, verdict=denied))


def test_an_alarm_elsewhere_in_the_sentence_is_not_the_concepts() -> None:
    rows = [
        {**ROW, "negation": "Affirmed", **CORE},
        {**ROW, "concept": "cough", "negation": "Negated", **CORE},
    ]
    section = measure(rows, [parsed(None, verdict=FEVER)] * 2)
    affirmed, negated = section.tables[0].rows[0], section.tables[0].rows[2]
    assert affirmed == ("affirmed, core", 1, Rate(1, 1), Rate(1, 1))
    assert negated == ("negated, core", 1, Rate(0, 1), Rate(1, 1))
    assert section.metrics["clinical.negated_false_alarms"].value == 0.0
