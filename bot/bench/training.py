"""Makes and trains the bots' models; the stock and the bare one are kept for the next run."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bot.bench import bare
from bot.bench.bots import BARE, QUIET, STOCK, rasa
from bot.bench.errors import BenchError
from bot.bench.process import Program
from bot.launch.staleness import last_full_training
from bot.settings import ROOT

FACTS = "trained.json"

TRAIN_SECONDS = 3600.0
"""A training that takes longer hangs."""


@dataclass(frozen=True)
class Trained:
    """A project with its model. `seconds` is None if no full training of it was timed.

    `cached` says that an earlier run, or `make train`, timed it.
    """

    project: Path
    model: Path
    seconds: float | None
    cached: bool = False


def guide_model(work: Path, *, train: bool) -> Trained:
    """Returns the newest model in models/, or trains one from nothing into `work`.

    Raises:
        BenchError: if there is no model.
    """
    if train:
        models = work / "models"
        # A cache of its own: nothing is reused, and nothing is left in .rasa/.
        environment = {**QUIET, "RASA_CACHE_DIRECTORY": str(work / "cache")}
        command = rasa("train", "--out", str(models))
        with Program(
            command, folder=ROOT, environment=environment, log=work / "train-guide.log"
        ) as program:
            seconds = program.wait(TRAIN_SECONDS)
        return Trained(ROOT, newest(models), seconds)
    models = ROOT / "models"
    return Trained(ROOT, newest(models), last_full_training(models), cached=True)


def stock_model(cache: Path, work: Path) -> Trained:
    """Runs `rasa init --no-prompt`, which writes the project and trains it."""

    def make(project: Path) -> float:
        command = rasa("init", "--no-prompt", "--init-dir", str(project))
        return _train(command, project, work / "train-stock.log")

    return _cached(STOCK, cache, make, work)


def bare_model(cache: Path, work: Path) -> Trained:
    """Writes the bare project and trains it."""

    def make(project: Path) -> float:
        bare.write_project(project)
        return _train(rasa("train"), project, work / "train-bare.log")

    return _cached(BARE, cache, make, work)


def newest(folder: Path) -> Path:
    """Returns the model that was trained last.

    Raises:
        BenchError: if there is none.
    """
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise BenchError(f"There is no model in {folder}. Run `make train`, or bench with TRAIN=1.")
    return models[-1]


def _train(command: list[str], project: Path, log: Path) -> float:
    with Program(command, folder=project, environment=QUIET, log=log) as program:
        return program.wait(TRAIN_SECONDS)


def _cached(name: str, cache: Path, make: Callable[[Path], float], work: Path) -> Trained:
    """Makes the project once for a version of Rasa and Python; remembers how long it took.

    It is kept packed: `rasa test` reads whatever lies open below this folder.
    """
    made_with = f"{name}-rasa-{version('rasa')}-python-{platform.python_version()}"
    kept = cache / f"{made_with}.tar"
    project = work / made_with
    project.mkdir(parents=True)
    if kept.is_file():
        shutil.unpack_archive(kept, project, filter="data")
        seconds = float(json.loads((project / FACTS).read_text("utf-8"))["seconds"])
        return Trained(project, newest(project / "models"), seconds, cached=True)
    seconds = make(project)
    (project / FACTS).write_text(json.dumps({"seconds": seconds}), "utf-8")
    shutil.rmtree(project / ".rasa", ignore_errors=True)  # What training alone needs.
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(shutil.make_archive(str(work / made_with), "tar", project))
    shutil.move(draft, kept)
    return Trained(project, newest(project / "models"), seconds)
