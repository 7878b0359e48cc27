"""What goes with a reply's words: the source line, buttons and the machine-readable payload."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot import contract
from bot.clinic import Site
from bot.words import Words, month_and_year

PROTOCOL_VERSION = 1

_FIELDS = {
    "emergency": "emergency_number",
    "care_team": "care_team_phone",
    "after_hours": "after_hours_phone",
    "crisis": "crisis_line",
}
# By the route of a verdict, as the words of domain.yml name them.
_ORDER = {
    "emergency": ("emergency", "care_team", "after_hours"),
    "clinic": ("care_team", "after_hours", "emergency"),
    "crisis": ("crisis", "emergency", "care_team", "after_hours"),
    "crisis_emergency": ("emergency", "crisis", "care_team", "after_hours"),
}


def answer_variables(card: Mapping[str, Any], words: Words, site: str | None) -> dict[str, str]:
    """Returns the passage and its source as variables of a response."""
    reviewed = contract.is_known(str(card["reviewed_by"])) and contract.is_known(
        str(card["reviewed_on"])
    )
    facts = {
        "passage": str(card.get("quote", "")),
        "document": str(card["title"]),
        "section": str(card["section"]),
        "as_of": month_and_year(str(card["as_of"])),
        "publisher": str(card["publisher"]),
        "url": str(card["url"]),
        "reviewed_by": str(card["reviewed_by"]),
        "reviewed_on": str(card["reviewed_on"]),
    }

    def fragment(name: str) -> str:
        return str(words.say(name, site=site, variables=facts)["text"])

    facts["review"] = fragment("utter_reviewed" if reviewed else "utter_not_reviewed")
    facts["origin"] = ""
    if contract.is_known(str(card["publisher"])):
        facts["origin"] += " " + fragment("utter_publisher")
    if contract.is_known(str(card["url"])):
        facts["origin"] += " " + fragment("utter_address")
    return facts


def buttons_of(decision: Mapping[str, Any]) -> list[dict[str, str]]:
    """Returns buttons that say their own title: a click is the same as typing it."""
    return [
        {"title": str(r["label"]), "payload": str(r["label"])}
        for r in decision.get("related") or []
    ]


def payload_of(
    kind: str,
    text: str,
    card: Mapping[str, Any] | None,
    site: Site,
    mark: Sequence[int] | None = None,
) -> dict[str, Any]:
    """Returns the machine-readable part of a message (docs/protocol.md); not of an escalation."""
    payload: dict[str, Any] = {"v": PROTOCOL_VERSION, "kind": kind}
    phones = phones_in(text, site)
    if phones:
        payload["phones"] = phones
    if kind == contract.KIND_ANSWER and card:
        quote = str(card.get("quote", ""))
        if quote and quote in text:
            payload["quote"] = quote
            if mark:
                payload["mark"] = {"start": mark[0], "end": mark[1]}
        payload["source"] = {
            "passage": card["id"],
            "title": card["title"],
            "section": card["section"],
            "as_of": card["as_of"],
            "url": card["url"] if contract.is_known(str(card["url"])) else None,
            "reviewed_by": card["reviewed_by"]
            if contract.is_known(str(card["reviewed_by"]))
            else None,
        }
    return payload


def escalation_payload(verdict: Mapping[str, Any], site: Site) -> dict[str, Any]:
    """Returns level, families and phone links, the number to call first in front.

    An empty `verdict`, or a level that is no escalation's, is read as urgent.
    """
    level = verdict.get("level")
    roles = _ORDER.get(str(verdict.get("route")), _ORDER["clinic"])
    return {
        "v": PROTOCOL_VERSION,
        "kind": contract.KIND_ESCALATION,
        "level": level if level in {"urgent", "crisis"} else "urgent",
        "lang": "es" if verdict.get("language") == "es" else "en",  # Of the words.
        "families": list(verdict.get("families") or []),
        "phones": _distinct([_phone(role, _number(role, site)) for role in roles]),
    }


def phones_of(site: Site) -> list[dict[str, str]]:
    """Returns a link for every role, the emergency number first."""
    return [_phone(role, _number(role, site)) for role in _ORDER["crisis_emergency"]]


def phones_in(text: str, site: Site) -> list[dict[str, str]]:
    """Returns links for the site's numbers that a text names, in the order of the words."""
    found = []
    for role in _ORDER["crisis"]:
        number = _number(role, site)
        match = re.search(rf"(?<![\d+]){re.escape(number)}(?!\d)", text)
        if match:
            found.append((match.start(), _phone(role, number)))
    return _distinct([phone for _, phone in sorted(found, key=lambda f: f[0])])


def _number(role: str, site: Site) -> str:
    return str(getattr(site, _FIELDS[role]))


def _phone(role: str, number: str) -> dict[str, str]:
    return {"role": role, "number": number, "href": "tel:" + re.sub(r"[^0-9+]", "", number)}


def _distinct(phones: list[dict[str, str]]) -> list[dict[str, str]]:
    """Leaves the first link to a number: a clinic may have one for several roles."""
    first: dict[str, dict[str, str]] = {}
    for phone in phones:
        first.setdefault(phone["href"], phone)
    return list(first.values())
