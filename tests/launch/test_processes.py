from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bot.launch.processes import Child


def child(tmp_path: Path, code: str, lines: list[str]) -> Child:
    (tmp_path / "toy.py").write_text(code)
    return Child("toy", ["toy"], lambda name, line: lines.append(f"{name} {line}"), tmp_path)


def test_lines_and_exit_code_come_back(tmp_path: Path) -> None:
    lines: list[str] = []
    toy = child(tmp_path, "print('one')\nprint('two')\nraise SystemExit(3)", lines)
    assert toy.wait() == 3
    assert lines == ["toy one", "toy two"]
    assert list(toy.last_lines) == ["one", "two"]
    assert toy.exit_code() == 3


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(grandchild.pid)
time.sleep(60)
"""


def test_stop_ends_a_stubborn_child_and_its_children(tmp_path: Path) -> None:
    lines: list[str] = []
    toy = child(tmp_path, STUBBORN, lines)
    deadline = time.monotonic() + 10
    while not lines and time.monotonic() < deadline:
        time.sleep(0.02)
    toy.stop(patience=0.2)
    assert toy.exit_code() == -9
    grandchild = int(lines[0].split()[1])
    deadline = time.monotonic() + 5
    while _runs(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(grandchild)
    toy.stop()  # Stopping what has ended already is no error.


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    # A grandchild is reaped by the system, not by us: a zombie counts as ended.
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")


@pytest.mark.parametrize("byte", ["\\xff", "\\x00"])
def test_odd_bytes_do_not_stop_the_reader(tmp_path: Path, byte: str) -> None:
    lines: list[str] = []
    code = f"import sys\nsys.stdout.buffer.write(b'a{byte}b\\n')\nprint('after', flush=True)"
    toy = child(tmp_path, code, lines)
    assert toy.wait() == 0
    assert any("after" in line for line in lines)
