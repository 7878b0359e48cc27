"""Hashes of what a component depends on besides its own class.

Rasa's training cache hashes only the component's class; without these an edited passage or
module would silently restore the artefact of the last training.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from bot.settings import ROOT


def code_hash(*parts: str) -> str:
    """Hashes modules or packages of `bot/`, named by their path, such as `safety`."""
    files: list[Path] = []
    for part in parts:
        path = ROOT / "bot" / part
        files += path.rglob("*") if path.is_dir() else [path]
    return files_hash(f for f in files if f.is_file() and f.suffix != ".pyc")


def files_hash(files: Iterable[Path]) -> str:
    """Hashes files by name and content; the order they come in does not matter."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
