"""A child process of the launcher: starts, hands on its lines, stops with all its own children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

LAST_LINES = 15
"""Lines kept to show when the process dies: enough for an error and what led to it."""

PATIENCE = 10.0
"""Seconds that a process has to end by itself: a turn or a write to the store may be under way."""


class Child:
    """Runs `python -m module ...` in a process group of its own.

    Of its own, so that Ctrl-C reaches the launcher alone and it stops the rest in order.
    """

    def __init__(
        self, name: str, command: Sequence[str], on_line: Callable[[str, str], None], cwd: Path
    ) -> None:
        self.name = name
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._on_line = on_line
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-X", "utf8", "-m", *command],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Returns the process's id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Returns how it ended (negative: by that signal), or None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Waits for the end; returns the exit code, after the last line was handed on."""
        code = self._process.wait()
        self._reader.join(timeout=5)
        return code

    def ask_to_stop(self) -> None:
        """Sends SIGTERM, without waiting."""
        self._signal(signal.SIGTERM)

    def stop(self, patience: float | None = None) -> None:
        """Ends the process and whatever it started, by force once patience is over."""
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE if patience is None else patience)
        self._signal(signal.SIGKILL)
        self.wait()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                self.last_lines.append(line.rstrip())
                self._on_line(self.name, line.rstrip())


def stop_all(children: Sequence[Child]) -> None:
    """Ends children at the same time. From now on Ctrl-C, SIGTERM and SIGHUP are ignored.

    A second Ctrl-C, or the terminal that closes, would leave one behind.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()
