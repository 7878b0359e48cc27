"""`python -m bot.knowledge`: what an editor runs; see docs/knowledge.md."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from bot import contract
from bot.editors.check import check
from bot.editors.finding import Finding, Level, summary
from bot.editors.links import fetch_page
from bot.editors.plain_encoder import not_remembered, plain_encoder
from bot.editors.preview import views
from bot.editors.preview_text import as_text
from bot.editors.reviews import Rules
from bot.editors.trained_vectors import with_memory
from bot.editors.unanswered import grouped, read_questions
from bot.editors.unanswered_report import as_plain, write_page, write_table
from bot.encoding import DEFAULT_MODEL, load_encoder
from bot.errors import GuideError, KnowledgeError, ModelError
from bot.evaluation.bot_under_test import BotUnderTest
from bot.evaluation.sets import nlu_examples
from bot.knowledge.base import load_knowledge
from bot.retrieval.entries import build_entries
from bot.retrieval.memory import FITTED, FitMemory
from bot.settings import ROOT, load_settings, quiet_third_parties

N = TypeVar("N")
T = TypeVar("T")
_Tools = Any  # argparse has no public name for what add_subparsers returns.

FOUND, FAULT = 1, 2
"""Exit codes: something must be mended; the tool could not run."""

SHOWN = 12
"""Findings of one level that are shown unless all are asked for."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a tool and returns the exit code."""
    options = _parser().parse_args(argv)
    quiet_third_parties()
    try:
        return int(options.run(options))
    except KnowledgeError as error:
        print(error)
        print(f"{len(error.problems)} to mend before anything else can be checked.")
        return FOUND
    except GuideError as error:
        print(error, file=sys.stderr)
        return FAULT


def _check(options: argparse.Namespace) -> int:
    settings = load_settings()
    production = settings.production or options.production
    rules = Rules(date.today(), production, settings.allow_unreviewed)
    encoder = None if options.quick or _too_long(options) else plain_encoder()
    fetch = fetch_page if options.links else None
    findings = check(options.knowledge, rules, encoder, fetch=fetch)
    for line in shown(findings, everything=options.all):
        print(line)
    print(summary(findings))
    return FOUND if any(f.level is Level.ERROR for f in findings) else 0


def _too_long(options: argparse.Namespace) -> bool:
    """Tells whether more must be encoded than the person wants to wait for, and says so."""
    if options.encode_at_most is None:
        return False
    knowledge = load_knowledge(options.knowledge)
    new = not_remembered(e.text for e in build_entries(knowledge))
    if new <= options.encode_at_most:
        return False
    print(f"not run: checks by meaning, {new} texts were never encoded here (make knowledge-check)")
    return True


def shown(findings: Sequence[Finding], *, everything: bool) -> list[str]:
    """Lists all errors, and the first of the rest with how many more there are."""
    lines = []
    for level in Level:
        some = [str(f) for f in findings if f.level is level]
        if level is Level.ERROR or everything or len(some) <= SHOWN:
            lines += some
        else:
            lines += some[:SHOWN]
            lines.append(f"... and {len(some) - SHOWN} more {level.value}s: ALL=1 lists them")
    return lines


def _preview(options: argparse.Namespace) -> int:
    knowledge = load_knowledge(options.knowledge)
    question = " ".join(options.question).strip()
    if not question:
        raise GuideError('There is no question. Type: make preview Q="what is CRS?"')
    bot = _quietly(BotUnderTest.load, options.model)
    for fault in bot.card.faults:
        print(f"Warning: {fault}")
    if bot.encoder is None:
        raise ModelError("The model's sentence encoder did not load. Run `make train FORCE=1`.")
    trained_on = next(iter(bot.retriever.catalogue.cards.values())).own.replace("\n", " ")
    encoder = with_memory(bot.encoder, trained_on)
    if bot.retriever.catalogue.hash != knowledge.hash:
        print("The files differ from those of the model: building their index ...", flush=True)
    off_topic = [e.text for e in nlu_examples() if e.intent == contract.INTENT_OUT_OF_SCOPE]
    found = views(question, bot, knowledge, sorted(set(off_topic)), encoder, FitMemory(FITTED))
    print(f"Model {bot.card.name}")
    print(as_text(question, found))
    return 0


def _unanswered(options: argparse.Namespace) -> int:
    since = date.today() - timedelta(days=options.days) if options.days else None
    questions = read_questions(load_settings().feedback_url, since)
    if not questions:
        print("No question without an answer is stored yet. The action server keeps them.")
        return 0
    passages = [(p, f"{p}. {quote}") for p, quote in _titles(options.knowledge)]
    groups = grouped(questions, _quietly(load_encoder, DEFAULT_MODEL), passages)
    print(as_plain(groups))
    page, table = options.out / "unanswered.html", options.out / "unanswered.csv"
    write_page(groups, page)
    write_table(groups, table)
    print(f"\nWritten: {near(page)}, {near(table)}. They hold people's words.")
    return 0


def _titles(folder: Path) -> list[tuple[str, str]]:
    knowledge = load_knowledge(folder)
    return [(knowledge.label(p.id), p.searched) for p in knowledge.passages]


def _quietly(load: Callable[[N], T], name: N) -> T:
    """Loads a model without what its libraries say about each other; its faults are in its card."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        return load(name)


def near(path: Path) -> Path:
    """Returns a path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.knowledge", description=__doc__)
    tools = parser.add_subparsers(required=True, metavar="TOOL")
    _add_check(tools)
    _add_preview(tools)
    _add_unanswered(tools)
    return parser


def _add_knowledge(parser: argparse.ArgumentParser) -> None:
    folder = near(ROOT / "knowledge")
    parser.add_argument("--knowledge", type=Path, default=folder, help="another folder")


def _add_check(tools: _Tools) -> None:
    parser = tools.add_parser("check", help="names what should be mended in knowledge/")
    parser.set_defaults(run=_check)
    add = parser.add_argument
    _add_knowledge(parser)
    add("--production", action="store_true", help="as if patients were about to read it")
    add("--links", action="store_true", help="ask for linked pages on the web, too")
    add("--quick", action="store_true", help="leave out the checks by meaning")
    add("--encode-at-most", type=int, metavar="N", help="the same if more texts are new here")
    add("--all", action="store_true", help=f"list more than {SHOWN} warnings or notes")


def _add_unanswered(tools: _Tools) -> None:
    parser = tools.add_parser("unanswered", help="groups the questions that had no answer")
    parser.set_defaults(run=_unanswered)
    add = parser.add_argument
    _add_knowledge(parser)
    add("--days", type=int, metavar="N", help="only those of the last N days")
    add("--out", type=Path, default=ROOT / "results", help="where to write (results/)")


def _add_preview(tools: _Tools) -> None:
    parser = tools.add_parser("preview", help="shows what the bot makes of a question")
    parser.set_defaults(run=_preview)
    parser.add_argument("question", nargs="+", help="what a person types")
    _add_knowledge(parser)
    models = ROOT / "models"
    parser.add_argument("--model", type=Path, default=models, help="model, or folder with it")
