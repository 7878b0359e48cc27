"""The widget's one file, under a name that changes with its content."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SettingsError
from bot.settings import ROOT

BUNDLE = ROOT / "widget" / "dist" / "clinic-guide.js"
PLAIN_NAME = BUNDLE.name


@dataclass(frozen=True)
class Bundle:
    """What is served: the script as it was built, and compressed."""

    script: bytes
    compressed: bytes
    integrity: str
    """As `<script integrity=...>` takes it."""
    hashed_name: str
    """May be kept by browsers for good."""

    @property
    def etag(self) -> str:
        """Returns the version for `If-None-Match`."""
        return f'"{self.integrity[-16:]}"'


def load_bundle(path: Path = BUNDLE) -> Bundle:
    """Reads the built file.

    Raises:
        SettingsError: if it is missing.
    """
    try:
        script = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({type(error).__name__}): restore it from the repository, or "
            "build it with `make widget`."
        ) from error
    digest = hashlib.sha384(script)
    return Bundle(
        script=script,
        compressed=gzip.compress(script, mtime=0),
        integrity="sha384-" + base64.b64encode(digest.digest()).decode(),
        hashed_name=f"{path.stem}.{digest.hexdigest()[:16]}{path.suffix}",
    )
