"""Renders replies inside the Rasa process: domain.yml's words, the clinic's, the passage's."""

from __future__ import annotations

import logging
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot import contract
from bot.action_timeout import limit_action_calls
from bot.clinic import Clinic, load_clinic
from bot.errors import SettingsError
from bot.reply import answer_variables, buttons_of, payload_of
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
        limit_action_calls(settings.action_timeout)

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Returns the reply; if it cannot be made, an apology with the numbers instead."""
        words = Words(self.responses, self._clinic)
        try:
            return self._say(words, utter_action, tracker, output_channel)
        except Exception as error:
            logger.error("reply %s not rendered: %s", utter_action, type(error).__name__)
            urgent = utter_action == contract.UTTER_ESCALATION
            name = utter_action if urgent else contract.UTTER_UNAVAILABLE
            return Words(domain_responses(), self._clinic).say(name)

    def _say(
        self, words: Words, name: str, tracker: DialogueStateTracker, channel: str
    ) -> dict[str, Any]:
        data = (tracker.latest_message.parse_data or {}) if tracker.latest_message else {}
        decision = data.get(contract.DECISION) or {}
        slots = tracker.current_slot_values()
        site = _site(tracker, slots)
        card = decision.get("card")
        variables = answer_variables(card, words, site) if card else {}
        if decision.get("topic"):
            variables.update({k: str(decision["topic"][k]) for k in ("topic", "ask")})
        response = words.say(name, slots=slots, site=site, variables=variables)
        extras = response.pop("metadata", None) or {}
        if extras.get("buttons") == "related":
            response["buttons"] = buttons_of(decision)
        if not response.get("buttons"):
            response.pop("buttons", None)
        if channel not in SHELL_CHANNELS:
            kind = str(extras.get("kind", contract.KIND_TEXT))
            response["custom"] = payload_of(kind, data, card, words.site(site))
        return response


def _site(tracker: DialogueStateTracker, slots: dict[str, Any]) -> str | None:
    metadata = (tracker.latest_message.metadata or {}) if tracker.latest_message else {}
    site = metadata.get("site") or slots.get(contract.SLOT_SITE)
    return str(site) if site else None


def startup_problem() -> str | None:
    """Says why the bot may not start with these settings, or None."""
    try:
        load_clinic(load_settings())
    except SettingsError as error:
        return str(error)
    return None
