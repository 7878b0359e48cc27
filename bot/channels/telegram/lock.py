"""One poller a token on this machine: a lock that ends with the process that holds it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO

HELD = (
    "Telegram is polled with this token by process {pid} on this machine already. Stop that one "
    "first; for several replicas set TELEGRAM_WEBHOOK."
)


class PollLock:
    """A locked file for the token, by a hash of it; the same for every folder of the user.

    Another user of the machine has another file: Telegram itself tells those two apart.
    """

    def __init__(self, token: str, folder: Path | None = None) -> None:
        name = hashlib.sha256(token.encode()).hexdigest()[:16]
        self._path = (
            folder or Path(tempfile.gettempdir())
        ) / f"guide-telegram-{os.getuid()}-{name}.lock"
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Takes the lock; returns whether it is now held by this process.

        Raises:
            OSError: the file cannot be made or opened; the error names it.
        """
        if self._file is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        file = os.fdopen(descriptor, "r+", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return True

    def holder(self) -> str:
        """Returns the id of the process that holds the lock."""
        try:
            return self._path.read_text(encoding="ascii").strip() or "?"
        except OSError:
            return "?"

    def release(self) -> None:
        """Gives the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None
