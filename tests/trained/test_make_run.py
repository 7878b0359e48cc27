"""`make run` and `make shell` as people type them, on a copy of the project with the trained model."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.launch.staleness import inputs_hash, record_training
from bot.settings import ROOT
from tests.launch.project import Launched, Project, take_terminal

PARTS = ("actions", "bot", "data", "knowledge", "widget/dist", "widget/demo")
FILES = "clinic.yml config.yml credentials.yml domain.yml endpoints.yml requirements.txt"
OWN_WORDS = "Type out your own message"
UP = b"\x1b[A"
START_TIMEOUT = 900.0
"""A start takes half a minute; beside a training of another bot it took ten."""


@pytest.fixture(scope="module")
def project(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A copy whose newest model is the trained one, recorded as `make train` records it."""
    root = tmp_path_factory.mktemp("project")
    copy = Project(root)
    for name in ("drive.py", "knowledge", "endpoints.yml", "config.yml"):
        (root / name).unlink()
    shutil.rmtree(root / "bot")
    for name in PARTS:
        if (ROOT / name).is_dir():
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, root / name, ignore=leave)
    for name in FILES.split():
        shutil.copy(ROOT / name, root / name)
    for folder in ("models", "var"):
        (root / folder).mkdir()
    archive = Path(shutil.copy(model, root / "models" / "shipped.tar.gz"))
    record_training(root / "models", archive, inputs_hash(root))
    yield copy
    copy.close()


def launch(project: Project) -> Launched:
    running = project.launch([sys.executable, "-m", "bot.launch", "run"])
    deadline = time.monotonic() + START_TIMEOUT
    while "Ctrl-C stops it." not in running.shown and time.monotonic() < deadline:
        assert running.process.poll() is None, running.shown
        time.sleep(0.5)
    assert "Ctrl-C stops it." in running.shown, running.shown
    return running


def test_make_run_serves_answers_and_stops(project: Project) -> None:
    running = launch(project)
    base = f"http://127.0.0.1:{project.port}"
    assert "The model is up to date: models/shipped.tar.gz" in running.shown
    assert "Training the model" not in running.shown
    assert "Ready after" in running.shown
    demo = f"{base}/webhooks/widget/demo"
    assert f"Demo clinic page: {demo}" in running.shown
    assert requests.get(demo, timeout=30).status_code == 200
    assert requests.get(f"{base}/health/ready", timeout=30).status_code == 200
    actions = f"http://127.0.0.1:{project.action_port}/health"
    assert requests.get(actions, timeout=30).status_code == 200

    body = {"sender": "me", "message": "what happens on infusion day?"}
    reply = requests.post(f"{base}/webhooks/rest/webhook", json=body, timeout=60).json()
    assert "The changed cells go back into your bloodstream." in reply[0]["text"]

    running.signal(signal.SIGINT)
    code, shown = running.end()
    assert code == 0, shown
    assert shown.endswith("Stopped.\n")
    assert project.ports_are_free()
    assert project.models == ["shipped.tar.gz"]


def test_a_damaged_database_says_so_and_the_bot_escalates(project: Project) -> None:
    """Moving the file away, as it is told, is enough: no restart, no training."""
    database = project.root / "var" / "conversations.db"
    database.parent.mkdir(exist_ok=True)
    database.write_bytes(b"no database at all " * 100)
    running = launch(project)
    base = f"http://127.0.0.1:{project.port}"
    try:
        assert "NOT READY" in running.shown
        assert "make train" not in running.shown
        body = {"sender": "me", "message": "he cannot breathe"}
        reply = requests.post(f"{base}/webhooks/rest/webhook", json=body, timeout=60).json()
        assert reply[0]["custom"]["kind"] == "escalation"
        remedy = running.shown.split("`")[1]
        assert remedy.startswith("mkdir -p ")
        # `mv` complains of what does not lie beside it, and moves the rest.
        subprocess.run(remedy, shell=True, check=False, cwd=project.root)
        assert not database.exists()
        running.wait_for("The bot is ready again.")
    finally:
        running.signal(signal.SIGINT)
    code, shown = running.end()
    assert code == 0, shown
    assert "Training the model" not in shown


