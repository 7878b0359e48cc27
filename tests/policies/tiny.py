"""A small bot with a form, trained in a second: our policies in Rasa's own processor, no NLU.

What the graph would have understood is given with each message; without it the policies are
on their own, as when the detector is gone.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import rasa.model_training
from rasa.core.agent import Agent, load_agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.core.utils import AvailableEndpoints
from rasa.shared.core.events import ActionExecuted
from rasa.utils.endpoints import EndpointConfig

from bot import contract
from bot.clinic import Clinic, Site
from bot.nlg import GuideNLG
from bot.safety.quick import quick_verdict
from bot.settings import ROOT

CLINIC = Clinic(
    default_site="north",
    sites={
        "north": Site(
            name="Northside",
            care_team_phone="+1 212 555 7000",
            after_hours_phone="+1 212 555 7001",
            emergency_number="911",
            crisis_line="988",
            hours="always",
        )
    },
)
DOMAIN = """
version: "3.1"
intents: [greet, goodbye, stop, book_visit, note, inform]
entities: []
slots:
  escalation: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  advice: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  outcome: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  offered: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  answer: {type: any, influence_conversation: false, mappings: [{type: custom}]}
  visitor:
    type: text
    influence_conversation: true
    mappings: [{type: from_text, conditions: [{active_loop: visit_form, requested_slot: visitor}]}]
  day:
    type: text
    influence_conversation: true
    mappings: [{type: from_text, conditions: [{active_loop: visit_form, requested_slot: day}]}]
forms:
  visit_form: {required_slots: [visitor, day]}
actions: [action_note]
responses:
  utter_greet: [{text: hello}]
  utter_goodbye: [{text: goodbye}]
  utter_stopped: [{text: stopped}]
  utter_ask_visitor: [{text: "who comes?"}]
  utter_ask_day: [{text: "which day?"}]
  utter_booked: [{text: booked}]
  utter_noted: [{text: noted}]
  utter_fallback: [{text: "please say it in other words"}]
  utter_answer: [{text: "a passage", metadata: {kind: answer}}]
  utter_nearest: [{text: "the nearest", metadata: {kind: answer}}]
  utter_dont_know: [{text: "I don't know"}]
  utter_unavailable: [{text: "I can't look it up", metadata: {kind: error}}]
  utter_unreadable: [{text: "I can't read that", metadata: {kind: error}}]
"""
RULES = """
version: "3.1"
rules:
- rule: greet
  steps: [{intent: greet}, {action: utter_greet}]
- rule: goodbye
  steps: [{intent: goodbye}, {action: utter_goodbye}]
- rule: stop
  steps: [{intent: stop}, {action: utter_stopped}]
- rule: note
  steps: [{intent: note}, {action: action_note}, {action: utter_noted}]
- rule: begin the form
  steps: [{intent: book_visit}, {action: visit_form}, {active_loop: visit_form}]
- rule: end the form
  condition: [{active_loop: visit_form}]
  steps: [{action: visit_form}, {active_loop: null}, {action: utter_booked}]
"""
CONFIG = """
recipe: default.v1
assistant_id: tiny
language: en
pipeline: []
policies:
- name: bot.policies.escalation.EscalationRulePolicy
  core_fallback_action_name: utter_fallback
  enable_fallback_prediction: true
- name: bot.policies.memoization.StoryPolicy
- name: bot.policies.answer.AnswerPolicy
"""


def train(folder: Path) -> Path:
    """Trains the small bot, with the escalation as domain.yml words it."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "tiny.tar.gz"
    if not archive.is_file():
        for name, text in (("domain", domain()), ("rules", RULES), ("config", CONFIG)):
            (folder / f"{name}.yml").write_text(text, encoding="utf-8")
        rasa.model_training.train_core(
            str(folder / "domain.yml"),
            str(folder / "config.yml"),
            str(folder / "rules.yml"),
            str(folder),
            fixed_model_name="tiny",
        )
    return archive


def domain() -> str:
    """Returns the domain of the small bot with the escalation as domain.yml words it."""
    lines = (ROOT / "domain.yml").read_text("utf-8").split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("  utter_escalation:"))
    end = next(n for n, line in enumerate(lines) if line.startswith("  # --- Answers"))
    return DOMAIN + "\n".join(lines[start:end])


def load(archive: Path) -> Agent:
    """Loads it with our replies and an action server where nobody answers."""
    endpoints = AvailableEndpoints(action=EndpointConfig("http://127.0.0.1:9/webhook"))
    agent = asyncio.new_event_loop().run_until_complete(
        load_agent(str(archive), endpoints=endpoints)
    )
    assert agent.processor is not None
    nlg: NaturalLanguageGenerator = GuideNLG(domain=agent.domain, clinic=CLINIC)
    agent.nlg = agent.processor.nlg = nlg
    return agent


def understood(
    text: str,
    intent: str | None = None,
    *,
    detector: bool = True,
    decision: dict[str, Any] | None = None,
    sure: float = 1.0,
) -> dict[str, Any]:
    """Returns message data as the graph would leave it, its detector by the patterns alone."""
    data: dict[str, Any] = {
        "text": text,
        "intent": {"name": intent, "confidence": sure if intent else 0.0},
        "entities": [],
    }
    if detector:
        data[contract.VERDICT] = quick_verdict(text).as_dict()
    if decision is not None:
        data[contract.DECISION] = {"related": [], **decision}
    return data


class Conversation:
    """One person's conversation with the small bot, without a channel of ours before it."""

    def __init__(self, agent: Agent, sender: str) -> None:
        self._agent = agent
        self._sender = sender

    async def say(self, text: str, intent: str | None = None, **options: Any) -> list[str]:
        """Returns the names of what was done, without the listening."""
        before = await self._actions()
        data = understood(text, intent, **options)
        output = CollectingOutputChannel()
        await self._agent.handle_message(UserMessage(text, output, self._sender, parse_data=data))
        done = (await self._actions())[len(before) :]
        self.heard = output.messages
        return [a for a in done if a not in {"action_listen", "action_session_start"}]

    async def slot(self, name: str) -> Any:
        """Returns a slot's value."""
        return (await self._agent.tracker_store.retrieve(self._sender)).get_slot(name)

    async def _actions(self) -> list[str]:
        tracker = await self._agent.tracker_store.retrieve(self._sender)
        events = tracker.events if tracker else []
        return [str(e.action_name) for e in events if isinstance(e, ActionExecuted)]
