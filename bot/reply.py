"""What goes with a reply's words: the source line, buttons and the machine-readable payload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot import contract
from bot.clinic import Site
from bot.words import Words, month_and_year

PROTOCOL_VERSION = 1


def answer_variables(card: Mapping[str, Any], words: Words, site: str | None) -> dict[str, str]:
    """Returns the passage and its source as variables of a response."""
    reviewed = "unknown" not in {card["reviewed_by"], card["reviewed_on"]}
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
    if card["publisher"] != "unknown":
        facts["origin"] += " " + fragment("utter_publisher")
    if card["url"] != "unknown":
        facts["origin"] += " " + fragment("utter_address")
    return facts


def buttons_of(decision: Mapping[str, Any]) -> list[dict[str, str]]:
    """Returns buttons that say their own title: a click is the same as typing it."""
    return [
        {"title": str(r["label"]), "payload": str(r["label"])}
        for r in decision.get("related") or []
    ]


def payload_of(
    kind: str, data: Mapping[str, Any], card: Mapping[str, Any] | None, site: Site
) -> dict[str, Any]:
    """Returns the machine-readable part of a message (docs/protocol.md)."""
    payload: dict[str, Any] = {"v": PROTOCOL_VERSION, "kind": kind}
    if kind == contract.KIND_ESCALATION:
        verdict = data.get(contract.VERDICT) or {}
        payload.update(escalation_of(verdict, site))
    if kind == contract.KIND_ANSWER and card:
        payload["source"] = {
            "passage": card["id"],
            "title": card["title"],
            "section": card["section"],
            "as_of": card["as_of"],
            "url": None if card["url"] == "unknown" else card["url"],
            "reviewed_by": None if card["reviewed_by"] == "unknown" else card["reviewed_by"],
        }
    return payload


def escalation_of(verdict: Mapping[str, Any], site: Site) -> dict[str, Any]:
    """Returns level, families and phone links, the most urgent number first."""
    route = verdict.get("route") or "clinic"
    clinic = [
        _phone("care_team", site.care_team_phone),
        _phone("after_hours", site.after_hours_phone),
    ]
    emergency, crisis = (
        _phone("emergency", site.emergency_number),
        _phone("crisis", site.crisis_line),
    )
    phones = {
        "emergency": [emergency, *clinic],
        "crisis": [crisis, emergency],
        "crisis_emergency": [emergency, crisis],
    }.get(str(route), [*clinic, emergency])
    return {
        "level": verdict.get("level") or "urgent",
        "families": list(verdict.get("families") or []),
        "phones": phones,
    }


def _phone(role: str, number: str) -> dict[str, str]:
    return {"role": role, "number": number, "href": "tel:" + re.sub(r"[^0-9+]", "", number)}
