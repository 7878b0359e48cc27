"""A decision as message data: with the words to quote, so that a reply needs no look-up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.retrieval.catalogue import Catalogue
from bot.retrieval.router import Decision


def decision_data(
    decision: Decision, catalogue: Catalogue, mark: tuple[int, int] | None = None
) -> dict[str, Any]:
    """Returns a decision with its passage's card, its topic and its buttons' titles.

    Args:
        decision: what the router decided.
        catalogue: the passages and topics.
        mark: where the sentence that answers starts and ends in the passage's quote.
    """
    data = decision.as_dict()
    if decision.passage:
        data["card"] = asdict(catalogue.cards[decision.passage])
        data["mark"] = list(mark) if mark else None
    if decision.topic:
        data["topic"] = asdict(catalogue.topics[decision.topic])
    data["related"] = [{"id": i, "label": catalogue.cards[i].label} for i in decision.related]
    data["alternatives"] = list(decision.alternatives)
    data["knowledge_hash"] = catalogue.hash
    return data
