"""Keeps production from quoting texts that nobody of the clinic has signed off."""

from __future__ import annotations

from pathlib import Path

from bot.errors import KnowledgeError, SettingsError
from bot.knowledge.base import load_knowledge
from bot.settings import Settings


def require_reviews(settings: Settings, knowledge: Path) -> None:
    """Does nothing outside production, or where unreviewed texts are allowed by name.

    It spares a training whose model would be refused: what is loaded is checked again when it is
    loaded, however the bot is started (bot/components/passage_retriever.py).

    Raises:
        SettingsError: naming the documents without a reviewer or a date, or what cannot be read.
    """
    if not settings.production or settings.allow_unreviewed:
        return
    try:
        documents = load_knowledge(knowledge).documents
    except KnowledgeError as error:
        raise SettingsError(
            f"{error}\nProduction does not start on texts that it cannot check: correct them, "
            "`make knowledge-check` lists them all."
        ) from error
    unreviewed = [d.path.name for d in documents if not d.source.reviewed]
    if unreviewed:
        raise SettingsError(
            f"Not yet reviewed by the clinic: {', '.join(sorted(unreviewed))} in {knowledge}.\n"
            "Production quotes reviewed texts only: write `reviewed_by` and `reviewed_on` into "
            "the front matter, or set GUIDE_ALLOW_UNREVIEWED=1; replies then say that the text "
            "is not yet reviewed."
        )
