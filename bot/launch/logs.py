"""Where the two servers' lines go: all to var/log/guide.log, warnings to the terminal too."""

from __future__ import annotations

import logging
import re
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from bot.launch.console import Console
from bot.launch.disk import explain

# As bot.launch.privacy.LOG_FORMAT writes it: date, time, level.
_LEVEL = re.compile(r"^\d{4}-\d\d-\d\d \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
_SHOWN = frozenset({"WARNING", "ERROR", "CRITICAL"})

FILE_BYTES = 10_000_000
FILES_KEPT = 5
"""60 MB at most: weeks of a clinic's traffic, and never a full disk."""


class _TolerantFile(RotatingFileHandler):
    """Keeps the last error instead of printing its stack trace: a full disk stops nobody."""

    problem: BaseException | None = None

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        self.problem = sys.exc_info()[1]


class LogSink:
    """Writes each line with the name of its process; not its words: those never reach a log."""

    def __init__(self, path: Path, console: Console) -> None:
        with suppress(OSError):  # The first line tells of it.
            path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._console = console
        self._lines_are_lost = False
        self._lock = threading.Lock()  # Each process has a reader of its own.
        self._file = _TolerantFile(
            path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", delay=True
        )

    def write(self, name: str, line: str) -> None:
        """Files a line, and shows it if it is a warning or worse."""
        if not line.strip():
            return
        with self._lock:
            self._file.problem = None
            self._file.handle(logging.makeLogRecord({"msg": f"{name} | {line}"}))
            self._tell_of(self._file.problem)
        level = _LEVEL.match(line)
        if level and level.group(1) in _SHOWN:
            self._console.say(f"{name} | {line[level.end(1) - len(level.group(1)) :]}")

    def close(self) -> None:
        """Closes the file."""
        with suppress(OSError):  # A full disk: what is buffered cannot be kept.
            self._file.close()

    def _tell_of(self, problem: BaseException | None) -> None:
        """Says when lines begin to be lost, and when they no longer are; not at each line."""
        if problem is not None and not self._lines_are_lost:
            why = explain(problem) if isinstance(problem, OSError) else type(problem).__name__
            self._console.say(f"The log {self.path} cannot be written; the bot goes on. {why}")
        elif problem is None and self._lines_are_lost:
            self._console.say(f"The log {self.path} is written again.")
        self._lines_are_lost = problem is not None