def converse(command: list[str], project: Project, turns: list[tuple[str, str, bool]]) -> str:
    """Types questions at a terminal, each when the answer before it is seen; returns all shown.

    A turn is the question, words of its answer, and whether buttons are offered with it: the shell
    then shows a menu, whose last line is for one's own words.
    """
    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, b"\x32\x00\xf0\x00\x00\x00\x00\x00")  # 50 by 240

    process = subprocess.Popen(
        command,
        cwd=project.root,
        env={**project.environment, "TERM": "xterm", "PYTHONWARNINGS": "ignore"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    shown = ""

    def read_until(words: str, timeout: float, since: int = 0) -> None:
        nonlocal shown
        deadline = time.monotonic() + timeout
        while words not in shown[since:] and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.5)[0]:
                shown += os.read(terminal, 65536).decode("utf-8", "replace")
                if "\x1b[6n" in shown:  # "Where is the cursor?" A terminal would answer.
                    shown = shown.replace("\x1b[6n", "")
                    os.write(terminal, b"\x1b[1;1R")
        assert words in shown[since:], shown[-3000:]

    try:
        read_until("Your input ->", START_TIMEOUT)
        for question, answer, buttons in turns:
            before = len(shown)
            os.write(terminal, question.encode() + b"\r")
            read_until(answer, 60, before)
            if buttons:
                read_until(OWN_WORDS, 60, before)
                os.write(terminal, UP + b"\r")
            time.sleep(1)  # For the next prompt: what is typed before it is lost.
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        os.close(terminal)
    return shown


@pytest.mark.parametrize(
    "command",
    [[sys.executable, "-m", "bot.launch", "shell"], [sys.executable, "-m", "rasa", "shell"]],
    ids=["make shell", "rasa shell"],
)
def test_the_shell_answers(project: Project, command: list[str]) -> None:
    shown = converse(
        command,
        project,
        [
            (
                "what happens on infusion day?",
                "The changed cells go back into your bloodstream.",
                True,
            ),
            ("my husband has a fever", "Call your care team now, day or night", False),
            ("how much does it cost?", "financial counsellor", False),  # No action server notes it.
            ("are you a robot?", "not a person", False),
        ],
    )
    assert "Traceback" not in shown


def test_rasa_run_answers_over_rest(project: Project) -> None:
    running = project.launch([sys.executable, "-m", "rasa", "run", "-p", str(project.port)])
    address = f"http://127.0.0.1:{project.port}"
    deadline = time.monotonic() + START_TIMEOUT
    try:
        while not answers(f"{address}/health/ready") and time.monotonic() < deadline:
            assert running.process.poll() is None, running.shown
            time.sleep(0.5)
        body = {"sender": "me", "message": "what happens on infusion day?"}
        reply = requests.post(f"{address}/webhooks/rest/webhook", json=body, timeout=60).json()
        assert "The changed cells go back into your bloodstream." in reply[0]["text"]
    finally:
        running.signal(signal.SIGTERM)
        running.process.wait(60)


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_rasa_test_finds_the_stories_right(project: Project) -> None:
    (project.root / "tests").mkdir(exist_ok=True)
    shutil.copy(ROOT / "tests" / "test_stories.yml", project.root / "tests" / "test_stories.yml")
    running = project.launch([sys.executable, "-m", "rasa", "test"])
    assert running.process.wait(1800) == 0, running.shown
    report = project.root / "results" / "story_report.json"
    assert report.is_file(), running.shown
    failed = (project.root / "results" / "failed_test_stories.yml").read_text("utf-8")
    assert "- story:" not in failed, failed
