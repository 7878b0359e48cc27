"""Each private behaviour of Rasa 3.6.21 that the guide leans on."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import rasa
import rasa.core.actions.action as rasa_action
from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.action_calls import tame_action_calls

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [greet]
    slots:
      answer: {type: any, influence_conversation: false, mappings: [{type: custom}]}
    responses:
      utter_greet: [{text: hi}]
    """
)


def test_the_version_is_the_one_these_were_read_in() -> None:
    assert rasa.__version__ == "3.6.21"


def test_the_action_call_reads_its_timeout_from_the_constant_we_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rasa_action, "DEFAULT_REQUEST_TIMEOUT", 300)
    tame_action_calls(1.5)
    assert rasa_action.DEFAULT_REQUEST_TIMEOUT == 1.5
    assert "timeout=DEFAULT_REQUEST_TIMEOUT" in inspect.getsource(
        inspect.unwrap(rasa_action.RemoteAction.run)
    )


def prediction(action: str, priority: int, *, no_user: bool = False) -> PolicyPrediction:
    made = PolicyPrediction.for_action_name(DOMAIN, action, f"p{priority}", 1.0)
    made.policy_priority = priority
    made.is_no_user_prediction = no_user
    made.optional_events = [SlotSet("answer", priority)]
    return made


def test_only_the_winners_optional_events_are_applied_and_no_user_predictions_win() -> None:
    ensemble = DefaultPolicyPredictionEnsemble()
    tracker = DialogueStateTracker.from_events("s", [], slots=DOMAIN.slots)
    both = [prediction("utter_greet", 7), prediction("action_listen", 6, no_user=True)]
    winner = ensemble.combine_predictions(both, tracker, DOMAIN)
    assert winner.policy_name == "p6"
    assert [e.value for e in winner.events if isinstance(e, SlotSet)] == [6]


async def test_the_sql_store_keeps_every_event_across_a_rolled_session(tmp_path: Path) -> None:
    store = SQLTrackerStore(DOMAIN, dialect="sqlite", db=str(tmp_path / "events.db"))
    for turn in range(30):
        tracker = await store.get_or_create_tracker("s", append_action_listen=False)
        events: list[Event] = [
            UserUttered(f"message {turn}", {"name": "greet", "confidence": 1.0}),
            ActionExecuted("utter_greet"),
            BotUttered("hi", metadata={}),
        ]
        if turn % 3 == 2:  # A long session ends: a new one begins before the listening.
            events += [SessionStarted(), SlotSet("answer", {"id": str(turn)})]
        for event in [*events, ActionExecuted("action_listen")]:
            tracker.update(event, DOMAIN)
        await store.save(tracker)
    whole = await store.retrieve_full_tracker("s")
    assert whole is not None
    texts = [e.text for e in whole.events if isinstance(e, UserUttered)]
    assert texts == [f"message {n}" for n in range(30)]
    current = await store.retrieve("s")
    assert current is not None
    assert current.get_slot("answer") == {"id": "29"}
