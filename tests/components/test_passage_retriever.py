"""What the retriever's component reads of a conversation, and which models it refuses."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from bot import contract
from bot.components.passage_retriever import PassageRetriever, _context, require_reviewed
from bot.components.query_writer import Queries
from bot.errors import SettingsError
from bot.knowledge.base import load_knowledge
from bot.retrieval.catalogue import Catalogue
from bot.retrieval.ranking import Ranking
from bot.retrieval.router import Context
from bot.settings import ROOT, load_settings

DOMAIN = Domain.load(str(ROOT / "domain.yml"))
ANSWER, LISTEN = contract.UTTER_ANSWER, "action_listen"


@pytest.mark.parametrize(
    ("actions", "outcome", "last"),
    [
        pytest.param([ANSWER, LISTEN], "answer", "a", id="just quoted"),
        pytest.param([ANSWER, "utter_welcome", LISTEN], None, "a", id="thanks between"),
        pytest.param([ANSWER, contract.UTTER_SOURCE], None, "a", id="its source told"),
        pytest.param([ANSWER, contract.UTTER_NO_MORE], "end", "a", id="the section's end"),
        pytest.param([ANSWER, contract.UTTER_SAID_ALREADY], "clarify", "a", id="that was all"),
        pytest.param([contract.UTTER_CARE_TEAM_RELATED], "answer", "a", id="advice, and a text"),
        pytest.param([ANSWER, contract.UTTER_NOT_COVERED], "unknown", None, id="not covered"),
        pytest.param([ANSWER, contract.UTTER_CARE_TEAM], None, None, id="advice"),
        pytest.param([ANSWER, contract.UTTER_ESCALATION], "answer", None, id="escalated"),
        pytest.param([contract.UTTER_ESCALATION, ANSWER], "answer", "a", id="and answered"),
        pytest.param(["action_session_start", LISTEN], "answer", "a", id="a session later"),
        pytest.param(["action_session_start", LISTEN], "unknown", None, id="and nothing quoted"),
        pytest.param([], None, None, id="at the start"),
    ],
)
def test_the_last_passage_is_the_one_that_the_last_content_quoted(
    actions: list[str], outcome: str | None, last: str | None
) -> None:
    tracker = DialogueStateTracker("s", DOMAIN.slots)
    tracker.update(SlotSet(contract.SLOT_ANSWER, {"id": "a"}))
    tracker.update(SlotSet(contract.SLOT_OUTCOME, outcome))
    for name in actions:
        tracker.update(ActionExecuted(name))
    context = _context(tracker)
    assert (context.last_passage, context.leans_on) == (last, last)


def test_a_message_may_lean_on_what_was_quoted_before_a_choice_was_offered() -> None:
    tracker = DialogueStateTracker("s", DOMAIN.slots)
    tracker.update(SlotSet(contract.SLOT_ANSWER, {"id": "a"}))
    for name in (ANSWER, LISTEN, contract.UTTER_CLARIFY, LISTEN):
        tracker.update(ActionExecuted(name))
    assert _context(tracker).leans_on == "a"
    assert _context(tracker).last_passage is None
    tracker.update(ActionExecuted(contract.UTTER_CARE_TEAM))
    assert _context(tracker).leans_on is None


def test_nothing_leans_on_a_text_of_which_the_guide_was_not_sure() -> None:
    tracker = DialogueStateTracker("s", DOMAIN.slots)
    tracker.update(SlotSet(contract.SLOT_ANSWER, {"id": "a"}))
    tracker.update(ActionExecuted(ANSWER))
    for name in (contract.UTTER_NEAREST, LISTEN):
        tracker.update(ActionExecuted(name))
    # "Where is this from?" is about it all the same.
    assert (_context(tracker).last_passage, _context(tracker).leans_on) == ("a", None)
    tracker.update(ActionExecuted(contract.UTTER_CLARIFY))
    assert _context(tracker).leans_on is None
    tracker.update(ActionExecuted(ANSWER))
    assert _context(tracker).leans_on == "a"


def test_after_no_nothing_was_just_quoted() -> None:
    tracker = DialogueStateTracker("s", DOMAIN.slots)
    tracker.update(SlotSet(contract.SLOT_ANSWER, {"id": "a"}))
    for name in (ANSWER, LISTEN, contract.UTTER_REPHRASE, LISTEN):
        tracker.update(ActionExecuted(name))
    assert (_context(tracker).last_passage, _context(tracker).leans_on) == (None, None)


def catalogue(**fields: str) -> Catalogue:
    found = Catalogue.of(load_knowledge(ROOT / "knowledge"))
    signed: dict[str, Any] = {
        "reviewed_by": "Dr. A. Example",
        "reviewed_on": "2026-06-01",
        **fields,
    }
    return replace(found, cards={k: replace(c, **signed) for k, c in found.cards.items()})


@pytest.mark.parametrize("field", ["reviewed_by", "reviewed_on"])
@pytest.mark.parametrize("value", ["unknown", "Unknown"])
def test_production_loads_no_model_with_unreviewed_texts(field: str, value: str) -> None:
    texts = catalogue(**{field: value})
    with pytest.raises(SettingsError, match=r"not reviewed: CAR T-cell therapy.*train again"):
        require_reviewed(texts, load_settings({"GUIDE_PRODUCTION": "1"}))
    require_reviewed(texts, load_settings({}))
    require_reviewed(texts, load_settings({"GUIDE_PRODUCTION": "1", "GUIDE_ALLOW_UNREVIEWED": "1"}))


def test_production_loads_reviewed_texts() -> None:
    require_reviewed(catalogue(), load_settings({"GUIDE_PRODUCTION": "1"}))


class Broken:
    """A retriever that fails whenever it reads a message in context."""

    catalogue = SimpleNamespace(cards={"a": None})

    def read_second(self, *arguments: object) -> None:
        raise RuntimeError("damaged")


def test_what_cannot_be_read_in_context_is_read_on_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    component: Any = PassageRetriever.__new__(PassageRetriever)
    component.retriever = Broken()
    message = Message({contract.QUERIES: Queries("how long", "A how long", "a")})
    vector = np.ones(2, dtype=np.float32)
    message.set(contract.EMBEDDINGS, SimpleNamespace(query=vector, in_context=lambda: vector))
    read = component._follow_up(message, Ranking((), (), 0.0), Context(leans_on="a"))
    assert read is None
    assert "not read in context: RuntimeError" in caplog.text
