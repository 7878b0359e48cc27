"""What the launcher tells the person at the terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_FRAMES = "|/-\\"
_TICK = 0.2


class Console:
    """Prints lines, and one line of progress that is rewritten in place on a terminal."""

    def __init__(self, stream: TextIO | None = None, *, beat: float = 30.0) -> None:
        self._stream = stream or sys.stdout
        self._beat = beat
        self._live = self._stream.isatty()
        self._lock = threading.Lock()
        self._status = ""

    def say(self, text: str = "") -> None:
        """Prints text, above the progress line if there is one."""
        with self._lock:
            self._write(f"{self._erase()}{text}\n{self._status}")

    def progress(self, text: str) -> None:
        """Replaces the progress line; does nothing where lines cannot be rewritten."""
        with self._lock:
            erase = self._erase()
            self._status = text if self._live else ""
            self._write(f"{erase}{self._status}")

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Shows what is waited for and for how long, while the block runs."""
        started = time.monotonic()
        done = threading.Event()
        self.say(f"{what} ...")

        def tick() -> None:
            beats = 0
            while not done.wait(_TICK):
                seconds = time.monotonic() - started
                frame = _FRAMES[int(seconds / _TICK) % len(_FRAMES)]
                self.progress(f"  {frame} {seconds:.0f} s")
                if not self._live and seconds >= (beats + 1) * self._beat:
                    beats += 1
                    self.say(f"  ... {seconds:.0f} s")

        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()
            self.progress("")

    def _erase(self) -> str:
        return f"\r{' ' * len(self._status)}\r" if self._status else ""

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # The terminal is gone, or the file is on a full disk; the bot goes on all the same.
            self._live = False
