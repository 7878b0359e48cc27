"""Renders responses of domain.yml with the clinic's own words. No medical sentence is made here."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.clinic import LAST_RESORT, Clinic, Site
from bot.errors import SettingsError
from bot.settings import ROOT

Responses = Mapping[str, Sequence[Mapping[str, Any]]]

_VARIABLE = re.compile(r"\{([a-z_]+)\}")
_MONTHS = (
    "January February March April May June July August September October November December"
).split()


class Words:
    """Says a response by name: picks the variation, fills in numbers and names."""

    def __init__(self, responses: Responses, clinic: Clinic | None) -> None:
        self.responses = responses
        self._clinic = clinic

    def site(self, name: str | None) -> Site:
        """Returns a site's words; without a clinic.yml, the emergency number at least."""
        return self._clinic.site(name) if self._clinic else LAST_RESORT

    def say(
        self,
        name: str,
        *,
        slots: Mapping[str, Any] | None = None,
        site: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Returns a response with its variables filled in, ready to be sent.

        Args:
            name: the response, such as `utter_greet`.
            slots: what `condition:` blocks are held against.
            site: whose numbers to give.
            variables: more values, such as the passage.

        Raises:
            KeyError: if there is no such response or no variation fits.
        """
        values = {**self.site(site).dict(), **(variables or {})}
        response = copy.deepcopy(dict(self._variation(name, slots or {})))
        response.pop("condition", None)
        response["text"] = self._fill(str(response.get("text", "")), values, slots or {}).strip()
        for button in response.get("buttons") or []:
            button["title"] = self._fill(str(button["title"]), values, slots or {})
            button["payload"] = self._fill(str(button["payload"]), values, slots or {})
        return response

    def _variation(self, name: str, slots: Mapping[str, Any]) -> Mapping[str, Any]:
        general = None
        for candidate in self.responses[name]:
            conditions = candidate.get("condition")
            if not conditions:
                general = general or candidate
            elif all(slots.get(c["name"]) == c["value"] for c in conditions):
                return candidate
        if general is None:
            raise KeyError(f"{name}: no variation fits and none is without a condition")
        return general

    def _fill(self, text: str, values: Mapping[str, str], slots: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            key = match.group(1)
            if key in values:
                return str(values[key])
            if key in self.responses:  # A fragment that several responses share.
                fragment = self._variation(key, slots)
                return self._fill(str(fragment["text"]), values, slots)
            raise KeyError(f"no value for {{{key}}}")

        return _VARIABLE.sub(value, text)


def month_and_year(as_of: str) -> str:
    """Reads '2026-06' or '2026-06-15' as 'June 2026'; anything else stays as it is."""
    match = re.match(r"(\d{4})-(\d{2})", as_of)
    if not match or not 1 <= int(match.group(2)) <= 12:
        return as_of
    return f"{_MONTHS[int(match.group(2)) - 1]} {match.group(1)}"


@lru_cache(maxsize=4)
def domain_responses(path: Path = ROOT / "domain.yml") -> Responses:
    """Reads the responses of domain.yml, for what must be said without a trained model.

    Raises:
        SettingsError: if the file cannot be read.
    """
    try:
        responses: Responses = yaml.safe_load(path.read_text(encoding="utf-8"))["responses"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    except (KeyError, TypeError) as error:
        raise SettingsError(f"{path} has no `responses:`: restore it.") from error
    return responses
