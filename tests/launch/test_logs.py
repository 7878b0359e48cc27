"""The log of both servers: written by two readers at once, on a disk that takes nothing."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.launch.console import Console
from bot.launch.logs import LogSink


class SlowConsole(Console):
    """A terminal so slow that the other reader comes while a line is being said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def say(self, text: str = "") -> None:
        time.sleep(0.1)
        self.said.append(text)


def test_two_readers_tell_once_of_a_full_disk(tmp_path: Path) -> None:
    (path := tmp_path / "guide.log").symlink_to("/dev/full")
    console = SlowConsole()
    sink = LogSink(path, console)
    with ThreadPoolExecutor(2) as readers:
        list(readers.map(lambda name: sink.write(name, "a line"), ("bot", "actions")))
    sink.close()
    (told,) = console.said
    assert told.startswith(f"The log {path} cannot be written; the bot goes on.")
