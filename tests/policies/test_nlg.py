"""How a reply is rendered in the Rasa process: its words, its payload, and what when that fails."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest
import rasa.core.actions.action as rasa_action
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot import contract
from bot.escalation_words import GUARDED_OUTPUT, variant
from bot.nlg import GuideNLG
from bot.policies.escalation import verdict_of
from bot.safety import Finding, Level, Verdict
from bot.settings import ROOT
from tests.channels.widget.schema import assert_of_the_schema
from tests.policies.tiny import CLINIC

DOMAIN = Domain.load(str(ROOT / "domain.yml"))
QUIET = Verdict(Level.NONE)
CHEST = Verdict(Level.URGENT, (Finding("chest", "core", 0, 4, "pattern"),))
DESPAIR = Verdict(Level.CRISIS, (Finding("self_harm", "crisis", 0, 4, "pattern"),))
FEVER = Finding("fever_chills", "core", 0, 4, "pattern")


def tracker(verdict: Any, *, intent: str = "inform", decision: Any = None) -> DialogueStateTracker:
    """A conversation in which the policy has just chosen the words of an escalation."""
    shown = verdict.as_dict() if isinstance(verdict, Verdict) else verdict
    parsed = {
        "intent": {"name": intent, "confidence": 1.0},
        contract.VERDICT: shown,
        contract.DECISION: decision,
    }
    message = UserUttered("zebrafish", parsed["intent"], [], parsed, input_channel="rest")
    made = DialogueStateTracker.from_events("s", [message], slots=DOMAIN.slots)
    judged = verdict_of(made)
    made.update(SlotSet(contract.SLOT_ESCALATION, variant(judged)))
    made.update(SlotSet(contract.SLOT_ADVICE, judged.advice))
    return made


async def said(
    found: DialogueStateTracker,
    name: str = contract.UTTER_ESCALATION,
    channel: str = GUARDED_OUTPUT,
    nlg: GuideNLG | None = None,
) -> dict[str, Any]:
    nlg = nlg or GuideNLG(domain=DOMAIN, clinic=CLINIC)
    response = await nlg.generate(name, found, channel)
    assert response is not None
    return response


@pytest.mark.parametrize("language", ["en", "es", "unknown"])
@pytest.mark.parametrize(
    ("findings", "level", "first"),
    [
        ((FEVER,), "urgent", "tel:+12125557000"),
        (CHEST.findings, "urgent", "tel:911"),
        (DESPAIR.findings, "crisis", "tel:988"),
        ((*DESPAIR.findings, FEVER), "crisis", "tel:911"),
    ],
)
async def test_words_and_links_agree(
    findings: tuple[Finding, ...], level: str, first: str, language: str
) -> None:
    verdict = Verdict(Level(level), findings, language=language)  # type: ignore[arg-type]
    response = await said(tracker(verdict))
    phones = response["custom"]["phones"]
    assert (response["custom"]["level"], phones[0]["href"]) == (level, first)
    places = [response["text"].find(p["number"]) for p in phones]
    assert -1 not in places
    assert places == sorted(places)
    assert ("Llame" in response["text"]) == (language == "es")
    assert "buttons" not in response


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("verdict", [CHEST, DESPAIR, Verdict(Level.URGENT, (FEVER,))])
async def test_a_reminder_says_to_machines_what_it_is(verdict: Verdict, language: Any) -> None:
    found = tracker(replace(verdict, language=language))
    escalation = (await said(found))["custom"]["phones"]
    custom = (await said(found, contract.UTTER_AFTER_ESCALATION))["custom"]
    assert (custom["kind"], custom["reminder"], custom["lang"]) == ("text", True, language)
    assert {p["number"] for p in custom["phones"]} == {p["number"] for p in escalation}


CARD = {
    **dict.fromkeys(("title", "section", "url", "publisher", "reviewed_by", "reviewed_on"), "x"),
    **{"id": "d/p", "quote": "Some words.", "as_of": "2026-06"},
}


@pytest.mark.parametrize(
    ("name", "unsure"), [(contract.UTTER_ANSWER, None), (contract.UTTER_NEAREST, False)]
)
async def test_the_nearest_text_is_told_from_an_answer(name: str, unsure: bool | None) -> None:
    reply = await said(tracker(QUIET, decision={"card": CARD}), name)
    assert_of_the_schema([{key: reply[key] for key in ("text", "custom")}])
    custom = reply["custom"]
    assert (custom["kind"], custom["quote"], custom.get("sure")) == (
        "answer",
        "Some words.",
        unsure,
    )
    broken = await said(tracker(QUIET, decision={"card": {"broken": True}}), name)
    assert "sure" not in broken["custom"]


async def test_a_crisis_that_only_the_intent_names_has_the_links_of_a_crisis() -> None:
    response = await said(tracker(QUIET, intent=contract.INTENT_CRISIS))
    assert response["custom"]["level"] == "crisis"
    assert response["custom"]["phones"][0]["role"] == "crisis"
    assert "988" in response["text"]


@pytest.mark.parametrize("verdict", [None, {"level": "nonsense"}])
async def test_without_a_verdict_that_can_be_read_there_are_words_and_links(verdict: Any) -> None:
    response = await said(tracker(verdict))
    assert "911" in response["text"]
    assert [p["href"] for p in response["custom"]["phones"]][-1] == "tel:911"


async def test_a_broken_passage_costs_no_escalation() -> None:
    found = tracker(CHEST, decision={"card": {"broken": True}})
    response = await said(found)
    assert response["text"].startswith("⚠️ Call 911 now")
    answer = await said(found, contract.UTTER_ANSWER)
    assert answer["custom"]["kind"] == "error"
    assert answer["custom"]["phones"][0]["role"] == "care_team"


async def test_a_model_without_the_words_takes_those_of_the_file() -> None:
    nlg = GuideNLG(domain=Domain.empty(), clinic=CLINIC)
    response = await said(tracker(CHEST), nlg=nlg)
    assert "911" in response["text"]
    assert response["custom"]["kind"] == "escalation"


async def test_the_shell_prints_words_only_and_leaves_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    response = await said(tracker(CHEST), channel="queue")
    assert set(response) == {"text"}
    assert "escalation level=urgent families=chest channel=rest said_by=turn" in caplog.messages
    assert "zebrafish" not in caplog.text


async def test_behind_the_guard_the_guard_counts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await said(tracker(CHEST))
    assert not [m for m in caplog.messages if m.startswith("escalation level")]


@pytest.mark.parametrize("name", ["utter_human", "utter_unreadable", "utter_symptom"])
async def test_numbers_of_other_replies_can_be_tapped_too(name: str) -> None:
    response = await said(tracker(QUIET), name)
    assert [p["href"] for p in response["custom"]["phones"]] == [
        "tel:+12125557000",
        "tel:+12125557001",
        "tel:911",
    ]


async def test_an_action_server_that_never_answers_ends_the_wait_not_the_turn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GUIDE_ACTION_TIMEOUT", "0.2")
    monkeypatch.setattr(rasa_action, "DEFAULT_REQUEST_TIMEOUT", 300)
    nlg = GuideNLG(domain=DOMAIN, clinic=CLINIC)
    assert rasa_action.DEFAULT_REQUEST_TIMEOUT == 0.2
    hung = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hung.wait()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    endpoint = EndpointConfig(f"http://127.0.0.1:{port}/webhook")
    action = rasa_action.RemoteAction(contract.ACTION_RECORD_FEEDBACK, endpoint)
    call = asyncio.ensure_future(action.run(CollectingOutputChannel(), nlg, tracker(QUIET), DOMAIN))
    try:
        done, _ = await asyncio.wait({call}, timeout=60)
        assert done and call.result() == []  # It gave up by itself, and the turn goes on.
        assert "action_record_feedback was not run: " in caplog.text
    finally:
        hung.set()
        server.close()


async def test_an_action_server_that_is_not_there_is_a_line_in_the_log_and_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nlg = GuideNLG(domain=DOMAIN, clinic=CLINIC)
    GuideNLG(domain=DOMAIN, clinic=CLINIC)  # A second model is loaded: still one line.
    action = rasa_action.RemoteAction(
        contract.ACTION_RECORD_FEEDBACK, EndpointConfig("http://127.0.0.1:9/webhook")
    )
    assert await action.run(CollectingOutputChannel(), nlg, tracker(QUIET), DOMAIN) == []
    ours = [r for r in caplog.records if r.name == "bot.action_calls"]
    assert [r.getMessage() for r in ours] == ["action_record_feedback was not run: RasaException"]
    assert not any(r.exc_info for r in caplog.records)


async def test_a_form_that_is_rejected_still_is(monkeypatch: pytest.MonkeyPatch) -> None:
    GuideNLG(domain=DOMAIN, clinic=CLINIC)

    async def refuse(*_: Any, **__: Any) -> None:
        raise ClientResponseError(400, "", '{"action_name": "form", "error": "no"}')

    monkeypatch.setattr(EndpointConfig, "request", refuse)
    action = rasa_action.RemoteAction("form", EndpointConfig("http://127.0.0.1:9/webhook"))
    with pytest.raises(rasa_action.ActionExecutionRejection):
        await action.run(CollectingOutputChannel(), None, tracker(QUIET), DOMAIN)
