"""A project whose servers and training are toys, under the real launcher in a process of its own."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

from bot.settings import ROOT

PATIENCE = 60.0
"""A machine under load is slow; nothing here waits that long when it is well."""

# The launcher of this checkout, on another root: its children are the toys that lie there.
DRIVER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from bot.launch import __main__ as launch, processes
processes.PATIENCE = 2.0
launch.ROOT = Path(__file__).resolve().parent
sys.exit(launch.main())
"""

SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
class Server(HTTPServer):
    allow_reuse_address = True
print("serving", sys.argv[1:])
Server(("127.0.0.1", int(os.environ["{port}"])), Health).serve_forever()
"""

TRAINS = """
import tarfile, pathlib
pathlib.Path("models").mkdir(exist_ok=True)
print("Starting to train component 'Toy'.")
pathlib.Path("trainings").open("a").write("one\\n")
with tarfile.open("models/toy.tar.gz", "w:gz") as archive:
    archive.add("config.yml")
"""

FAILS = """
import pathlib, sys
pathlib.Path("models").mkdir(exist_ok=True)
pathlib.Path("models/zz-half.tar.gz").write_bytes(b"half of an archive")
print("problem: config.yml:3: no such component -> correct its name")
sys.exit(3)
"""

SLOW = """
import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN) if pathlib.Path("stubborn").exists() else None
pathlib.Path("models/zz-half.tar.gz").write_bytes(b"half of an archive")
print("Starting to train component 'Toy'.")
time.sleep(60)
"""


def free_port() -> int:
    """Returns a port that the system hands to nobody by itself: it is used some seconds later."""
    while True:
        port = random.randint(20_000, 32_000)
        if is_free(port):
            return port


def hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def take_terminal() -> None:
    """Makes the terminal at standard input that of a process to be, whose Ctrl-C it hears."""
    hear_ctrl_c()
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Project:
    """What `make run` finds: files to train on, a training and two servers."""

    def __init__(self, root: Path, training: str = TRAINS) -> None:
        self.root = root
        self.port, self.action_port = free_port(), free_port()
        self._launched: list[Launched] = []
        for name, code in {
            "drive.py": DRIVER,
            "bot/__init__.py": "",
            "bot/launch/__init__.py": "",
            "bot/launch/server.py": SERVER.replace("{port}", "GUIDE_PORT"),
            "bot/launch/actions.py": SERVER.replace("{port}", "GUIDE_ACTION_PORT"),
            "bot/launch/train_model.py": training,
            "config.yml": "language: en",
            "endpoints.yml": "action_endpoint:\n  url: http://localhost:5055/webhook",
        }.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code)
        (root / "knowledge").symlink_to(ROOT / "knowledge")
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GUIDE_", "PYTHON"))},
            "GUIDE_PORT": str(self.port),
            "GUIDE_ACTION_PORT": str(self.action_port),
            "GUIDE_DATA_DIR": str(root / "var"),
        }

    @property
    def models(self) -> list[str]:
        return sorted(path.name for path in (self.root / "models").glob("*.tar.gz"))

    @property
    def trainings(self) -> int:
        path = self.root / "trainings"
        return len(path.read_text().splitlines()) if path.exists() else 0

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(self.root / "drive.py")]

    def start(self, *arguments: str) -> Launched:
        return self.launch([*self.command, *arguments])

    def launch(self, command: list[str]) -> Launched:
        """Starts a command in the project's folder."""
        self._launched.append(Launched(command, self))
        return self._launched[-1]

    def close(self) -> None:
        """Ends what a failed test left running."""
        for one in self._launched:
            if one.process.poll() is None:
                one.process.send_signal(signal.SIGTERM)
                one.process.wait(PATIENCE)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Runs a command that ends by itself."""
        return self.start(*arguments).end()

    def ports_are_free(self) -> bool:
        return is_free(self.port) and is_free(self.action_port)


class Launched:
    """The launcher, running; what it prints is kept in a file."""

    def __init__(self, command: list[str], project: Project) -> None:
        self._path = project.root / "shown.txt"
        with self._path.open("w") as shown:
            self.process = subprocess.Popen(
                command,
                cwd=project.root,
                env=project.environment,
                stdin=subprocess.DEVNULL,
                stdout=shown,
                stderr=subprocess.STDOUT,
                # Tests that run in the background inherit a Ctrl-C that is ignored.
                preexec_fn=hear_ctrl_c,
            )

    @property
    def shown(self) -> str:
        return self._path.read_text()

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.shown or self.process.poll() is not None)
        assert words in self.shown, self.shown

    def signal(self, *numbers: signal.Signals) -> None:
        for number in numbers:
            self.process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Waits for the end; returns the exit code and all that was printed."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(self.shown) from None
        assert "Traceback" not in self.shown
        return code, self.shown


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
