"""`python -m bot.bench`: see docs/benchmarks.md."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from bot.bench import report
from bot.bench.errors import BenchError
from bot.bench.run import Options, run
from bot.bench.schedule import SMALLEST
from bot.settings import ROOT

TURNS = 300
"""Issue 2 compares a turn at 300 with a turn at 5."""

ROUNDS = 3
"""33 late turns and 33 fifth turns a bot: enough for a p95, in about seven minutes."""

RESULT = ROOT / "results" / "bench.json"
PAGE = ROOT / "docs" / "benchmarks.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes a run; returns 0 however slow it was, 1 if something broke."""
    signal.signal(signal.SIGTERM, _interrupt)
    parsed = _parser().parse_args(arguments)
    rounds = 1 if parsed.quick else parsed.rounds
    options = Options(rounds=rounds, turns=parsed.turns, train=parsed.train)
    work = Path(tempfile.mkdtemp(prefix="guide-bench-"))
    try:
        made = run(options, work, lambda words: print(f"bench: {words}", flush=True))
        report.write_json(made, RESULT)
        print(f"\n{report.text(made)}\n\nwritten to {RESULT.relative_to(ROOT)}")
        if parsed.write_docs:
            report.write_docs(made, PAGE)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(work, ignore_errors=True)
    found = report.faults(made)
    for fault in found:
        print(f"bench: BROKEN: {fault}", file=sys.stderr)
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.bench", description=__doc__)
    parser.add_argument(
        "--turns", type=_turns, default=TURNS, help="the late turn (default %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=_rounds, default=ROUNDS, help="long conversations (default %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="one round: two to three minutes")
    parser.add_argument("--train", action="store_true", help="train this bot too, without cache")
    parser.add_argument(
        "--write-docs", action="store_true", help="put the table into docs/benchmarks.md"
    )
    return parser


def _turns(word: str) -> int:
    turns = int(word)
    if turns < SMALLEST:
        raise argparse.ArgumentTypeError(f"at least {SMALLEST}")
    return turns


def _rounds(word: str) -> int:
    rounds = int(word)
    if rounds < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return rounds


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
