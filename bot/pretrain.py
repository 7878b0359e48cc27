"""Adapts the sentence encoder to the texts of the repository: `make encoder`.

What it writes is committed, so that a first `rasa train` need not do it.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from rasa.shared.importers.importer import TrainingDataImporter

from bot.components.adaptation import encoder_defaults, nlu_examples, tasks
from bot.encoding.adaptation import PRETRAINED, average, pretrain
from bot.errors import GuideError
from bot.knowledge.base import load_knowledge
from bot.settings import ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the adaptation into `bot/encoding/pretrained/`: a quarter of an hour on two cores."""
    parser = argparse.ArgumentParser(prog="python -m bot.pretrain", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="begin with the packaged model")
    parser.add_argument(
        "--average",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="instead: the mean of earlier adaptations, the newest last (docs/decisions/0004)",
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("bot").setLevel(logging.INFO)
    config = encoder_defaults()
    try:
        if options.average:
            average(options.average)
            print(f"Written: {PRETRAINED.relative_to(ROOT)}.")
            return 0
        importer = TrainingDataImporter.load_from_config(
            str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]
        )
        knowledge = load_knowledge(ROOT / Path(config["knowledge"]))
        wanted = tasks(knowledge, nlu_examples(importer.get_nlu_data()))
        pretrain(str(config["model"]), wanted, fresh=options.fresh)
    except GuideError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Written: {PRETRAINED.relative_to(ROOT)}. Commit it with the texts it was made of.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
