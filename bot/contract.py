"""The names that the parts of the bot, `domain.yml` and the action server share.

Standard library only. Keys are those of Rasa message data (`latest_message.parse_data`)
and of the wire format in docs/protocol.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

# Message data set by the NLU graph.
VERDICT: Final = "safety_verdict"
DECISION: Final = "knowledge_decision"
EMBEDDINGS: Final = "sentence_embeddings"
QUERIES: Final = "search_queries"

# Slots.
SLOT_ANSWER: Final = "answer"
SLOT_OUTCOME: Final = "outcome"
SLOT_OFFERED: Final = "offered"
SLOT_ESCALATION: Final = "escalation"
SLOT_ADVICE: Final = "advice"

# Actions.
UTTER_ESCALATION: Final = "utter_escalation"
UTTER_AFTER_ESCALATION: Final = "utter_after_escalation"
UTTER_ANSWER: Final = "utter_answer"
UTTER_NEAREST: Final = "utter_nearest"
UTTER_CLARIFY: Final = "utter_clarify"
UTTER_REPHRASE: Final = "utter_rephrase"
UTTER_SAID_ALREADY: Final = "utter_said_already"
UTTER_DONT_KNOW: Final = "utter_dont_know"
UTTER_NOT_COVERED: Final = "utter_not_covered"
UTTER_CARE_TEAM: Final = "utter_care_team"
UTTER_CARE_TEAM_RELATED: Final = "utter_care_team_related"
UTTER_SYMPTOM: Final = "utter_symptom"
UTTER_OUT_OF_SCOPE: Final = "utter_out_of_scope"
UTTER_SOURCE: Final = "utter_source"
UTTER_NO_SOURCE: Final = "utter_no_source"
UTTER_NO_MORE: Final = "utter_no_more"
UTTER_MORE_OF_WHAT: Final = "utter_more_of_what"
UTTER_UNREADABLE: Final = "utter_unreadable"
UTTER_UNAVAILABLE: Final = "utter_unavailable"
UTTER_FALLBACK: Final = "utter_fallback"
UTTER_EMPTY: Final = "utter_empty"
UTTER_TOO_LONG: Final = "utter_too_long"
UTTER_TOO_MANY: Final = "utter_too_many"
ACTION_RECORD_UNANSWERED: Final = "action_record_unanswered"
ACTION_RECORD_FEEDBACK: Final = "action_record_feedback"

# What a reply leaves the conversation in: values of the slot `outcome`.
OUTCOMES: Final = {
    UTTER_ANSWER: "answer",
    UTTER_NEAREST: "nearest",
    UTTER_CARE_TEAM_RELATED: "answer",
    UTTER_CLARIFY: "clarify",
    UTTER_SAID_ALREADY: "clarify",
    UTTER_DONT_KNOW: "unknown",
    UTTER_NOT_COVERED: "unknown",
    UTTER_NO_MORE: "end",
}

# Replies that quote a passage, and replies about something else: after these, "where is this from?"
# asks about no passage. Small talk and words about a passage are neither.
QUOTING: Final = frozenset({UTTER_ANSWER, UTTER_NEAREST, UTTER_CARE_TEAM_RELATED})
QUOTING_NOTHING: Final = frozenset(
    {
        UTTER_ESCALATION,
        UTTER_AFTER_ESCALATION,
        UTTER_CLARIFY,
        UTTER_REPHRASE,
        UTTER_DONT_KNOW,
        UTTER_NOT_COVERED,
        UTTER_CARE_TEAM,
        UTTER_SYMPTOM,
        UTTER_OUT_OF_SCOPE,
        UTTER_UNREADABLE,
        UTTER_UNAVAILABLE,
        UTTER_FALLBACK,
    }
)


def has_just_quoted(actions: Iterable[str], outcome: object) -> bool:
    """Tells whether the last reply with content quoted a passage.

    Args:
        actions: names of the actions of this session, the latest first.
        outcome: the slot of that name, for a session that has just begun.
    """
    for name in actions:
        if name in QUOTING or name in QUOTING_NOTHING:
            return name in QUOTING
    return outcome in {OUTCOMES[a] for a in (UTTER_ANSWER, UTTER_NEAREST, UTTER_NO_MORE)}


def is_known(value: str) -> bool:
    """Tells whether a field of a source says something, and not 'unknown' in any letters."""
    return value.strip().casefold() not in {"", "unknown"}


# Kinds of a message on the wire.
KIND_ESCALATION: Final = "escalation"
KIND_ANSWER: Final = "answer"
KIND_TEXT: Final = "text"
KIND_ERROR: Final = "error"

# Intents that the policies and the retriever look at by name.
INTENT_QUESTION: Final = "ask_question"
INTENT_SYMPTOM: Final = "report_symptom"
INTENT_ADVICE: Final = "ask_personal_medical_advice"
INTENT_OUT_OF_SCOPE: Final = "out_of_scope"
INTENT_SOURCE: Final = "ask_source"
INTENT_MORE: Final = "tell_me_more"
INTENT_CRISIS: Final = "crisis"
INTENT_AFFIRM: Final = "affirm"
INTENT_DENY: Final = "deny"
INTENT_THANK: Final = "thank"
INTENT_GOODBYE: Final = "goodbye"
INTENT_GREET: Final = "greet"
INTENT_PRAISE: Final = "feedback_positive"
INTENT_CAPABILITIES: Final = "ask_capabilities"
