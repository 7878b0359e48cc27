"""Every branch of the decision, both sides of each threshold, and on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import contract
from bot.retrieval.catalogue import Card, Catalogue, TopicCard
from bot.retrieval.entries import OFF_TOPIC
from bot.retrieval.followup import FollowUp
from bot.retrieval.ranking import Hit, Ranking
from bot.retrieval.router import (
    GIVE_WAY,
    KNOWLEDGE_INTENTS,
    RELATED,
    Context,
    Decision,
    Thresholds,
    pick_offered,
    route,
)

T = Thresholds(answer=0.40, sure=0.40, clarify=0.20, small_talk=0.45, override=0.85)


def card(identity: str, section: str, *, after_escalation: bool = False) -> Card:
    return Card(
        id=identity,
        quote=f"Quote {identity}.",
        label=f"Label {identity}",
        title="T",
        section=section,
        publisher="unknown",
        url="unknown",
        as_of="2026-06",
        reviewed_by="unknown",
        reviewed_on="unknown",
        language="en",
        after_escalation=after_escalation,
        asked=True,
    )


CARDS = [
    card("a", "S"),
    card("b", "S"),
    card("c", "S"),
    card("d", "Z"),
    card("e", "Z"),
    card("x", "Z", after_escalation=True),
]
CATALOGUE = Catalogue(
    {c.id: c for c in CARDS}, {"cost": TopicCard("cost", "costs", "the office")}, "hash"
)


def ranking(
    confidence: float, passages: str = "abcd", other: str = "", *, ahead: bool = False
) -> Ranking:
    """Passages by their one-letter names, best first; `ahead` puts the other target first."""
    hits = tuple(Hit(p, 0.4 - i / 10, 0.9 - i / 10) for i, p in enumerate(passages))
    others = (Hit(other, 0.5 if ahead else 0.1, 0.5),) if other else ()
    return Ranking(hits, others, confidence)


@dataclass(frozen=True)
class Case:
    name: str
    action: str | None
    intent: str | None = contract.INTENT_QUESTION
    probability: float = 0.9
    ranking: Ranking | None = field(default_factory=lambda: ranking(0.6))
    text: str = "what is the first step here"
    context: Context = field(default_factory=Context)
    urgent: bool = False
    passage: str | None = None
    topic: str | None = None
    related: tuple[str, ...] | None = None
    unanswered: bool = False


ANSWER, NEITHER = contract.UTTER_ANSWER, None
TALK = "greet"
MORE, SOURCE = contract.INTENT_MORE, contract.INTENT_SOURCE
ADVICE, SYMPTOM = contract.INTENT_ADVICE, contract.INTENT_SYMPTOM
OUT = contract.INTENT_OUT_OF_SCOPE
AT_A = Context(last_passage="a")
OFFERED = Context(offered=("d", "e"))
ABC = ("a", "b", "c")

CASES = [
    Case("off topic, sure", contract.UTTER_OUT_OF_SCOPE, intent="out_of_scope"),
    Case("off topic, a guess", ANSWER, intent="out_of_scope", probability=0.44, passage="a"),
    # Small talk beside a topic that is not covered: the surer of the two decides.
    Case(
        "small talk, less sure than the topic",
        contract.UTTER_NOT_COVERED,
        intent=TALK,
        probability=0.49,
        ranking=ranking(0.1, other="topic:cost", ahead=True),
        text="and will insurance pay",
        topic="cost",
        related=(),
        unanswered=True,
    ),
    Case(
        "small talk, surer than the topic",
        NEITHER,
        intent=TALK,
        probability=0.51,
        ranking=ranking(0.1, other="topic:cost", ahead=True),
        text="thanks for all about insurance",
    ),
    Case(
        "small talk of two words is never a topic",
        NEITHER,
        intent=TALK,
        probability=0.46,
        ranking=ranking(0.1, other="topic:cost", ahead=True),
        text="thank you",
    ),
    # A question: answer from 0.40, clarify from 0.20, else it does not know.
    Case("question, on the answer threshold", ANSWER, ranking=ranking(0.40), passage="a"),
    Case("question, above it", ANSWER, ranking=ranking(0.41), passage="a"),
    Case("question, below it", contract.UTTER_CLARIFY, ranking=ranking(0.39), related=ABC),
    Case(
        "question, on the clarify threshold",
        contract.UTTER_CLARIFY,
        ranking=ranking(0.20),
        related=ABC,
    ),
    Case(
        "question, below it all",
        contract.UTTER_DONT_KNOW,
        ranking=ranking(0.19),
        related=ABC,
        unanswered=True,
    ),
    Case(
        "question, a topic behind", contract.UTTER_CLARIFY, ranking=ranking(0.3, other="topic:cost")
    ),
    Case(
        "question, a topic ahead",
        contract.UTTER_NOT_COVERED,
        ranking=ranking(0.3, other="topic:cost", ahead=True),
        topic="cost",
        unanswered=True,
    ),
    Case(
        "question, a topic ahead of a sure answer",
        ANSWER,
        ranking=ranking(0.40, other="topic:cost", ahead=True),
        passage="a",
    ),
    Case(
        "question, off topic ahead",
        contract.UTTER_OUT_OF_SCOPE,
        ranking=ranking(0.3, other=OFF_TOPIC, ahead=True),
    ),
    Case(
        "question, off topic behind", contract.UTTER_CLARIFY, ranking=ranking(0.3, other=OFF_TOPIC)
    ),
    Case(
        "question, only a topic found",
        contract.UTTER_NOT_COVERED,
        ranking=ranking(0.9, "", "topic:cost"),
        topic="cost",
        unanswered=True,
    ),
    Case(
        "question, nothing found",
        contract.UTTER_DONT_KNOW,
        ranking=ranking(0.9, ""),
        related=(),
        unanswered=True,
    ),
    Case("question, not embedded", contract.UTTER_UNAVAILABLE, ranking=None),
    Case("no intent, sure answer", ANSWER, intent=None, probability=0.0, passage="a"),
    # Neighbours first, then what ranked next: of section S "b" follows, "b" and "c" ranked.
    Case("answer, its buttons", ANSWER, passage="a", related=("b", "c")),
    Case(
        "answer, at most three buttons",
        ANSWER,
        ranking=ranking(0.6, "bdeac"),
        passage="b",
        related=("c", "d", "e"),
    ),
    # Small talk holds a question back from 0.45 on, unless the answer is sure from 0.85 on.
    Case("small talk", NEITHER, intent=TALK, ranking=ranking(0.1)),
    Case("small talk, on its threshold", NEITHER, intent=TALK, probability=0.45),
    Case("small talk, below it", ANSWER, intent=TALK, probability=0.44, passage="a"),
    Case("small talk, answer below override", NEITHER, intent=TALK, ranking=ranking(0.84)),
    Case("small talk, answer on override", ANSWER, intent=TALK, ranking=ranking(0.85), passage="a"),
    Case(
        "small talk of three words",
        NEITHER,
        intent=TALK,
        ranking=ranking(0.99),
        text="hi there friend",
    ),
    Case(
        "small talk of four words",
        ANSWER,
        intent=TALK,
        ranking=ranking(0.99),
        text="hi there what happens",
        passage="a",
    ),
    Case(
        "a button's title", ANSWER, intent=TALK, ranking=ranking(1.0, "a"), text="CRS", passage="a"
    ),
    # Tell me more, and where is this from.
    Case("more, after the last answer", ANSWER, intent=MORE, context=AT_A, passage="b"),
    Case(
        "more, at the section's end",
        contract.UTTER_NO_MORE,
        intent=MORE,
        context=Context(last_passage="c"),
    ),
    Case("more, before any answer", contract.UTTER_MORE_OF_WHAT, intent=MORE),
    Case(
        "more, last passage gone",
        contract.UTTER_MORE_OF_WHAT,
        intent=MORE,
        context=Context(last_passage="old"),
    ),
    Case(
        "more, hardly recognised", ANSWER, intent=MORE, probability=0.44, context=AT_A, passage="a"
    ),
    Case(
        "source, after an answer", contract.UTTER_SOURCE, intent=SOURCE, context=AT_A, passage="a"
    ),
    Case("source, before any answer", contract.UTTER_NO_SOURCE, intent=SOURCE),
    Case(
        "source, last passage gone",
        contract.UTTER_NO_SOURCE,
        intent=SOURCE,
        context=Context(last_passage="old"),
    ),
    # A personal question goes to the care team, with a passage where there is one.
    Case(
        "advice, with a passage",
        contract.UTTER_CARE_TEAM_RELATED,
        intent=ADVICE,
        ranking=ranking(0.40),
        passage="a",
    ),
    Case("advice, without", contract.UTTER_CARE_TEAM, intent=ADVICE, ranking=ranking(0.39)),
    Case(
        "advice, a sure passage",
        contract.UTTER_CARE_TEAM_RELATED,
        intent=ADVICE,
        ranking=ranking(0.95),
        passage="a",
    ),
    Case(
        "advice, hardly recognised",
        contract.UTTER_CARE_TEAM,
        intent=ADVICE,
        probability=0.1,
        ranking=ranking(0.1),
    ),
    # No passage reassures about a symptom, however sure.
    Case("symptom", contract.UTTER_SYMPTOM, intent=SYMPTOM, ranking=ranking(0.1)),
    Case("symptom, a sure passage", contract.UTTER_SYMPTOM, intent=SYMPTOM, ranking=ranking(0.99)),
    Case("symptom, not embedded", contract.UTTER_UNAVAILABLE, intent=SYMPTOM, ranking=None),
    # Out of scope.
    Case("out of scope", contract.UTTER_OUT_OF_SCOPE, intent=OUT, ranking=ranking(0.1)),
    Case(
        "out of scope, answer below override",
        contract.UTTER_OUT_OF_SCOPE,
        intent=OUT,
        ranking=ranking(0.84),
    ),
    Case(
        "out of scope, answer on override", ANSWER, intent=OUT, ranking=ranking(0.85), passage="a"
    ),
    Case(
        "out of scope, but a topic ahead",
        contract.UTTER_NOT_COVERED,
        intent=OUT,
        ranking=ranking(0.3, other="topic:cost", ahead=True),
        topic="cost",
        unanswered=True,
    ),
    # A choice among what was offered.
    Case("picked", ANSWER, text="the second one", context=OFFERED, passage="e"),
    Case(
        "picked, though unsure",
        ANSWER,
        text="1",
        context=OFFERED,
        ranking=ranking(0.01),
        intent=TALK,
        passage="d",
    ),
    Case("picked, not embedded", ANSWER, text="2", context=OFFERED, ranking=None, passage="e"),
    Case(
        "picked one that is gone",
        contract.UTTER_DONT_KNOW,
        text="1",
        ranking=ranking(0.1),
        context=Context(offered=("old",)),
        unanswered=True,
    ),
    # After an escalation only a sure passage that may follow it.
    Case(
        "urgent, a passage that may follow",
        ANSWER,
        urgent=True,
        ranking=ranking(0.40, "xa"),
        passage="x",
        related=(),
    ),
    Case("urgent, not sure of it", NEITHER, urgent=True, ranking=ranking(0.39, "xa")),
    Case("urgent, a passage that may not", NEITHER, urgent=True, ranking=ranking(0.99, "ax")),
    Case("urgent, nothing found", NEITHER, urgent=True, ranking=ranking(0.99, "")),
    Case("urgent, not embedded", NEITHER, urgent=True, ranking=None),
    Case("urgent, whatever the intent", NEITHER, urgent=True, intent=ADVICE),
    Case(
        "a yes with a question mark, after an answer",
        contract.UTTER_DONT_KNOW,
        text="such as?",
        intent="affirm",
        ranking=ranking(0.1),
        context=AT_A,
        unanswered=True,
    ),
    Case("a yes with a question mark, after none", NEITHER, text="yes?", intent="affirm"),
    Case("a yes after an answer", NEITHER, text="yes", intent="affirm", context=AT_A),
    # The title of a button asks for its passage, whatever its words are taken for.
    *(
        Case(
            f"a title taken for {intent}",
            ANSWER,
            text=" label D ",
            intent=intent,
            ranking=ranking(0.1),
            passage="d",
        )
        for intent in (SYMPTOM, ADVICE, TALK)
    ),
    Case(
        "an urgent title",
        ANSWER,
        text="Label x",
        urgent=True,
        ranking=ranking(0.1),
        passage="x",
        related=(),
    ),
    Case("an urgent title, may not follow", NEITHER, text="Label a", urgent=True),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_route(case: Case) -> None:
    decision = route(
        case.text,
        case.intent,
        case.probability,
        case.ranking,
        CATALOGUE,
        context=case.context,
        thresholds=T,
        urgent=case.urgent,
    )
    assert decision.action == case.action
    assert decision.passage == case.passage
    assert decision.topic == case.topic
    assert decision.unanswered is case.unanswered
    if case.related is not None:
        assert decision.related == case.related
    assert len(decision.related) <= RELATED
    assert decision.passage not in decision.related


ONLY_IN_CONTEXT = FollowUp("d", False, ("d", "a", "b"), 0.7)
SAID = FollowUp(None, True, ("b", "c", "d"), 0.7)
NOTHING_TRUSTED = FollowUp(None, False, ("c", "b"), 0.2)


@pytest.mark.parametrize(
    ("following", "sure", "other", "action", "passage"),
    [
        pytest.param(ONLY_IN_CONTEXT, 0.3, "", ANSWER, "d", id="what both rankings put first"),
        pytest.param(SAID, 0.3, "", contract.UTTER_SAID_ALREADY, None, id="all was said"),
        pytest.param(SAID, 0.3, OFF_TOPIC, contract.UTTER_SAID_ALREADY, None, id="not off topic"),
        pytest.param(SAID, 0.3, "topic:cost", contract.UTTER_NOT_COVERED, None, id="a topic is"),
        pytest.param(ONLY_IN_CONTEXT, 0.7, "", ANSWER, "d", id="not so clear on its own"),
        pytest.param(ONLY_IN_CONTEXT, 0.87, "", ANSWER, "d", id="sure, and not clear enough"),
        pytest.param(NOTHING_TRUSTED, 0.7, "", contract.UTTER_CLARIFY, None, id="no answer"),
        pytest.param(NOTHING_TRUSTED, 0.01, "", contract.UTTER_DONT_KNOW, None, id="don't know"),
        pytest.param(SAID, T.alone, "", ANSWER, "a", id="clear enough on its own"),
    ],
)
def test_a_message_that_leans_on_the_last_answer(
    following: FollowUp, sure: float, other: str, action: str, passage: str | None
) -> None:
    decision = route(
        "and how long does it last",
        contract.INTENT_QUESTION,
        0.9,
        ranking(sure, other=other, ahead=bool(other)),
        CATALOGUE,
        context=AT_A,
        thresholds=T,
        following=lambda: following,
    )
    assert (decision.action, decision.passage) == (action, passage)
    if action == contract.UTTER_SAID_ALREADY:
        assert decision.related == SAID.offers
        assert decision.unanswered
    if following is NOTHING_TRUSTED:
        assert decision.related == NOTHING_TRUSTED.offers
    if passage == "d":  # The nearest of both rankings are one tap away; the trust is its own.
        assert decision.related == ("a", "b")
        assert decision.confidence == ONLY_IN_CONTEXT.trust


@pytest.mark.parametrize(
    ("text", "sure", "action"),
    [
        ("such as?", 0.05, contract.UTTER_DONT_KNOW),
        ("such as?", 0.3, contract.UTTER_CLARIFY),
        ("who won the match", 0.05, contract.UTTER_OUT_OF_SCOPE),
    ],
)
def test_a_word_or_two_after_an_answer_is_not_off_topic(
    text: str, sure: float, action: str
) -> None:
    decision = route(
        text,
        contract.INTENT_OUT_OF_SCOPE,
        0.9,
        ranking(sure, other=OFF_TOPIC, ahead=True),
        CATALOGUE,
        context=AT_A,
        thresholds=T,
        following=lambda: NOTHING_TRUSTED,
    )
    assert (decision.action, decision.related == NOTHING_TRUSTED.offers) == (
        action,
        action != contract.UTTER_OUT_OF_SCOPE,
    )
    assert decision.unanswered is (action == contract.UTTER_DONT_KNOW)


@pytest.mark.parametrize("intent", [TALK, ADVICE, SYMPTOM])
def test_small_talk_advice_and_symptoms_lean_on_nothing(intent: str) -> None:
    decision = route(
        "thanks", intent, 0.9, ranking(0.1), CATALOGUE, context=AT_A, thresholds=T, following=_never
    )
    assert decision.action not in {ANSWER, contract.UTTER_SAID_ALREADY}


@pytest.mark.parametrize(
    ("text", "intent", "following", "action"),
    [
        ("well why then", contract.INTENT_AFFIRM, ONLY_IN_CONTEXT, ANSWER),
        ("for how long", contract.INTENT_GOODBYE, SAID, contract.UTTER_SAID_ALREADY),
        ("So what happens now", contract.INTENT_DENY, ONLY_IN_CONTEXT, ANSWER),
        ("sure why not", contract.INTENT_AFFIRM, NOTHING_TRUSTED, None),
        ("what a relief, thank you", contract.INTENT_THANK, ONLY_IN_CONTEXT, None),
        ("no that is what i meant", contract.INTENT_DENY, ONLY_IN_CONTEXT, None),
        ("well why then", contract.INTENT_AFFIRM, None, None),
    ],
)
def test_a_question_word_up_front_may_be_a_question(
    text: str, intent: str, following: FollowUp | None, action: str | None
) -> None:
    decision = behind_a(text, intent, 0.96, ranking(0.3), lambda: following)
    assert decision.action == action


@pytest.mark.parametrize(
    "shown",
    [ranking(0.3, other="topic:cost", ahead=True), ranking(0.95)],
    ids=["a topic is nearer", "clear enough on its own"],
)
def test_small_talk_gives_way_only_where_the_message_is_unclear_alone(shown: Ranking) -> None:
    decision = behind_a("ok then", contract.INTENT_AFFIRM, 0.6, shown, _never)
    assert decision.action is None


@pytest.mark.parametrize(
    ("intent", "probability", "following", "action"),
    [
        (contract.INTENT_AFFIRM, 0.69, ONLY_IN_CONTEXT, ANSWER),
        (contract.INTENT_MORE, 0.5, ONLY_IN_CONTEXT, ANSWER),
        (contract.INTENT_DENY, 0.5, SAID, contract.UTTER_SAID_ALREADY),
        (contract.INTENT_DENY, T.sure_small_talk, SAID, None),
        (contract.INTENT_AFFIRM, 0.5, NOTHING_TRUSTED, None),
        (contract.INTENT_CRISIS, 0.5, ONLY_IN_CONTEXT, None),
        ("request_human", 0.5, ONLY_IN_CONTEXT, None),
        ("feedback_negative", 0.5, ONLY_IN_CONTEXT, None),
        ("bot_challenge", 0.5, ONLY_IN_CONTEXT, None),
    ],
    ids=[
        "an answer",
        "more of it",
        "all was said",
        "sure",
        "nothing is trusted",
        "never a crisis",
        "nor who asks for a person",
        "nor who complains",
        "nor who asks for a machine",
    ],
)
def test_small_talk_that_is_not_sure_gives_way_to_what_is_read_in_context(
    intent: str, probability: float, following: FollowUp, action: str | None
) -> None:
    decision = behind_a("the first one on it", intent, probability, ranking(0.3), lambda: following)
    assert decision.action == action
    assert decision.passage == ("d" if action == ANSWER else None)


@pytest.mark.parametrize(
    "shown",
    [ranking(T.alone), ranking(0.3, other="topic:cost", ahead=True)],
    ids=["clear", "a topic"],
)
def test_a_message_that_is_clear_alone_is_not_read_again(shown: Ranking) -> None:
    decision = behind_a("what is it", contract.INTENT_QUESTION, 0.9, shown, _never)
    assert decision.action in {ANSWER, contract.UTTER_NOT_COVERED}


def behind_a(
    text: str,
    intent: str,
    probability: float,
    shown: Ranking,
    following: Callable[[], FollowUp | None],
) -> Decision:
    """Routes a message after passage "a" was quoted."""
    return route(
        text,
        intent,
        probability,
        shown,
        CATALOGUE,
        context=AT_A,
        thresholds=T,
        following=following,
    )


def _never() -> FollowUp | None:
    raise AssertionError("encoded a second time")


def test_the_numbers_behind_a_decision_are_kept() -> None:
    answer = route("what is it then", "ask_question", 0.9, ranking(0.6), CATALOGUE, thresholds=T)
    assert (answer.confidence, answer.similarity) == (0.6, 0.9)
    unsure = route("what is it then", "ask_question", 0.9, ranking(0.3), CATALOGUE, thresholds=T)
    assert (unsure.confidence, unsure.alternatives) == (0.3, ("a", "b", "c"))


def test_a_choice_is_certain() -> None:
    decision = route("1", TALK, 0.9, ranking(0.1), CATALOGUE, context=OFFERED, thresholds=T)
    assert (decision.confidence, decision.similarity) == (1.0, 1.0)


def test_shipped_thresholds_are_in_order() -> None:
    shipped = Thresholds()
    assert 0 < shipped.clarify < shipped.answer < shipped.override < 1


def test_as_dict_reads_back() -> None:
    decision = Decision("utter_answer", passage="a", related=("b",), confidence=0.5)
    assert Decision(**decision.as_dict()) == decision


INTENTS = [*sorted(KNOWLEDGE_INTENTS | GIVE_WAY), TALK, contract.INTENT_CRISIS, None]


@example(
    text="a",
    intent="crisis",
    probability=0.0,
    sure=0.0,
    passages="",
    other="",
    ahead=False,
    urgent=False,
    following=SAID,
)
@given(
    st.text(max_size=30),
    st.sampled_from(INTENTS),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(["", "a", "abcd", "xa"]),
    st.sampled_from(["", "topic:cost", OFF_TOPIC]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, ONLY_IN_CONTEXT, SAID, NOTHING_TRUSTED]),
)
def test_no_message_leaves_the_decision_undefined(
    text: str,
    intent: str | None,
    probability: float,
    sure: float,
    passages: str,
    other: str,
    ahead: bool,
    urgent: bool,
    following: FollowUp | None,
) -> None:
    decision = route(
        text,
        intent,
        probability,
        ranking(sure, passages, other, ahead=ahead),
        CATALOGUE,
        context=Context("a", offered=("d", "e")),
        thresholds=Thresholds(),
        urgent=urgent,
        following=lambda: following,
    )
    if decision.action is None:  # Only small talk and an escalation speak for themselves.
        assert urgent or intent not in KNOWLEDGE_INTENTS
    quoting = contract.QUOTING | {contract.UTTER_SOURCE}
    assert (decision.passage is not None) == (decision.action in quoting)
    asked_for = pick_offered(text, ("d", "e")) or CATALOGUE.by_label(text)
    if intent == SYMPTOM and not asked_for and not urgent:
        assert decision.action == contract.UTTER_SYMPTOM
    if decision.unanswered:
        assert decision.action in {
            contract.UTTER_DONT_KNOW,
            contract.UTTER_NOT_COVERED,
            contract.UTTER_SAID_ALREADY,
        }
    if urgent or intent in {contract.INTENT_CRISIS, SYMPTOM}:
        assert decision.action != contract.UTTER_SAID_ALREADY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "p"),
        ("2", "q"),
        ("3", "r"),
        ("#2", "q"),
        ("no. 2", "q"),
        ("No 2", "q"),
        ("number two", "q"),
        ("option 3.", "r"),
        ("the first one", "p"),
        ("First!", "p"),
        (" the 2nd one please ", "q"),
        ("third pls", "r"),
        ("last", "r"),
        ("the last one", "r"),
        ("4", None),
        ("the fourth", None),
        ("no", None),
        ("no one", None),
        ("none", None),
        ("noone", None),
        ("", None),
        ("the", None),
        ("what is the first step", None),
        ("2 days ago", None),
        ("first the fever, then the chills", None),
        ("🙂", None),
    ],
)
def test_pick_offered(text: str, expected: str | None) -> None:
    assert pick_offered(text, ("p", "q", "r")) == expected


def test_nothing_is_picked_beyond_what_was_offered() -> None:
    assert pick_offered("2", ("p",)) is None
    assert pick_offered("last", ("p",)) == "p"
    assert pick_offered("1", ()) is None


# --- A list that is quoted whole --------------------------------------------------------------

IN_ONE_LIST = Catalogue(
    {c.id: replace(c, quote="The list.") if c.id in "ab" else c for c in CARDS}, {}, "hash"
)


def behind(last: str, found: FollowUp) -> Decision:
    """Routes a message that is unclear alone, in context of the last passage."""
    return route(
        "and the breathing",
        contract.INTENT_QUESTION,
        0.9,
        ranking(0.5, "bac"),
        IN_ONE_LIST,
        context=Context(last, last),
        thresholds=T,
        following=lambda: found,
    )


def test_what_stood_in_the_list_has_been_said() -> None:
    decision = behind("a", FollowUp("b", False, ("c", "a", "b", "d"), 0.9))
    assert decision.action == contract.UTTER_SAID_ALREADY
    assert decision.passage is None
    assert decision.related == ("c", "d")


@pytest.mark.parametrize(
    ("offers", "related"),
    [
        pytest.param(("b", "c", "d", "e"), ("c", "d", "e"), id="the list was quoted"),
        pytest.param(("a", "b", "c", "d"), ("a", "c", "d"), id="it lies nearest again"),
    ],
)
def test_the_list_that_was_quoted_is_offered_only_where_it_lies_nearest(
    offers: tuple[str, ...], related: tuple[str, ...]
) -> None:
    decision = behind("a", FollowUp(None, False, offers, 0.3))
    assert (decision.action, decision.related) == (contract.UTTER_CLARIFY, related)


def test_another_list_is_quoted() -> None:
    decision = behind("d", FollowUp("b", False, ("b", "a", "c"), 0.9))
    assert (decision.passage, decision.related) == ("b", ("c",))


def test_a_list_is_offered_once() -> None:
    unclear = route(
        "hm", contract.INTENT_QUESTION, 0.9, ranking(0.3, "abcd"), IN_ONE_LIST, thresholds=T
    )
    assert (unclear.action, unclear.related) == (contract.UTTER_CLARIFY, ("a", "c", "d"))
    sure = route(
        "hm", contract.INTENT_QUESTION, 0.9, ranking(0.7, "bacd"), IN_ONE_LIST, thresholds=T
    )
    assert (sure.passage, sure.related) == ("b", ("c",))


# --- Likely, and not sure -----------------------------------------------------------------------

HEDGING = Thresholds(answer=0.40, sure=0.60, clarify=0.20, small_talk=0.45, override=0.85)


@pytest.mark.parametrize(
    ("sure", "action", "passage"),
    [
        (0.60, ANSWER, "a"),
        (0.59, contract.UTTER_NEAREST, "a"),
        (0.40, contract.UTTER_NEAREST, "a"),
        (0.39, contract.UTTER_CLARIFY, None),
    ],
)
def test_what_is_likely_and_not_sure_is_given_as_the_nearest_text(
    sure: float, action: str, passage: str | None
) -> None:
    intent, text = contract.INTENT_QUESTION, "what is the first step here"
    decision = route(text, intent, 0.9, ranking(sure), CATALOGUE, thresholds=HEDGING)
    assert (decision.action, decision.passage) == (action, passage)
    assert decision.related == (("b", "c") if passage else ABC)
    assert not decision.unanswered


@pytest.mark.parametrize(("trust", "action"), [(0.6, ANSWER), (0.59, contract.UTTER_NEAREST)])
def test_what_leans_is_hedged_by_its_own_trust(trust: float, action: str) -> None:
    decision = route(
        "and how long does it last",
        contract.INTENT_QUESTION,
        0.9,
        ranking(0.5),
        CATALOGUE,
        context=AT_A,
        thresholds=HEDGING,
        following=lambda: FollowUp("d", False, ("d", "b"), trust),
    )
    assert (decision.action, decision.passage) == (action, "d")


def test_only_a_sure_answer_follows_an_escalation() -> None:
    for sure, passage in ((0.60, "x"), (0.59, None)):
        found = ranking(sure, "xabc")
        decision = route(
            "how long does it take",
            contract.INTENT_QUESTION,
            0.9,
            found,
            CATALOGUE,
            thresholds=HEDGING,
            urgent=True,
        )
        assert decision.passage == passage
        assert decision.action == (ANSWER if passage else None)


def test_a_title_and_the_next_passage_are_sure() -> None:
    for text, intent in (("Label d", contract.INTENT_QUESTION), ("go on", MORE)):
        decision = route(
            text, intent, 0.9, ranking(0.5), CATALOGUE, context=AT_A, thresholds=HEDGING
        )
        assert decision.action == ANSWER
