"""The key that signs conversation ids: the operator's, or one made once and kept."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bot.errors import SettingsError
from bot.settings import Settings

SECRET_FILE = "widget.secret"
SHORTEST = 32
"""Characters: 128 bits even if every one of them is only a hexadecimal digit."""


def signing_secret(settings: Settings) -> bytes:
    """Returns the key of GUIDE_WIDGET_SECRET, else that of the data folder, made if it is missing.

    Raises:
        SettingsError: if the key is too short, or its file can be neither read nor made.
    """
    if settings.widget_secret:
        return _checked(settings.widget_secret, "GUIDE_WIDGET_SECRET")
    path = settings.data_dir / SECRET_FILE
    try:
        if not path.exists():
            _make(path)
        return _checked(path.read_text(encoding="ascii").strip(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}, the key that signs the widget's conversations, can be neither read nor made "
            f"({type(error).__name__}): set GUIDE_WIDGET_SECRET, or GUIDE_DATA_DIR to a folder "
            "that can be written."
        ) from error


def _make(path: Path) -> None:
    """Writes a new key that only its owner may read; of two processes, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        os.link(draft, path)  # Unlike a rename it fails if another process was first.
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def _checked(secret: str, where: str) -> bytes:
    if len(secret) < SHORTEST:
        raise SettingsError(
            f"{where} has {len(secret)} characters: use at least {SHORTEST} random ones, for "
            "example those of `openssl rand -hex 32`."
        )
    return secret.encode()
