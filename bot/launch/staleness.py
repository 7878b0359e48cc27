"""Tells whether the model was trained on the files as they are now. Standard library only."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORD = ".inputs.json"

_TRAINED_ON = ("config.yml", "domain.yml", "requirements.txt", "data", "knowledge", "bot")
# They run beside the model and are no part of it.
_NOT_TRAINED_ON = (
    "launch",
    "channels",
    "evaluation",
    "editors",
    "bench",
    "settings.py",
    "clinic.py",
)
_LEAVINGS = frozenset({".pyc", ".swp", ".tmp"})


@dataclass(frozen=True)
class Freshness:
    """Whether `model` may be used as it is; `why` says what made it stale."""

    model: Path | None
    why: str

    @property
    def stale(self) -> bool:
        """Tells whether a training is due."""
        return bool(self.why)


def input_files(root: Path) -> list[Path]:
    """Lists every file that a training reads, sorted."""
    files: list[Path] = []
    for name in _TRAINED_ON:
        path = root / name
        files += path.rglob("*") if path.is_dir() else [path]
    skipped = {root / "bot" / name for name in _NOT_TRAINED_ON}
    skipped |= {path.with_suffix(".py") for path in skipped}
    return sorted(
        f
        for f in files
        if f.is_file()
        and not skipped.intersection((f, *f.parents))
        and not _is_leaving(f.relative_to(root))
    )


def inputs_hash(root: Path) -> str:
    """Hashes those files by path and content; times and other files do not matter."""
    digest = hashlib.sha256()
    for path in input_files(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def newest_model(models: Path) -> Path | None:
    """Returns the model that Rasa would load: the newest archive."""
    archives = sorted(models.glob("*.tar.gz"), key=lambda p: (p.stat().st_mtime, p.name))
    return archives[-1] if archives else None


def freshness(root: Path, models: Path) -> Freshness:
    """Compares the newest model with the record of the last training."""
    model = newest_model(models)
    if model is None:
        return Freshness(None, "there is no model yet")
    record = _read(models / RECORD)
    if record.get("model") != model.name:
        return Freshness(model, "the newest model has no record of what it was trained on")
    if record.get("inputs") != inputs_hash(root):
        return Freshness(model, "its files have changed since the last training")
    return Freshness(model, "")


def record_training(models: Path, model: Path, inputs: str, seconds: float | None = None) -> None:
    """Remembers what a model was trained on: the hash taken before the training began.

    `seconds` is how long a full training took; without it the earlier figure is kept.
    """
    record: dict[str, Any] = {"model": model.name, "inputs": inputs}
    full = last_full_training(models) if seconds is None else round(seconds, 1)
    if full is not None:
        record["full_training_seconds"] = full
    text = json.dumps(record, indent=1)
    (models / RECORD).write_text(text + "\n", encoding="utf-8")


def last_full_training(models: Path) -> float | None:
    """Returns the seconds of the last training that took nothing from an earlier one, if known."""
    seconds = _read(models / RECORD).get("full_training_seconds")
    return float(seconds) if isinstance(seconds, (int, float)) else None


def forget_training(models: Path) -> None:
    """Makes the next `make train` train: the model could not be loaded."""
    (models / RECORD).unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _is_leaving(path: Path) -> bool:
    """Tells editors' and Python's own files from the project's."""
    return (
        path.suffix in _LEAVINGS
        or path.name.endswith("~")
        or any(part == "__pycache__" or part.startswith(".") for part in path.parts)
    )
