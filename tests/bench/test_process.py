"""Programs are stopped with their children, and a failure shows the end of its log."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from bot.bench.errors import BenchError
from bot.bench.process import Program, free_port

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def program(code: str, folder: Path, **environment: str) -> Program:
    command = [sys.executable, "-c", code]
    return Program(command, folder=folder, environment=environment, log=folder / "it.log")


def test_the_block_stops_the_program_and_its_child(tmp_path: Path) -> None:
    with program(PARENT, tmp_path) as running:
        while not running.tail().strip():
            assert running.running
            time.sleep(0.01)
        child = int(running.tail())
        assert psutil.pid_exists(child)
        assert running.memory() > 1  # Two interpreters take megabytes.
    assert not running.running
    assert not psutil.pid_exists(child)


def test_a_failure_shows_the_last_lines(tmp_path: Path) -> None:
    with (
        program("print('1%\\r100%'); raise SystemExit(3)", tmp_path) as running,
        pytest.raises(BenchError, match="code 3:\n100%"),
    ):
        running.wait(30)


def test_the_environment_is_handed_on(tmp_path: Path) -> None:
    with program("import os; print(os.environ['GUIDE_X'])", tmp_path, GUIDE_X="a b") as running:
        assert running.wait(30) > 0
    assert running.tail().strip() == "a b"


def test_a_free_port_can_be_taken() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))
