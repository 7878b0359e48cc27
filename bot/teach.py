"""Asks a larger model what it makes of the detector's messages and of their clauses.

`python -m bot.teach FOLDER`, where FOLDER holds all-mpnet-base-v2 (docs/decisions/0008 says where
it comes from). Its answers are committed; `make encoder` learns from them.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.encoding.encoder import weights_digest
from bot.encoding.holdout import held_out
from bot.encoding.taught import Taught
from bot.encoding.teacher import Teacher
from bot.safety.clauses import message_clauses
from bot.safety.training import TAUGHT, load_examples
from bot.settings import ROOT

CLAUSES = 60_000
"""Clauses that are asked about, of 104,000: the detector reads them too, and nobody labels them."""

MODEL_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes `bot/safety/data/taught.npz`: three quarters of an hour on two cores."""
    parser = argparse.ArgumentParser(prog="python -m bot.teach", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of all-mpnet-base-v2")
    options = parser.parse_args(arguments)
    known = options.folder.is_dir() and weights_digest(str(options.folder))
    if not known or not MODEL_SHA256.startswith(known):
        print(f"{options.folder} is not the model that decision 8 names", file=sys.stderr)
        return 1
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    examples = [e for e in load_examples() if not held_out(e.text)]
    texts = [e.text for e in examples]
    labels = sorted({name for e in examples for name in e.right})
    teacher = Teacher(options.folder, labels)
    messages = teacher.halfway(texts)
    teacher.fit(messages, [e.right for e in examples])
    more = clauses_of(texts)[:CLAUSES]
    said = teacher.probabilities(messages), teacher.probabilities(teacher.halfway(more))
    Taught.of(labels, texts, said[0], more, said[1]).save(TAUGHT)
    print(f"Written: {TAUGHT.relative_to(ROOT)}. Now run `make encoder`, and commit both.")
    return 0


def clauses_of(texts: Sequence[str]) -> list[str]:
    """Lists the clauses of messages, in an order of chance, none that is a message or held out.

    What held-out messages are made of is held out, too: the joint model is calibrated on it.
    """
    examples = load_examples()
    seen = {e.text for e in examples}
    fresh = (e.text for e in examples if held_out(e.text))
    seen.update(c.text for text in fresh for c in message_clauses(text))
    found = dict.fromkeys(c.text for text in texts for c in message_clauses(text))
    listed = [clause for clause in found if clause not in seen and not held_out(clause)]
    random.Random(1).shuffle(listed)
    return listed


if __name__ == "__main__":
    sys.exit(main())
