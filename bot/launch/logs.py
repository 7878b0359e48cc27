"""Where the two servers' lines go: all to var/log/guide.log, warnings to the terminal too."""

from __future__ import annotations

import logging
import re
from logging.handlers import RotatingFileHandler
from pathlib import Path

from bot.launch.console import Console

# As bot.launch.privacy.LOG_FORMAT writes it: date, time, level.
_LEVEL = re.compile(r"^\d{4}-\d\d-\d\d \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
_SHOWN = frozenset({"WARNING", "ERROR", "CRITICAL"})

FILE_BYTES = 10_000_000
FILES_KEPT = 5
"""60 MB at most: weeks of a clinic's traffic, and never a full disk."""


class LogSink:
    """Writes each line with the name of its process; not its words: those never reach a log."""

    def __init__(self, path: Path, console: Console) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._console = console
        self._file = RotatingFileHandler(
            path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", delay=True
        )

    def write(self, name: str, line: str) -> None:
        """Files a line, and shows it if it is a warning or worse."""
        if not line.strip():
            return
        self._file.handle(logging.makeLogRecord({"msg": f"{name} | {line}"}))
        level = _LEVEL.match(line)
        if level and level.group(1) in _SHOWN:
            self._console.say(f"{name} | {line[level.end(1) - len(level.group(1)) :]}")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
