"""Renders replies inside the Rasa process: domain.yml's words, the clinic's, the passage's."""

from __future__ import annotations

import logging
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot import contract
from bot.action_calls import tame_action_calls
from bot.clinic import Clinic, Site, load_clinic
from bot.escalation_words import GUARDED_OUTPUT, log_escalation, verdict_on
from bot.reply import answer_variables, buttons_of, escalation_payload, payload_of
from bot.settings import load_settings
from bot.words import Words, domain_responses

logger = logging.getLogger(__name__)

SHELL_CHANNELS = frozenset({"queue", "cmdline"})
"""`rasa shell` prints a `custom` payload as raw JSON, so it gets none."""


class GuideNLG(TemplatedNaturalLanguageGenerator):  # type: ignore[misc]
    """Named as `nlg: type:` in endpoints.yml; the agent gives it the domain's responses."""

    def __init__(
        self,
        endpoint_config: EndpointConfig | None = None,
        domain: Domain | None = None,
        clinic: Clinic | None = None,
    ) -> None:
        super().__init__(domain.responses if domain else {})
        settings = load_settings()
        self._clinic = clinic or load_clinic(settings)
        for warning in self._clinic.warnings():
            logger.warning(warning)
        tame_action_calls(settings.action_timeout)

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Returns the reply; if it cannot be made, an apology with the numbers instead."""
        message = tracker.latest_message
        data = (message.parse_data or {}) if message else {}
        site = _site(tracker)
        if utter_action == contract.UTTER_ESCALATION:
            return self._escalation(tracker, site, output_channel)
        try:
            response = self._say(utter_action, data, tracker, site)
        except Exception as error:
            logger.error("reply %s not rendered: %s", utter_action, type(error).__name__)
            response = Words(domain_responses(), self._clinic).say(contract.UTTER_UNAVAILABLE)
        kind = str((response.pop("metadata", None) or {}).get("kind", contract.KIND_TEXT))
        if output_channel not in SHELL_CHANNELS:
            decision = data.get(contract.DECISION) or {}
            response["custom"] = payload_of(
                kind, response["text"], decision.get("card"), self._site(site), decision.get("mark")
            )
            if utter_action == contract.UTTER_NEAREST and kind == contract.KIND_ANSWER:
                response["custom"]["sure"] = False
            if utter_action == contract.UTTER_AFTER_ESCALATION:
                spanish = str(tracker.get_slot(contract.SLOT_ESCALATION)).endswith("_es")
                response["custom"].update(reminder=True, lang="es" if spanish else "en")
        return response

    def _say(
        self, name: str, data: dict[str, Any], tracker: DialogueStateTracker, site: str | None
    ) -> dict[str, Any]:
        words = Words(self.responses, self._clinic)
        decision = data.get(contract.DECISION) or {}
        card = decision.get("card")
        variables = answer_variables(card, words, site) if card else {}
        if decision.get("topic"):
            variables.update({k: str(decision["topic"][k]) for k in ("topic", "ask")})
        slots = tracker.current_slot_values()
        response = words.say(name, slots=slots, site=site, variables=variables)
        if (response.get("metadata") or {}).get("buttons") == "related":
            response["buttons"] = buttons_of(decision)
        if not response.get("buttons"):
            response.pop("buttons", None)
        return response

    def _escalation(
        self, tracker: DialogueStateTracker, site: str | None, channel: str
    ) -> dict[str, Any]:
        """Says the escalation; whatever is wrong with conversation or domain, in general words."""
        try:
            slots = tracker.current_slot_values()
            words = Words(self.responses, self._clinic)
            response = words.say(contract.UTTER_ESCALATION, slots=slots, site=site)
        except Exception as error:
            logger.error("escalation not rendered: %s", type(error).__name__)
            response = Words(domain_responses(), self._clinic).say(contract.UTTER_ESCALATION)
        response.pop("metadata", None)
        payload = escalation_payload(_verdict(tracker), self._site(site))
        if channel not in SHELL_CHANNELS:
            response["custom"] = payload
        if channel != GUARDED_OUTPUT:
            log_escalation(
                level=payload["level"],
                families=payload["families"],
                channel=tracker.get_latest_input_channel() or channel,
                said_by="turn",
            )
        return response

    def _site(self, name: str | None) -> Site:
        return Words(self.responses, self._clinic).site(name)


def _verdict(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Returns the verdict by which the policy chose the words."""
    message = tracker.latest_message
    if message is None:
        return {}
    return verdict_on(message.text or "", message.parse_data or {}, message.intent or {}).as_dict()


def _site(tracker: DialogueStateTracker) -> str | None:
    metadata = (tracker.latest_message.metadata or {}) if tracker.latest_message else {}
    site = metadata.get("site")
    return str(site) if site else None
