"""Pretrains the encoder on the detector's own messages: `make pretrain`, about an hour.

The result is committed (`bot/encoding/pretrained/`), and every training goes on from there: a
clinic's training takes minutes, and its detector has had the hour.
"""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path

from bot.encoding import DEFAULT_MODEL
from bot.encoding.adaptation import HEADS, PRETRAINED, WEIGHTS, Recipe, Task, fingerprint, train
from bot.encoding.holdout import held_out
from bot.safety.training import NEITHER, load_examples

URGENCY = "urgency"
MIXED_LENGTH = 160
"""Quiet texts up to this many characters are put around others."""

RECIPE = Recipe(epochs=6)
ORIGIN = PRETRAINED / "origin.json"


def urgency_task(share: float = 1.0) -> Task:
    """Builds the task of telling families, self-harm and neither apart, from `bot/safety/data`."""
    examples = [e for e in load_examples() if not held_out(e.text)]
    calm = (e.text for e in examples if e.label == NEITHER and len(e.text) <= MIXED_LENGTH)
    return Task(
        URGENCY,
        tuple(e.text for e in examples),
        tuple(e.right for e in examples),
        share=share,
        mixed=tuple(calm),
    )


def origin() -> dict[str, str]:
    """Returns what a pretraining from today's files would be made of."""
    return {"model": DEFAULT_MODEL, "fingerprint": fingerprint(DEFAULT_MODEL, [urgency_task()], RECIPE)}


def main() -> None:
    """Trains, and puts the result in the place of the one before."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    PRETRAINED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as draft:
        train(DEFAULT_MODEL, [urgency_task()], RECIPE, Path(draft))
        for name in (WEIGHTS, HEADS):
            (PRETRAINED / name).write_bytes((Path(draft) / name).read_bytes())
    ORIGIN.write_text(json.dumps(origin(), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
