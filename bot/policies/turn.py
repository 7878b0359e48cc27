"""Reads the current turn off a tracker, and shows it to the rules without the escalation."""

from __future__ import annotations

from collections.abc import Iterable

from rasa.core.policies.policy import PolicyPrediction
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
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

from bot import contract

ROLL_AFTER_EVENTS = 60
"""A session is closed past this many events: Rasa's rules read all of it at every step.
Measured upstream: 47 ms a turn at 100 turns against 12 ms when rolled (DESIGN.md)."""

ROLL_AT_LAST = 90
"""Past this the session is closed even if the next words may refer to it."""

AWAITING = frozenset(
    {
        contract.UTTER_ANSWER,
        contract.UTTER_NEAREST,
        contract.UTTER_CLARIFY,
        contract.UTTER_SAID_ALREADY,
        "utter_pick_one",
    }
)
"""After these a "yes" or "no" means something only in this session, so it stays open."""

ROLL_ESCALATED = 300
"""What was escalated is forgotten with the session, so it stays open for longer still."""

ESCALATING = frozenset({contract.UTTER_ESCALATION, contract.UTTER_AFTER_ESCALATION})
"""Replies that ask somebody to call."""


def events_since_user(tracker: DialogueStateTracker) -> list[Event]:
    """Returns the events after the last user message, oldest first."""
    found: list[Event] = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        found.append(event)
    return found[::-1]


def actions_since_user(tracker: DialogueStateTracker) -> list[str]:
    """Names the actions that ran since the last user message."""
    return [str(e.action_name) for e in events_since_user(tracker) if isinstance(e, ActionExecuted)]


def has_spoken(tracker: DialogueStateTracker) -> bool:
    """Tells whether an action other than the escalation ran in this turn."""
    return any(a != contract.UTTER_ESCALATION for a in actions_since_user(tracker))


def actions_before(tracker: DialogueStateTracker) -> list[str]:
    """Names the actions of the turn before this one, in the same sitting."""
    turns, found = 0, []
    for event in reversed(tracker.events):
        turns += isinstance(event, UserUttered)
        if turns > 1:
            break
        if turns and isinstance(event, ActionExecuted):
            if event.action_name == ACTION_SESSION_START_NAME:
                break  # An hour later "hello" is a greeting.
            found.append(str(event.action_name))
    return found[::-1]


def escalation_before(tracker: DialogueStateTracker) -> str:
    """Names the wording of the escalation to which the last message is the next word.

    Empty if the turn before held none, or was about an "if", or a form is open.
    """
    if tracker.active_loop_name or ESCALATING.isdisjoint(actions_before(tracker)):
        return ""
    name = str(tracker.get_slot(contract.SLOT_ESCALATION) or "")
    return "" if name.endswith("_asked") else name


def without_escalation(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """Returns the session as if no escalation had ever been said in it.

    Keeps the active loop and all slots. Rules and memoized stories know nothing of the extra
    bot turn and would fall back after it.
    """
    session = _current_session(tracker.events)
    if not any(_is_escalation(e) for e in session):
        return tracker
    filtered = tracker.init_copy()
    for event in session:
        if not _is_escalation(event):
            filtered.update(event)
    return filtered


def _current_session(events: Iterable[Event]) -> list[Event]:
    session: list[Event] = []
    for event in events:
        if isinstance(event, SessionStarted):
            session = []
        session.append(event)
    return session


def _is_escalation(event: Event) -> bool:
    if isinstance(event, ActionExecuted):
        return event.action_name in ESCALATING
    if isinstance(event, BotUttered):
        return event.metadata.get("utter_action") in ESCALATING
    return isinstance(event, SlotSet) and event.key in {
        contract.SLOT_ESCALATION,
        contract.SLOT_ADVICE,
    }


def session_length(tracker: DialogueStateTracker) -> int:
    """Counts the events of the current session, from its end."""
    count = 0
    for event in reversed(tracker.events):
        if isinstance(event, SessionStarted):
            break
        count += 1
    return count


def roll_if_long(
    prediction: PolicyPrediction, tracker: DialogueStateTracker, domain: Domain
) -> PolicyPrediction:
    """Lets a predicted `action_listen` begin a new session at the end of a long one.

    Every event stays stored; only what the rules look at begins anew. The slots' values carry
    over. (Rasa's own `action_session_start` would copy every SlotSet of the session again.)
    """
    listen = domain.index_for_action(ACTION_LISTEN_NAME)
    confidence = prediction.probabilities[listen]
    if confidence < max(prediction.probabilities) or confidence == 0:
        return prediction
    actions = actions_since_user(tracker)
    awaiting = bool(actions) and actions[-1] in AWAITING
    limit = ROLL_AT_LAST if awaiting else ROLL_AFTER_EVENTS
    if not ESCALATING.isdisjoint(actions):
        limit = ROLL_ESCALATED
    if tracker.active_loop_name or not actions or session_length(tracker) <= limit:
        return prediction
    values = [SlotSet(s.name, s.value) for s in tracker.slots.values() if s.value is not None]
    prediction.optional_events = [*prediction.optional_events, SessionStarted(), *values]
    return prediction
