"""Starts programs with a log file of their own, and always stops them with their children."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import psutil

from bot.bench.errors import BenchError

STOP_SECONDS = 10.0
"""How long a server may take to close its stores before it is killed."""

LOG_TAIL = 25
"""Lines of a log shown with an error: a stack trace's end."""


class Program:
    """A running program; leaving its `with` block stops it."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self.log = log
        self.name = log.stem
        self.started = time.perf_counter()
        # env(1) adds to the environment: only bot.settings reads it.
        words = ["env", *(f"{k}={v}" for k, v in environment.items()), *command]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                words,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us; we stop the children in order.
            )

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Tells whether the program has not ended."""
        return self._process.poll() is None

    def wait(self, timeout: float) -> float:
        """Waits for a program that ends by itself; returns its seconds.

        Raises:
            BenchError: if it fails or takes longer.
        """
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise BenchError(
                f"{self.name} took longer than {timeout:.0f} s.\n{self.tail()}"
            ) from error
        if code:
            raise BenchError(f"{self.name} failed with code {code}:\n{self.tail()}")
        return time.perf_counter() - self.started

    def cpu(self) -> float:
        """Returns the CPU seconds the program has used, to the system's hundredth."""
        used = psutil.Process(self._process.pid).cpu_times()
        return float(used.user + used.system)

    def memory(self) -> float:
        """Returns the resident megabytes of the program and its children."""
        root = psutil.Process(self._process.pid)
        total = 0
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total / 1024**2

    def stop(self) -> None:
        """Asks the program and its children to end, then kills what is left."""
        family: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(self._process.pid)
            family = [root, *root.children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(family, timeout=STOP_SECONDS)
        for member in left:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        self._process.wait()

    def tail(self) -> str:
        """Returns the end of the program's log, without progress bars."""
        lines = self.log.read_bytes().decode("utf-8", "replace").split("\n")
        return "\n".join(line.rsplit("\r", 1)[-1] for line in lines[-LOG_TAIL:])


def free_port() -> int:
    """Returns a port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
