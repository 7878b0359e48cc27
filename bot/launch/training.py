"""Trains the model when it is stale, with its progress shown and its errors in plain words."""

from __future__ import annotations

import re
import time
from pathlib import Path

from bot.errors import GuideError, ModelError
from bot.knowledge.base import load_knowledge
from bot.launch.console import Console
from bot.launch.processes import Child
from bot.launch.staleness import freshness, inputs_hash, newest_model, record_training
from bot.launch.train_model import PROBLEM

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STEP = re.compile(
    r"(Started validating)|Starting to train component '(\w+)'|Restored component '(\w+)'"
    r"|(Adapting the sentence encoder: \d+ %)"
)
_ERROR = re.compile(r"^\w*(Error|Exception|NotFound|Invalid\w*)\b.*:")


def progress(line: str) -> str:
    """Returns what a line of `rasa train` tells of its progress; empty for its other noise."""
    match = _STEP.search(line)
    if match is None:
        return ""
    _, trained, restored, adapting = match.groups()
    if adapting:
        return adapting.lower()
    if trained:
        return f"training {trained}"
    return f"unchanged: {restored}" if restored else "checking the data"


class Trainer:
    """Keeps `models/` up to date with config.yml, domain.yml, data/, knowledge/ and bot/."""

    def __init__(self, root: Path, log: Path, console: Console) -> None:
        self._root = root
        self._models = root / "models"
        self._log = log
        self._console = console
        self._problems: list[str] = []
        self._started = 0.0

    def ensure(self, *, force: bool = False) -> Path:
        """Returns the model, after a training if one is due.

        Raises:
            GuideError: saying what to correct; the models that were there are untouched.
        """
        state = freshness(self._root, self._models)
        if state.model is not None and not state.stale and not force:
            self._console.say(f"The model is up to date: models/{state.model.name}")
            return state.model
        reason = state.why or "asked for"
        # Before Rasa's long start: this takes half a second, and is what editors change.
        load_knowledge(self._root / "knowledge")
        with self._console.waiting(
            f"Training the model ({reason}), a few minutes; the first time about fifteen"
        ):
            return self._train()

    def newest(self) -> Path | None:
        """Returns the model to go on with after a failed training."""
        return newest_model(self._models)

    def _train(self) -> Path:
        inputs = inputs_hash(self._root)
        before = newest_model(self._models)
        self._started = time.monotonic()
        self._problems = []
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_text("", encoding="utf-8")
        child = Child("train", ["bot.launch.train_model"], self._on_line, self._root)
        try:
            code = child.wait()
        except BaseException:
            child.stop()
            raise
        model = newest_model(self._models)
        if code != 0 or model is None or model == before:
            raise self._failure(code, list(child.last_lines))
        record_training(self._models, model, inputs)
        seconds = time.monotonic() - self._started
        self._console.say(f"Trained in {seconds:.0f} s: models/{model.name}")
        return model

    def _on_line(self, _: str, line: str) -> None:
        plain = _COLOUR.sub("", line).strip()
        with self._log.open("a", encoding="utf-8") as log:
            log.write(plain + "\n")
        if plain.startswith(PROBLEM):
            self._problems.append(plain[len(PROBLEM) :])
        step = progress(plain)
        if step:
            self._console.say(f"  {time.monotonic() - self._started:4.0f} s  {step}")

    def _failure(self, code: int, last_lines: list[str]) -> GuideError:
        told = self._problems or [x for x in last_lines if _ERROR.match(x)] or last_lines[-5:]
        if code < 0:
            told = [f"the training was ended by signal {-code} (9: out of memory?)"]
        where = f"All of its output is in {self._log}."
        return ModelError("\n".join(["The training failed:", *told, where]))
