"""An urgent message at every step of every story: escalation first, and the story goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.core.events import ActionExecuted

from bot import contract
from bot.policies.escalation import SMALL_TALK
from bot.safety import Finding, Level, Verdict
from bot.settings import ROOT

AGAIN = contract.UTTER_AFTER_ESCALATION
QUIET = Verdict(Level.NONE)
URGENT = Verdict(Level.URGENT, (Finding("breathing", "core", 0, 4, "pattern"),))
CRISIS = Verdict(Level.CRISIS, (Finding("self_harm", "crisis", 0, 4, "pattern"),))


CARD = {
    "id": "a/b",
    "quote": "Words.",
    "label": "A label",
    "title": "A title",
    "section": "A section",
    "publisher": "unknown",
    "url": "unknown",
    "as_of": "2026-06",
    "reviewed_by": "unknown",
    "reviewed_on": "unknown",
}


def stories() -> list[Any]:
    found = []
    for path in sorted((ROOT / "data" / "stories").glob("*.yml")):
        for story in yaml.safe_load(path.read_text("utf-8"))["stories"]:
            turns: list[tuple[str, str | None, list[str]]] = []
            for step in story["steps"]:
                if "intent" in step:
                    turns.append((step["intent"], None, []))
                elif "slot_was_set" in step:
                    outcome = step["slot_was_set"][0]["outcome"]
                    turns[-1] = (turns[-1][0], outcome, turns[-1][2])
                else:
                    turns[-1][2].append(step["action"])
            found.append(pytest.param(turns, id=story["story"]))
    return found


def message(intent: str, actions: list[str], verdict: Verdict, sender: str) -> UserMessage:
    """A message as the graph would have understood it, so that the policies alone are tested."""
    decided = actions[0] if actions and actions[0] in contract.OUTCOMES else None
    if intent == contract.INTENT_SOURCE:
        decided = contract.UTTER_SOURCE
    unanswered = contract.ACTION_RECORD_UNANSWERED in actions
    data = {
        "text": "words",
        "intent": {"name": intent, "confidence": 1.0},
        "entities": [],
        contract.VERDICT: verdict.as_dict(),
        contract.DECISION: {
            "action": decided,
            "related": [],
            "unanswered": unanswered,
            "card": CARD,
            "topic": {"topic": "parking", "ask": "the front desk"},
        },
    }
    return UserMessage("words", CollectingOutputChannel(), sender, parse_data=data)


async def said(agent: Agent, turn: UserMessage) -> list[str]:
    tracker = await agent.tracker_store.retrieve(turn.sender_id)
    before = len(tracker.events) if tracker else 0
    await agent.handle_message(turn)
    tracker = await agent.tracker_store.retrieve(turn.sender_id)
    assert tracker is not None
    names = [e.action_name for e in list(tracker.events)[before:] if isinstance(e, ActionExecuted)]
    return [n for n in names if n not in {"action_listen", "action_session_start"}]


@pytest.mark.parametrize("turns", stories())
async def test_the_story_runs_as_written(turns: Any, agent: Agent) -> None:
    sender = f"plain-{id(turns)}"
    for intent, _, actions in turns:
        assert await said(agent, message(intent, actions, QUIET, sender)) == actions


@pytest.mark.parametrize("turns", stories())
async def test_the_escalation_is_first_at_every_step_and_the_story_goes_on(
    turns: Any, agent: Agent
) -> None:
    for urgent_step in range(len(turns)):
        sender, again = f"urgent-{id(turns)}-{urgent_step}", False
        before: list[str] = []
        for step, (intent, _, actions) in enumerate(turns):
            urgent = step == urgent_step
            got = await said(agent, message(intent, actions, URGENT if urgent else QUIET, sender))
            if not urgent:
                quoted = intent == contract.INTENT_PRAISE and contract.UTTER_ANSWER in before
                called = again and intent in SMALL_TALK and not quoted
                assert got == ([AGAIN] if called else actions), (urgent_step, step)
                again, before = called, got
                continue
            again, before = True, got
            assert got[0] == contract.UTTER_ESCALATION
            assert got[1:] == ([] if intent in SMALL_TALK else actions), (urgent_step, step)


@pytest.mark.parametrize("turns", stories())
async def test_a_crisis_at_any_step_is_the_whole_reply_and_the_bot_listens_on(
    turns: Any, agent: Agent
) -> None:
    for at in range(len(turns)):
        sender = f"crisis-{id(turns)}-{at}"
        for intent, _, actions in turns[:at]:
            assert await said(agent, message(intent, actions, QUIET, sender)) == actions
        intent, _, actions = turns[at]
        got = await said(agent, message(intent, actions, CRISIS, sender))
        assert got == [contract.UTTER_ESCALATION]
        assert await said(agent, message("greet", [], QUIET, sender)) == [AGAIN]


@pytest.mark.parametrize("intent", [*dict.fromkeys(["greet", "deny", "out_of_scope", None])])
async def test_an_urgent_message_out_of_nowhere_is_escalated_and_listened_to(
    intent: str | None, agent: Agent
) -> None:
    sender = f"nowhere-{intent}"
    turn = message(str(intent), [], URGENT, sender)
    turn.parse_data["intent"]["name"] = intent
    got = await said(agent, turn)
    assert got[0] == contract.UTTER_ESCALATION
    assert await said(agent, message("greet", ["utter_greet"], QUIET, sender)) == [AGAIN]
    source = message("ask_source", [contract.UTTER_SOURCE], QUIET, sender)
    assert await said(agent, source) == [contract.UTTER_SOURCE]
    assert await said(agent, message("greet", ["utter_greet"], QUIET, sender)) == ["utter_greet"]


def test_stories_are_found() -> None:
    assert len(stories()) >= 8 and Path(ROOT / "data" / "stories").is_dir()
