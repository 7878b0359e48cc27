"""Pretrains the encoder on the detector's own messages: `make pretrain`, about an hour.

The result is committed (`bot/encoding/pretrained/`), and every training of the packaged model goes
on from there: a clinic's training takes minutes, and its detector has had the hour.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.encoding import DEFAULT_MODEL, weights_digest
from bot.encoding.adaptation import HEADS, PRETRAINED, WEIGHTS, Recipe, Task, fingerprint, train
from bot.encoding.holdout import held_out
from bot.safety.training import NEITHER, Example, load_examples

URGENCY = "urgency"
MIXED_LENGTH = 160
"""Quiet texts up to this many characters are put around others."""

RECIPE = Recipe(epochs=6)
ORIGIN = "origin.json"
"""What a pretraining was made of: the model's digest, and the fingerprint of texts and recipe."""


def urgency_task(examples: Sequence[Example], share: float = 1.0) -> Task:
    """Builds the task of telling symptom families, self-harm and neither apart."""
    known = [e for e in examples if not held_out(e.text)]
    calm = (e.text for e in known if e.label == NEITHER and len(e.text) <= MIXED_LENGTH)
    return Task(
        URGENCY,
        tuple(e.text for e in known),
        tuple(e.right for e in known),
        share=share,
        mixed=tuple(calm),
    )


def origin() -> dict[str, str]:
    """Tells what a pretraining from today's files would be made of."""
    task = urgency_task(load_examples())
    return {
        "model": weights_digest(DEFAULT_MODEL),
        "fingerprint": fingerprint(DEFAULT_MODEL, [task], RECIPE),
    }


def pretrained(model: str, folder: Path = PRETRAINED) -> Path | None:
    """Returns the pretraining that an adaptation of a model goes on from; None if it has none."""
    try:
        made_of = json.loads((folder / ORIGIN).read_text("utf-8"))["model"]
    except FileNotFoundError:
        return None
    return folder if made_of == weights_digest(model) else None


def pretrain(folder: Path = PRETRAINED) -> None:
    """Trains, and puts the result in the place of the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as draft:
        train(DEFAULT_MODEL, [urgency_task(load_examples())], RECIPE, Path(draft))
        for name in (WEIGHTS, HEADS):
            (folder / name).write_bytes((Path(draft) / name).read_bytes())
    (folder / ORIGIN).write_text(json.dumps(origin(), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    pretrain()
