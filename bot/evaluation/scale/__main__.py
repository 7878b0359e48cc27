"""`python -m bot.evaluation.scale`: see docs/scale.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot.encoding import DEFAULT_MODEL, load_encoder, weights_digest
from bot.errors import GuideError
from bot.evaluation.scale import report
from bot.evaluation.scale.corpus import FILE
from bot.evaluation.scale.run import SIZES, run
from bot.settings import ROOT, quiet_third_parties

CACHE = ROOT / "results" / ".scale-cache"
PAGE = ROOT / "docs" / "scale.md"


def main(argv: list[str] | None = None) -> int:
    """Makes a run; returns 0 also if the corpus is absent, which is then said."""
    options = _parser().parse_args(argv)
    file = options.data / FILE if options.data else None
    if file is None or not file.is_file():
        where = f"there is no {FILE} in {options.data}" if file else "no folder was named"
        print(f"not run: {where}. Name its folder: make bench-scale DATA=../shared/data")
        return 0
    quiet_third_parties()
    try:
        made = run(
            file,
            load_encoder(DEFAULT_MODEL),
            weights_digest(DEFAULT_MODEL),
            CACHE,
            seconds=options.encode_for,
            sizes=(*(n for n in SIZES if n < options.passages), options.passages),
        )
        if made is None:
            print("Encoded a part of the passages. Run the same command again to go on.")
            return 0
        print(report.as_plain(made))
        written = report.write_results(made, options.out)
        print(f"\nWritten: {', '.join(str(path) for path in written)}")
        if options.write_docs:
            report.write_docs(made, PAGE)
    except GuideError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.evaluation.scale", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, help=f"folder that holds {FILE}")
    add("--out", type=Path, default=ROOT / "results", help="where to write (results/)")
    add("--encode-for", type=float, metavar="SECONDS", help="stop encoding after this long")
    add("--passages", type=int, default=SIZES[-1], help="at most so many (%(default)s)")
    add("--write-docs", action="store_true", help="put the tables into docs/scale.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
