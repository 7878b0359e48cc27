"""`python -m bot.launch`, which `make run`, `make train` and `make shell` call, on toy servers."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.launch.project import FAILS, SLOW, TRAINS, Project, take_terminal, wait_until


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    toys = Project(tmp_path)
    yield toys
    toys.close()


def trained(project: Project) -> Project:
    code, shown = project.run("train")
    assert code == 0, shown
    return project


def train_with(project: Project, code: str) -> None:
    """Changes the training, and what it reads, so that one is due."""
    (project.root / "bot/launch/train_model.py").write_text(code)
    (project.root / "config.yml").write_text("language: en # changed")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_trains_serves_and_stops_cleanly(project: Project, number: signal.Signals) -> None:
    running = project.start("run")
    running.wait_for("Ctrl-C stops it.")
    assert "training Toy" in running.shown
    assert f"Demo clinic page: http://127.0.0.1:{project.port}/webhooks/widget/demo" in (
        running.shown
    )
    assert f"curl -s http://127.0.0.1:{project.port}/webhooks/rest/webhook" in running.shown
    running.signal(number)
    code, shown = running.end()
    assert code == 0
    assert shown.endswith("Stopped.\n")
    assert project.ports_are_free()


def test_a_second_start_trains_nothing(project: Project) -> None:
    trained(project)
    running = project.start("run")
    running.wait_for("Ctrl-C stops it.")
    running.signal(signal.SIGINT)
    code, shown = running.end()
    assert code == 0
    assert "The model is up to date: models/toy.tar.gz" in shown
    assert project.trainings == 1
    log = (project.root / "var/log/guide.log").read_text()
    assert "serving ['--model', '" in log
    assert "models/toy.tar.gz']" in log


def test_train_trains_when_it_is_due_or_forced(project: Project) -> None:
    trained(trained(project))
    assert project.trainings == 1
    (project.root / "models/toy.tar.gz").rename(project.root / "models/older.tar.gz")
    code, shown = project.run("train", "--force")
    assert code == 0, shown
    assert project.trainings == 2


def test_ctrl_c_twice_leaves_nothing_behind(project: Project) -> None:
    running = trained(project).start("run")
    running.wait_for("Ctrl-C stops it.")
    children = psutil.Process(running.process.pid).children(recursive=True)
    running.signal(signal.SIGINT)
    running.wait_for("Stopping ...")
    running.signal(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    code, _ = running.end()
    assert code in {0, 130}
    assert not any(child.is_running() for child in children)
    assert project.ports_are_free()


@pytest.mark.parametrize(
    ("number", "stubborn"),
    [(signal.SIGINT, True), (signal.SIGTERM, False)],
    ids=["SIGINT, stubborn", "SIGTERM, willing"],
)
def test_a_training_can_be_stopped_and_leaves_no_half_model(
    project: Project, number: signal.Signals, stubborn: bool
) -> None:
    trained(project)
    train_with(project, SLOW)
    if stubborn:
        (project.root / "stubborn").touch()
    running = project.start("run")
    running.wait_for("training Toy")
    children = psutil.Process(running.process.pid).children(recursive=True)
    running.signal(number)
    wait_until(lambda: (signal.SIGINT - 1) in ignored(running.process.pid))
    running.signal(signal.SIGINT, signal.SIGTERM)  # Impatient: both are ignored by now.
    code, shown = running.end()
    assert code == 130
    assert shown.endswith("Stopped.\n")
    assert not any(child.is_running() for child in children)
    assert project.models == ["toy.tar.gz"]


def ignored(pid: int) -> set[int]:
    """Returns the signals that a process ignores, counted from 0; all of them once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return set(range(64))
    mask = next((x.split()[1] for x in status.splitlines() if x.startswith("SigIgn")), "f" * 16)
    return {bit for bit in range(64) if int(mask, 16) >> bit & 1}


def test_after_a_failed_training_the_last_model_answers(project: Project) -> None:
    trained(project)
    train_with(project, FAILS)
    running = project.start("run")
    running.wait_for("Ctrl-C stops it.")
    assert "config.yml:3: no such component -> correct its name" in running.shown
    assert "Until then the last model answers, models/toy.tar.gz." in running.shown
    running.signal(signal.SIGINT)
    assert running.end()[0] == 0
    assert project.models == ["toy.tar.gz"]


def test_without_any_model_the_bot_is_started_all_the_same(project: Project) -> None:
    train_with(project, FAILS)
    running = project.start("run")
    running.wait_for("Ctrl-C stops it.")
    assert "NO MODEL: people get the clinic's numbers only." in running.shown
    running.signal(signal.SIGINT)
    assert running.end()[0] == 0
    assert "bot | serving []" in (project.root / "var/log/guide.log").read_text()


