"""`python -m bot.evaluation`: measures the trained bot, and fails when a figure has fallen."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from bot.errors import GuideError
from bot.evaluation.baselines import Baseline
from bot.evaluation.golden import GOLDEN, falls, read_golden, write_golden
from bot.evaluation.report import Results, as_plain, write_docs, write_results
from bot.evaluation.response_selector import ResponseSelectorBaseline, trained_selector
from bot.evaluation.run import evaluate
from bot.evaluation.sets import drop_seen
from bot.knowledge.base import load_knowledge
from bot.settings import ROOT

CACHE = ROOT / "results" / ".selector-cache"
"""Where the trained baseline is kept, by the content it was trained on."""

FELL, FAULT = 1, 2
"""Exit codes: a figure fell; the evaluation could not run."""


def main(argv: list[str] | None = None) -> int:
    """Runs the evaluation and returns the exit code."""
    options = _parser().parse_args(argv)
    try:
        if options.drop_seen:
            return _drop_seen()
        return _run(options)
    except GuideError as error:
        print(error, file=sys.stderr)
        return FAULT


def _run(options: argparse.Namespace) -> int:
    from bot.evaluation.bot_under_test import BotUnderTest

    lines = options.lines or options.split == "dev"
    bot = BotUnderTest.load(options.model)
    selector, absent = _selector(options)
    results = evaluate(
        bot,
        split=options.split,
        data=options.data,
        everything=options.all,
        lines=lines,
        more=selector,
    )
    results = replace(results, not_run=[*results.not_run, *absent])
    print(as_plain(results))
    write_results(results, options.out)
    print(f"\nWritten: {options.out / 'report.html'}, {options.out / 'metrics.json'}")
    if results.warnings and (options.write_docs or options.write_golden):
        raise GuideError("Not accepted: " + "; ".join(results.warnings))
    if options.write_docs:
        write_docs(results, ROOT / "docs" / "evaluation.md")
    if options.write_golden:
        write_golden(results.metrics, options.split)
        print(f"Accepted as golden: {GOLDEN}")
        return 0
    return _compare(results)


def _selector(options: argparse.Namespace) -> tuple[list[Baseline], list[str]]:
    """Returns Rasa's own baseline, or why it was not run: it never holds up the rest."""
    if options.no_selector:
        return [], [f"{ResponseSelectorBaseline.name} (--no-selector)"]
    from bot.evaluation.bot_under_test import read_selector

    try:
        return [trained_selector(load_knowledge(ROOT / "knowledge"), CACHE, read_selector)], []
    except GuideError as error:
        return [], [f"{ResponseSelectorBaseline.name} ({error})"]


def _compare(results: Results) -> int:
    golden = read_golden(results.split)
    if golden is None:
        print(f"No golden figures for '{results.split}' yet: --write-golden accepts these.")
        return 0
    absent = sorted(set(golden) - set(results.metrics))
    if absent:
        print(f"Not compared, since not run: {', '.join(absent)}")
    fallen = falls(results.metrics, golden)
    for fall in fallen:
        print(f"FELL {fall}")
    if fallen:
        print("Mend the cause, or accept the figures with --write-golden and say why.")
        return FELL
    print(f"No figure fell below {GOLDEN.relative_to(ROOT)}.")
    return 0


def _drop_seen() -> int:
    for name, count in drop_seen().items():
        print(f"{name}: {count} removed")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.evaluation", description=__doc__)
    add = parser.add_argument
    add("--split", choices=("dev", "test"), default="test", help="our sets to use (test)")
    add("--data", type=Path, help="folder of the outside sets, such as ../shared/data")
    add("--all", action="store_true", help="all of each outside set, not a sample of 1000")
    add("--out", type=Path, default=ROOT / "results", help="where to write (results/)")
    add("--model", type=Path, default=ROOT / "models", help="model, or folder with the newest")
    add("--no-selector", action="store_true", help="leave out Rasa's own baseline")
    add("--lines", action="store_true", help="list errors of the test split in full, too")
    add("--write-golden", action="store_true", help="accept the figures in tests/golden")
    add("--write-docs", action="store_true", help="put the main tables into docs/evaluation.md")
    add("--drop-seen", action="store_true", help="remove set lines that the training data holds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
