"""Runs every check of `knowledge/` and collects what they found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.editors.finding import Finding, Level, in_order
from bot.editors.grade import check_grades
from bot.editors.links import Fetch, check_links
from bot.editors.neighbours import Asked, alike, ask_all
from bot.editors.places import Place, Places
from bot.editors.reviews import Rules, check_source
from bot.encoding import Encoder
from bot.knowledge.base import KnowledgeBase, load_knowledge
from bot.knowledge.passage import Passage
from bot.retrieval.entries import TOPIC_PREFIX, alike_pairs, build_entries, is_passage

ALIKE = 0.85
"""Cosine of two passages that say nearly the same, by plain MiniLM: of the article's thousand
pairs one lies above, a takeaway and its repetition at the end."""

LEAD = 0.25
"""How much nearer another target must lie before a question is named: of 7,592 that stood in
`knowledge/` on 2026-11-24 31 do, and most of those were another passage's. Below it the meaning
is shared, and the trained ranker tells them apart by more than nearness."""

ENOUGH_QUESTIONS = 5
"""With fewer the retriever hardly knows how people ask for a passage."""


def check(
    root: Path, rules: Rules, encoder: Encoder | None, *, fetch: Fetch | None = None
) -> list[Finding]:
    """Checks a knowledge base; errors come first.

    Args:
        root: its folder.
        rules: the day, and whether it is production.
        encoder: the plain one: an adapted encoder has learned from these very questions, and
            finds each beside its own passage. None leaves the checks by meaning out.
        fetch: asks for pages on the web; None leaves them alone.

    Raises:
        KnowledgeError: if it cannot be read; the error names every place.
    """
    knowledge = load_knowledge(root)
    places = Places(root, knowledge)
    found: list[Finding] = []
    for document in knowledge.documents:
        found += check_source(document, rules)
        found += check_links(document, fetch)
        found += check_grades(document)
    found += _repeated_words(knowledge, places)
    found += _repeated_questions(knowledge, places)
    found += _few_questions(knowledge, places)
    found += _withheld(knowledge, places)
    if encoder is not None:
        found += _alike(knowledge, places, encoder)
        asked = ask_all(build_entries(knowledge), encoder)
        found += _misplaced(asked, places, knowledge)
        found += _unreached(asked, places, knowledge)
    return in_order(found)


def _at(level: Level, place: Place, what: str, remedy: str) -> Finding:
    return Finding(level, place.path, place.line, what, remedy)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip() or folded.strip()


def _repeated_words(knowledge: KnowledgeBase, places: Places) -> Iterator[Finding]:
    first: dict[str, Passage] = {}
    for passage in knowledge.passages:
        other = first.setdefault(_plain(passage.text), passage)
        if other is not passage:
            before = places.passage(other.id)
            what = f"the same words as {before.path.name}:{before.line}"
            remedy = "keep one of the two: the bot cannot tell them apart"
            yield _at(Level.ERROR, places.passage(passage.id), what, remedy)


def _repeated_questions(knowledge: KnowledgeBase, places: Places) -> Iterator[Finding]:
    listed = [(p.id, q) for p in knowledge.passages for q in _questions(knowledge, p.id)]
    listed += [(TOPIC_PREFIX + t.id, q) for t in knowledge.topics for q in (t.topic, *t.questions)]
    first: dict[str, tuple[str, str]] = {}
    for target, question in listed:
        owner, text = first.setdefault(_plain(question), (target, question))
        if owner != target:
            before = places.question(owner, text)
            what = f"'{question}' also stands at {before.path.name}:{before.line} for another"
            remedy = "keep it where its best answer is"
            yield _at(Level.ERROR, places.question(target, question), what, remedy)


def _questions(knowledge: KnowledgeBase, identity: str) -> Sequence[str]:
    reading = knowledge.readings.get(identity)
    return reading.questions if reading else ()


def _few_questions(knowledge: KnowledgeBase, places: Places) -> Iterator[Finding]:
    for passage in knowledge.passages:
        reading = knowledge.readings.get(passage.id)
        count = len(_questions(knowledge, passage.id)) + passage.lead.endswith("?")
        if count >= ENOUGH_QUESTIONS or (reading and reading.instead):
            continue
        what = f"{count or 'no'} questions lead to '{passage.id}'"
        file = places.questions_folder / f"{passage.source.id}.yml"
        remedy = f"write ten, as different people would ask, in {file}"
        place = places.entry(passage.id) or places.passage(passage.id)
        yield _at(Level.WARNING, place, what, remedy)


def _withheld(knowledge: KnowledgeBase, places: Places) -> Iterator[Finding]:
    """What is quoted together follows an escalation only if each part of it may."""
    allowed = {i for i, reading in knowledge.readings.items() if reading.after_escalation}
    for p in knowledge.passages:
        kept_back = [i for i in p.together if i not in allowed]
        if p.id not in allowed or not kept_back:
            continue
        names = ", ".join(f"'{i}'" for i in kept_back)
        what = f"is quoted together with {names}, so that it does not follow an escalation either"
        remedy = "write `after_escalation: true` for what is quoted with it, or not for it"
        yield _at(Level.WARNING, places.entry(p.id) or places.passage(p.id), what, remedy)


def _alike(knowledge: KnowledgeBase, places: Places, encoder: Encoder) -> Iterator[Finding]:
    for first, second, cosine in alike(knowledge.passages, encoder, ALIKE):
        readings = [knowledge.readings.get(i) for i in (first.id, second.id)]
        if any(r and r.instead for r in readings):
            continue  # An editor has said which of the two is quoted.
        before = places.passage(first.id)
        what = f"says nearly the same as {before.path.name}:{before.line} ({cosine:.2f})"
        remedy = "keep one, or write `instead: <id of the other>` beside it in questions/"
        yield _at(Level.WARNING, places.passage(second.id), what, remedy)


def _name(target: str, knowledge: KnowledgeBase) -> str:
    if is_passage(target):
        return f"'{knowledge.label(target)}'"
    return f"the topic '{target.removeprefix(TOPIC_PREFIX)}'"


def _misplaced(
    asked: Sequence[Asked], places: Places, knowledge: KnowledgeBase
) -> Iterator[Finding]:
    pairs = alike_pairs(knowledge)
    said_together = {*pairs, *((b, a) for a, b in pairs)}
    for one in asked:
        same = (one.entry.target, one.nearest) in said_together
        if is_passage(one.entry.target) and one.rank > 1 and one.lead >= LEAD and not same:
            nearest = _name(one.nearest, knowledge)
            what = f"'{one.entry.text}' lies nearer to {nearest} than to its own passage"
            remedy = "move it there, or reword it so that it asks for what this one says"
            place = places.question(one.entry.target, one.entry.text)
            yield _at(Level.WARNING, place, what, remedy)


def _unreached(
    asked: Sequence[Asked], places: Places, knowledge: KnowledgeBase
) -> Iterator[Finding]:
    reached = {a.entry.target for a in asked if a.rank == 1}
    for target in dict.fromkeys(a.entry.target for a in asked):
        place = places.entry(target)
        if target not in reached and place is not None:
            what = f"no question of {_name(target, knowledge)} finds it when asked anew"
            remedy = "write more that ask for just this, and move those that ask for another"
            yield _at(Level.WARNING, place, what, remedy)
