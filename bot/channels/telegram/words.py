"""What the channel itself says, from domain.yml: commands, pictures, refusals, contact cards."""

from __future__ import annotations

from typing import Any, Final

from bot import contract
from bot.channels.telegram.reading import COMMANDS
from bot.channels.telegram.rendering import Part, short_numbers
from bot.clinic import Clinic
from bot.words import Words, domain_responses

TEXT_ONLY: Final = "utter_telegram_text_only"
UNKNOWN_COMMAND: Final = "utter_telegram_unknown_command"
BUTTON_GONE: Final = "utter_telegram_button_gone"
SAID: Final = {
    "start": "utter_greet",
    "help": "utter_telegram_help",
    "stop": "utter_telegram_stop",
    "privacy": "utter_telegram_privacy",
}
SPANISH: Final = {
    **{name: f"{name}_spanish" for name in (TEXT_ONLY, UNKNOWN_COMMAND, BUTTON_GONE)},
    **{name: f"{name}_spanish" for command, name in SAID.items() if command != "start"},
    "utter_greet": "utter_telegram_start_spanish",
}
CARDS: Final = {
    "emergency": "utter_telegram_card_emergency",
    "care_team": "utter_telegram_card_care_team",
    "after_hours": "utter_telegram_card_after_hours",
    "crisis": "utter_telegram_card_crisis",
}
DESCRIPTION: Final = "utter_telegram_description"
ABOUT: Final = "utter_telegram_about"


class TelegramWords:
    """Says the channel's own sentences in the person's language."""

    def __init__(self, clinic: Clinic | None, retention_days: int) -> None:
        self._words = Words(domain_responses(), clinic)
        self._sites = frozenset(clinic.sites) if clinic else frozenset[str]()
        self._variables = {"retention_days": str(retention_days)}

    def say(
        self, name: str, *, spanish: bool = False, site: str | None = None, kind: str = "text"
    ) -> dict[str, Any]:
        """Returns a response, in Spanish where there is one, as the guard delivers its own."""
        name = SPANISH.get(name, name) if spanish else name
        response = self._words.say(name, site=site, variables=self._variables)
        response.pop("metadata", None)
        return {**response, "custom": {"kind": kind}}

    def command(self, name: str, *, spanish: bool, site: str | None) -> dict[str, Any]:
        """Returns what a command is answered with."""
        return self.say(SAID.get(name, UNKNOWN_COMMAND), spanish=spanish, site=site)

    def site_named(self, name: str) -> str | None:
        """Returns the site that `/start` names; None if clinic.yml has no such site."""
        return next((s for s in self._sites if s.lower() == name.lower()), None)

    def cards(self, message: dict[str, Any], site: str | None) -> list[Part]:
        """Returns contact cards for the numbers of an escalation that cannot be tapped in it."""
        short = short_numbers(message)
        roles = {p["number"]: p["role"] for p in (message.get("custom") or {}).get("phones") or []}
        return [
            Part(
                text=str(self._words.say(CARDS[roles[number]], site=site)["text"]),
                phone=number,
                urgent=True,
                quiet=True,
                repeatable=True,
            )
            for number in short
            if roles[number] in CARDS
        ]

    def menu(self, *, spanish: bool) -> dict[str, str]:
        """Returns the commands with what each is for, as the Telegram menu shows them."""
        end = "_spanish" if spanish else ""
        names = {command: f"utter_telegram_menu_{command}{end}" for command in COMMANDS}
        return {command: str(self._words.say(name)["text"]) for command, name in names.items()}

    def profile(self, name: str, *, spanish: bool) -> str:
        """Returns the description (an empty chat shows it) or the line about the bot."""
        return str(self._words.say(f"{name}_spanish" if spanish else name)["text"])


def is_crisis(message: dict[str, Any]) -> bool:
    """Tells whether a message is the escalation that nothing may follow."""
    custom = message.get("custom") or {}
    return custom.get("kind") == contract.KIND_ESCALATION and custom.get("level") == "crisis"
