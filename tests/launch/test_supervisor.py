from __future__ import annotations

import io
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.launch import supervisor as supervisor_module
from bot.launch.backoff import LONGEST, STEADY, Backoff
from bot.launch.console import Console
from bot.launch.logs import LogSink
from bot.launch.readiness import Answer, State
from bot.launch.supervisor import Server, Supervisor

SLEEPS = "import time\ntime.sleep(60)"
READY = Answer(State.READY)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "TICK", 0.01)
    monkeypatch.setattr(supervisor_module, "UP_INTERVAL", 0.01)
    monkeypatch.setattr("bot.launch.backoff.FIRST", 0.1)


def script(*answers: Answer) -> Callable[[], Answer]:
    """Gives the answers one after the other, then interrupts as Ctrl-C does."""
    left = list(answers)

    def ask() -> Answer:
        if not left:
            raise KeyboardInterrupt
        return left.pop(0)

    return ask


def always_ready() -> Answer:
    return READY


def run(
    tmp_path: Path, codes: dict[str, str], asks: dict[str, Callable[[], Answer]]
) -> tuple[int, str]:
    shown = io.StringIO()
    console = Console(shown)
    sink = LogSink(tmp_path / "log" / "guide.log", console)
    servers = []
    for name, code in codes.items():
        (tmp_path / f"toy_{name}.py").write_text(code)
        servers.append(Server(name, f"The {name}", [f"toy_{name}"], asks[name]))
    guide = Supervisor(servers, root=tmp_path, sink=sink, console=console, welcome="WELCOME")
    result = guide.run()
    for server in servers:
        assert server.child is None or server.child.exit_code() is not None
    return result, shown.getvalue()


def test_ctrl_c_stops_everything_and_is_no_error(tmp_path: Path) -> None:
    code, shown = run(
        tmp_path,
        {"bot": SLEEPS, "actions": SLEEPS},
        {"bot": script(Answer(State.STARTING), READY, READY), "actions": always_ready},
    )
    assert code == 0
    assert "WELCOME" in shown
    assert shown.rstrip().endswith("Stopped.")


def test_a_bot_without_a_model_says_why_and_stays(tmp_path: Path) -> None:
    red = Answer(State.NOT_READY, "No model is loaded.")
    code, shown = run(
        tmp_path,
        {"bot": SLEEPS, "actions": SLEEPS},
        {"bot": script(red, red, READY), "actions": always_ready},
    )
    assert code == 0
    assert shown.count("The bot is up but NOT READY: No model is loaded.") == 1
    assert "The bot is ready again." in shown


def test_a_bot_that_never_came_up_ends_it_with_its_last_lines(tmp_path: Path) -> None:
    def starting() -> Answer:
        return Answer(State.STARTING)

    code, shown = run(
        tmp_path,
        {"bot": "print('cannot read clinic.yml')\nraise SystemExit(2)", "actions": SLEEPS},
        {"bot": starting, "actions": always_ready},
    )
    assert code == 1
    assert "The bot ended with exit code 2" in shown
    assert "bot | cannot read clinic.yml" in shown
    assert "WELCOME" not in shown


def test_a_dead_action_server_is_started_again_and_the_bot_stays(tmp_path: Path) -> None:
    # Dies at the first start, lives at the second: the file tells which it is.
    dies_once = (
        "import pathlib, time\nseen = pathlib.Path('seen')\n"
        "if seen.exists():\n    pathlib.Path('again').touch()\n    time.sleep(60)\n"
        "seen.touch()\nprint('no database')\nraise SystemExit(1)"
    )

    def bot() -> Answer:
        if (tmp_path / "again").exists():
            raise KeyboardInterrupt
        return READY

    def actions() -> Answer:
        return READY if (tmp_path / "again").exists() else Answer(State.STARTING)

    code, shown = run(
        tmp_path, {"bot": SLEEPS, "actions": dies_once}, {"bot": bot, "actions": actions}
    )
    assert code == 0
    assert "The actions ended with exit code 1" in shown
    assert "actions | no database" in shown
    assert "started again in" in shown


def test_all_lines_reach_the_file_and_warnings_the_terminal(tmp_path: Path) -> None:
    shown = io.StringIO()
    sink = LogSink(tmp_path / "guide.log", Console(shown))
    sink.write("bot", "2026-01-01 10:00:00,000 INFO rasa: quiet")
    sink.write("bot", "2026-01-01 10:00:01,000 WARNING rasa: loud")
    sink.write("bot", "  at some/file.py:3 in f")
    sink.close()
    assert shown.getvalue() == "bot | WARNING rasa: loud\n"
    assert len((tmp_path / "guide.log").read_text().splitlines()) == 3


def test_the_wait_doubles_up_to_a_minute_and_starts_anew_after_a_steady_life() -> None:
    backoff = Backoff()
    waits = [backoff.after(0) for _ in range(12)]
    assert waits[1] == 2 * waits[0]
    assert waits[-1] == LONGEST  # 0.1 s doubled eleven times would be 205 s.
    assert backoff.after(STEADY) == 0.1
