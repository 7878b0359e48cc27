"""Faults injected one by one into Rasa's own processor behind the guard: the escalation still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import LockError
from rasa.shared.core.events import (
    ActionExecuted,
    ConversationPaused,
    Event,
    FollowupAction,
    SessionStarted,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot import contract
from bot.channels.guard import Incoming, TurnGuard
from bot.channels.tally import EscalationTally
from bot.settings import load_settings
from tests.policies import tiny

SENDER = "rest:a"
Said = list[dict[str, Any]]


@pytest.fixture
def agent(tiny_model: Path) -> Agent:
    """A bot of its own for each test: every one of them breaks something in it."""
    return tiny.load(tiny_model)


class Chat:
    """Talks to a bot through the guard; messages are understood by the patterns alone."""

    def __init__(self, agent: Agent, **changes: Any) -> None:
        self.tally = EscalationTally()
        limits = {"escalation_deadline": 0.2, "turn_timeout": 1.0, **changes}
        settings = replace(load_settings({}), **limits)
        self._guard = TurnGuard(settings, tiny.CLINIC, self.tally)
        self._agent = agent

    async def say(self, text: str, intent: str | None = "inform", **options: Any) -> Said:
        async def turn(message: UserMessage) -> Any:
            message.parse_data = tiny.understood(message.text, intent, **options)
            return await self._agent.handle_message(message)

        return await self.hear(text, turn)

    async def hear(self, text: str, turn: Callable[[UserMessage], Any]) -> Said:
        said: Said = []

        async def deliver(message: dict[str, Any]) -> None:
            said.append(message)

        incoming = Incoming(text=text, sender=SENDER, recipient="a", channel="rest")
        await self._guard.handle(incoming, turn, deliver)
        return said

    @property
    def said_by(self) -> dict[str, int]:
        return dict(self.tally.as_dict()["said_by"])


def kinds(said: Said) -> list[str]:
    return [m["custom"]["kind"] for m in said]


def failing(error: Exception) -> Any:
    async def fail(*args: Any, **kwargs: Any) -> Any:
        raise error

    return fail


def failing_at_once(error: Exception) -> Any:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise error

    return fail


def break_store_reads(agent: Agent) -> None:
    agent.processor.tracker_store.retrieve = failing(ConnectionError("database gone"))


def break_store_writes(agent: Agent) -> None:
    agent.processor.tracker_store.save = failing(ConnectionError("database gone"))


def break_lock(agent: Agent) -> None:
    agent.lock_store.lock = failing_at_once(LockError("no redis"))


def break_policies(agent: Agent) -> None:
    broken = failing_at_once(RuntimeError("policy broke"))
    agent.processor.predict_next_with_tracker_if_should = broken


def break_replies(agent: Agent) -> None:
    agent.processor.nlg.generate = failing(RuntimeError("no words"))


def break_slots(agent: Agent) -> None:
    agent.processor.run_action_extract_slots = failing(RuntimeError("no slots"))


def unload(agent: Agent) -> None:
    agent.processor = None


FAULTS: dict[str, Callable[[Agent], None]] = {
    "nothing": lambda agent: None,
    "tracker store cannot be read": break_store_reads,
    "tracker store cannot be written": break_store_writes,
    "lock store is gone": break_lock,
    "policies raise": break_policies,
    "replies raise": break_replies,
    "slots raise": break_slots,
    "no model": unload,
}
UNDERSTOOD: dict[str, dict[str, Any]] = {
    "all is well": {},
    "detector gone": {"detector": False},
    "index gone": {"decision": {"action": contract.UTTER_UNAVAILABLE}},
    "unanswered": {"decision": {"action": contract.UTTER_DONT_KNOW, "unanswered": True}},
    "intent wrong": {"intent": "goodbye"},
    "no intent": {"intent": None},
    "action server gone": {"intent": "note"},
    "form begins": {"intent": "book_visit"},
}
TEXTS = {"urgent": "he cannot breathe", "crisis": "I want to kill myself"}


ONE_BY_ONE = [
    *(pytest.param(fault, {}, id=name) for name, fault in FAULTS.items()),
    *(pytest.param(FAULTS["nothing"], graph, id=name) for name, graph in UNDERSTOOD.items()),
    pytest.param(break_store_writes, UNDERSTOOD["detector gone"], id="store and detector gone"),
]


@pytest.mark.parametrize("level", TEXTS)
@pytest.mark.parametrize(("fault", "graph"), ONE_BY_ONE)
async def test_the_escalation_is_first_and_said_once_whatever_is_broken(
    fault: Callable[[Agent], None], graph: dict[str, Any], level: str, agent: Agent
) -> None:
    fault(agent)
    chat = Chat(agent)
    said = await chat.say(TEXTS[level], **graph)
    assert kinds(said).count("escalation") == 1
    assert said[0]["custom"]["level"] == level
    assert said[0]["custom"]["phones"][0]["href"] == ("tel:911" if level == "urgent" else "tel:988")
    assert chat.tally.as_dict()["total"] == 1
    assert len(said) == 1 or level == "urgent"


async def test_when_the_graph_raises(agent: Agent) -> None:
    agent.processor.parse_message = failing(RuntimeError("encoder and all gone"))
    chat = Chat(agent)
    said = await chat.hear(TEXTS["urgent"], agent.handle_message)
    assert kinds(said) == ["escalation", "error"]
    assert chat.said_by == {"turn": 0, "channel": 1}


async def test_the_turn_speaks_itself_while_all_is_well(agent: Agent) -> None:
    chat = Chat(agent, escalation_deadline=5)
    assert kinds(await chat.say(TEXTS["urgent"])) == ["escalation"]
    assert chat.said_by == {"turn": 1, "channel": 0}
    assert kinds(await chat.say("hi", "greet")) == ["text"]


async def test_while_another_turn_holds_the_lock(agent: Agent) -> None:
    chat = Chat(agent)
    async with agent.lock_store.lock(SENDER):
        said = await chat.say(TEXTS["urgent"])
    assert kinds(said) == ["escalation", "error"]
    assert chat.said_by == {"turn": 0, "channel": 1}


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(ConversationPaused(), id="paused"),
        pytest.param(FollowupAction("utter_greet"), id="follow-up action"),
    ],
)
async def test_in_states_in_which_rasa_asks_no_policy(last: Event, agent: Agent) -> None:
    events = [SessionStarted(), ActionExecuted("action_listen"), last]
    tracker = DialogueStateTracker.from_events(SENDER, events, slots=agent.domain.slots)
    await agent.tracker_store.save(tracker)
    said = await Chat(agent).say(TEXTS["urgent"])
    assert kinds(said)[0] == "escalation"
    assert kinds(said).count("escalation") == 1


async def test_inside_a_form_behind_the_guard(agent: Agent) -> None:
    chat = Chat(agent, escalation_deadline=5)
    await chat.say("book a visit", "book_visit")
    assert kinds(await chat.say(TEXTS["urgent"])) == ["escalation"]
    tracker = await agent.tracker_store.retrieve(SENDER)
    assert tracker.get_slot("visitor") is None
    assert tracker.active_loop_name == "visit_form"


@pytest.mark.parametrize("before", ["stop", "goodbye", "greet"])
async def test_after_stop_and_goodbye(before: str, agent: Agent) -> None:
    chat = Chat(agent, escalation_deadline=5)
    await chat.say(before, before)
    for _ in range(3):
        assert kinds(await chat.say(TEXTS["urgent"])) == ["escalation"]


async def test_typed_commands_of_rasa_do_not_silence_it(agent: Agent) -> None:
    chat = Chat(agent, escalation_deadline=5)
    for command in ("/restart", "/stop", "/session_start", "/book_visit"):
        assert kinds(await chat.say(f"{command} {TEXTS['urgent']}"))[0] == "escalation"


async def test_a_turn_that_blocks_the_whole_process_delays_it_but_loses_nothing(
    agent: Agent,
) -> None:
    """Rasa's graph runs on the event loop: nothing leaves while one component computes."""

    async def blocks(message: UserMessage) -> None:
        time.sleep(0.3)
        await asyncio.sleep(0)

    assert kinds(await Chat(agent).hear(TEXTS["urgent"], blocks)) == ["escalation"]
