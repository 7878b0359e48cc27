"""Trains the model when it is stale, with its progress shown and its errors in plain words."""

from __future__ import annotations

import re
import tarfile
import tempfile
import time
import zlib
from contextlib import suppress
from pathlib import Path

from bot.errors import GuideError, ModelError
from bot.knowledge.base import load_knowledge
from bot.launch.console import Console
from bot.launch.disk import TRAINING_MB, explain, require_room
from bot.launch.processes import Child, stop_all
from bot.launch.staleness import freshness, inputs_hash, newest_model, record_training
from bot.launch.train_model import PROBLEM

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STEP = re.compile(
    r"(Started validating)|Starting to train component '(\w+)'|Restored component '(\w+)'"
    r"|(Adapting the sentence encoder: \d+ %)"
)
ADAPTING, UNCHANGED = "adapting the sentence encoder:", "unchanged:"
"""Begin the steps that tell a full training from one that takes up an earlier one's results."""

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
    return f"{UNCHANGED} {restored}" if restored else "checking the data"


def is_whole(archive: Path) -> bool:
    """Tells whether an archive can be read to its end."""
    try:
        with tarfile.open(archive) as members:
            return bool(members.getmembers())
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return False


class Trainer:
    """Keeps `models/` up to date with config.yml, domain.yml, data/, knowledge/ and bot/."""

    def __init__(self, root: Path, log: Path, console: Console) -> None:
        self._root = root
        self._models = root / "models"
        self._log = log
        self._console = console
        self._problems: list[str] = []
        self._steps: list[str] = []
        self._started = 0.0

    def ensure(self, *, force: bool = False) -> Path:
        """Returns the model, after a training if one is due.

        Raises:
            GuideError: saying what to correct; the models that were there are untouched.
        """
        try:
            return self._ensure(force)
        except OSError as error:
            raise ModelError(f"The training cannot be done. {explain(error)}") from error

    def _ensure(self, force: bool) -> Path:
        state = freshness(self._root, self._models)
        if state.model is not None and not state.stale and not force:
            self._console.say(f"The model is up to date: models/{state.model.name}")
            return state.model
        reason = state.why or "asked for"
        # Before Rasa's long start: this takes half a second, and is what editors change.
        load_knowledge(self._root / "knowledge")
        require_room([self._models, self._root / ".rasa", Path(tempfile.gettempdir())], TRAINING_MB)
        with self._console.waiting(
            f"Training the model ({reason}), a few minutes; the first time five to ten"
        ):
            return self._train()

    def newest(self) -> Path | None:
        """Returns the model to go on with after a failed training."""
        return newest_model(self._models)

    def _train(self) -> Path:
        inputs = inputs_hash(self._root)
        before = newest_model(self._models)
        there = set(self._models.glob("*.tar.gz"))
        self._started = time.monotonic()
        self._problems = []
        self._steps = []
        with suppress(OSError):
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._log.write_text("", encoding="utf-8")
        child = Child("train", ["bot.launch.train_model"], self._on_line, self._root)
        try:
            code = child.wait()
        except BaseException:
            stop_all([child])
            self._discard_broken(there)
            raise
        if code != 0:
            self._discard_broken(there)
        model = newest_model(self._models)
        if code != 0 or model is None or model == before:
            raise self._failure(code, list(child.last_lines))
        seconds = time.monotonic() - self._started
        record_training(self._models, model, inputs, seconds if self._was_full() else None)
        self._console.say(f"Trained in {seconds:.0f} s: models/{model.name}")
        return model

    def _on_line(self, _: str, line: str) -> None:
        plain = _COLOUR.sub("", line).strip()
        # Raising here would end the reader, and the training would wait for it for ever.
        with suppress(OSError), self._log.open("a", encoding="utf-8") as log:
            log.write(plain + "\n")
        if plain.startswith(PROBLEM):
            self._problems.append(plain[len(PROBLEM) :])
        step = progress(plain)
        if step:
            self._steps.append(step)
            self._console.say(f"  {time.monotonic() - self._started:4.0f} s  {step}")

    def _was_full(self) -> bool:
        """Tells whether nothing, the adapted encoder included, is of an earlier training."""
        adapted = any(step.startswith(ADAPTING) for step in self._steps)
        return adapted and not any(step.startswith(UNCHANGED) for step in self._steps)

    def _discard_broken(self, there: set[Path]) -> None:
        """Removes what was being written when a training ended: it would count as the newest."""
        for archive in set(self._models.glob("*.tar.gz")) - there:
            if not is_whole(archive):
                archive.unlink()

    def _failure(self, code: int, last_lines: list[str]) -> GuideError:
        told = self._problems or [x for x in last_lines if _ERROR.match(x)] or last_lines[-5:]
        if code < 0:
            told = [f"the training was ended by signal {-code} (9: out of memory?)"]
        where = f"All of its output is in {self._log}."
        return ModelError("\n".join(["The training failed:", *told, where]))