def test_a_shell_needs_a_model(project: Project) -> None:
    train_with(project, FAILS)
    code, shown = project.run("shell")
    assert code == 1
    assert "NO MODEL" in shown


@pytest.mark.parametrize("which", ["GUIDE_PORT", "GUIDE_ACTION_PORT"])
def test_a_port_that_is_taken_is_told_before_a_training(project: Project, which: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(project.environment[which])))
        other.listen(1)
        code, shown = project.run("run")
    assert code == 2
    assert f"Port {project.environment[which]}, for the" in shown
    assert f"{which}=" in shown
    assert project.trainings == 0


def test_a_port_that_is_taken_while_it_trains_is_told_then(project: Project) -> None:
    port = project.environment["GUIDE_PORT"]
    takes_it = (
        "import socket, subprocess, sys, time\n"
        f"code = 'import socket, time; s = socket.socket(); s.bind((\"127.0.0.1\", {port})); '\n"
        "code += 's.listen(1); print(1, flush=True); time.sleep(20)'\n"
        "other = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE,\n"
        "                         stderr=subprocess.DEVNULL, start_new_session=True)\n"
        "other.stdout.readline()\n"
        "open('taker', 'w').write(str(other.pid))\n"
    )
    (project.root / "bot/launch/train_model.py").write_text(takes_it + TRAINS)
    code, shown = project.run("run")
    os.kill(int((project.root / "taker").read_text()), signal.SIGKILL)
    assert code == 2
    assert project.trainings == 1
    assert f"Port {port}, for the bot, is taken by process" in shown


def test_two_equal_ports_are_told(project: Project) -> None:
    project.environment["GUIDE_ACTION_PORT"] = str(project.port)
    code, shown = project.run("run")
    assert code == 2
    assert f"GUIDE_PORT and GUIDE_ACTION_PORT are both {project.port}" in shown


@pytest.mark.parametrize("name", ["var", "var/log"])
def test_a_data_folder_that_cannot_be_used_is_named(project: Project, name: str) -> None:
    path = project.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("a file where a folder belongs")
    code, shown = project.run("run")
    assert code == 2
    assert f"Files cannot be written to {path}" in shown
    assert project.trainings == 0


def test_a_models_folder_that_cannot_be_used_is_named(project: Project) -> None:
    (project.root / "models").write_text("a file where a folder belongs")
    code, shown = project.run("train")
    assert code == 2
    assert f"Files cannot be written to {project.root / 'models'}" in shown


def test_a_file_that_cannot_be_read_is_named(project: Project) -> None:
    (project.root / "endpoints.yml").unlink()
    (project.root / "endpoints.yml").mkdir()
    code, shown = project.run("run")
    assert code == 2
    assert f"{project.root / 'endpoints.yml'}: Is a directory." in shown


def test_logs_on_a_full_disk_stop_neither_training_nor_bot(project: Project) -> None:
    """/dev/full refuses each byte as a full disk does."""
    log = project.root / "var/log"
    log.mkdir(parents=True)
    for name in ("train.log", "guide.log"):
        (log / name).symlink_to("/dev/full")
    running = project.start("run")
    running.wait_for("Ctrl-C stops it.")
    running.wait_for(f"The log {log / 'guide.log'} cannot be written; the bot goes on.")
    running.signal(signal.SIGINT)
    code, shown = running.end()
    assert code == 0
    assert project.trainings == 1
    assert shown.count("cannot be written; the bot goes on.") == 1
    assert "Logging error" not in shown


def test_ctrl_c_at_a_terminal_is_no_error_of_make(project: Project) -> None:
    trained(project)
    make = f"run:\n\t@{' '.join(project.command)} run\n"
    (project.root / "Makefile").write_text(make)
    terminal, theirs = pty.openpty()

    with (project.root / "shown.txt").open("w") as shown:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=project.root,
            env=project.environment,
            stdin=theirs,
            stdout=shown,
            stderr=subprocess.STDOUT,
            preexec_fn=take_terminal,
        )
    os.close(theirs)
    wait_until(lambda: "Ctrl-C stops it." in (project.root / "shown.txt").read_text())
    os.write(terminal, b"\x03")
    code = process.wait(60)
    os.close(terminal)
    told = (project.root / "shown.txt").read_text()
    assert code == 0, told
    assert told.endswith("Stopped.\n")
    assert project.ports_are_free()
