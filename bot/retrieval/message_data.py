"""A decision as message data: with the words to quote, so that a reply needs no look-up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.retrieval.catalogue import Catalogue
from bot.retrieval.router import Decision


def decision_data(decision: Decision, catalogue: Catalogue) -> dict[str, Any]:
    """Returns a decision with its passage's card, its topic and its buttons' titles."""
    data = decision.as_dict()
    if decision.passage:
        data["card"] = asdict(catalogue.cards[decision.passage])
    if decision.topic:
        data["topic"] = asdict(catalogue.topics[decision.topic])
    data["related"] = [{"id": i, "label": catalogue.cards[i].label} for i in decision.related]
    data["alternatives"] = list(decision.alternatives)
    data["knowledge_hash"] = catalogue.hash
    return data
