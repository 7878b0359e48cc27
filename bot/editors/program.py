"""`python -m bot.knowledge check`: what an editor runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bot.editors.check import check
from bot.editors.finding import Finding, Level, summary
from bot.editors.links import fetch_page
from bot.editors.plain_encoder import plain_encoder
from bot.editors.reviews import Rules
from bot.errors import GuideError, KnowledgeError
from bot.settings import ROOT, load_settings, quiet_third_parties

_Tools = argparse._SubParsersAction  # Its only name.

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
    encoder = None if options.quick else plain_encoder()
    fetch = fetch_page if options.links else None
    findings = check(options.knowledge, rules, encoder, fetch=fetch)
    for line in shown(findings, everything=options.all):
        print(line)
    print(summary(findings))
    return FOUND if any(f.level is Level.ERROR for f in findings) else 0


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


def near(path: Path) -> Path:
    """Returns a path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.knowledge", description=__doc__)
    tools = parser.add_subparsers(required=True, metavar="TOOL")
    _add_check(tools)
    return parser


def _add_check(tools: _Tools) -> None:
    parser = tools.add_parser("check", help="names what should be mended in knowledge/")
    parser.set_defaults(run=_check)
    add = parser.add_argument
    add("--knowledge", type=Path, default=near(ROOT / "knowledge"), help="another folder")
    add("--production", action="store_true", help="as if patients were about to read it")
    add("--links", action="store_true", help="ask for linked pages on the web, too")
    add("--quick", action="store_true", help="leave out the checks by meaning")
    add("--all", action="store_true", help=f"list more than {SHOWN} warnings or notes")
