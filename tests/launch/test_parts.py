from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.errors import KnowledgeError, SettingsError
from bot.launch.causes import why
from bot.launch.console import Console
from bot.launch.endpoints import action_url, runs_actions_here
from bot.launch.readiness import State, ask, reachable_host
from bot.launch.training import progress
from bot.settings import load_settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:5055/webhook", "http://127.0.0.1:6000/webhook"),
        ("http://127.0.0.1:5055/webhook", "http://127.0.0.1:6000/webhook"),
        ("https://actions.clinic.example/webhook", "https://actions.clinic.example/webhook"),
    ],
)
def test_only_an_address_here_gets_our_port(url: str, expected: str) -> None:
    assert action_url(url, 6000) == expected


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("action_endpoint:\n  url: http://localhost:5055/webhook", True),
        ("action_endpoint:\n  url: http://actions:5055/webhook", False),
        ("nlg:\n  type: x", False),
        ("", False),
    ],
)
def test_the_action_server_runs_here_or_elsewhere(tmp_path: Path, text: str, here: bool) -> None:
    path = tmp_path / "endpoints.yml"
    path.write_text(text)
    assert runs_actions_here(path) is here


def test_endpoints_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="missing"):
        runs_actions_here(tmp_path / "endpoints.yml")
    (tmp_path / "endpoints.yml").write_text("a: [")
    with pytest.raises(SettingsError, match="YAML"):
        runs_actions_here(tmp_path / "endpoints.yml")


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/ready": 200, "/red": 503}.get(self.path, 404)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps({"why": "no model"}).encode() if status == 503 else b"{")

    def log_message(self, *_: object) -> None:
        """Is silent."""


@pytest.fixture
def server() -> Iterator[int]:
    http = HTTPServer(("127.0.0.1", 0), _Health)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield int(http.server_port)
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.mark.parametrize(
    ("path", "state", "told"),
    [("/ready", "READY", ""), ("/red", "NOT_READY", "no model"), ("/x", "NOT_READY", "404")],
)
def test_states(server: int, path: str, state: str, told: str) -> None:
    answer = ask("127.0.0.1", server, path)
    assert answer.state is State[state]
    assert told in answer.why


def test_nobody_there_is_starting() -> None:
    assert ask("127.0.0.1", 1, "/").state is State.STARTING


def test_reachable_host() -> None:
    assert reachable_host("0.0.0.0") == "127.0.0.1"
    assert reachable_host("10.1.2.3") == "10.1.2.3"


def test_our_own_error_is_found_under_wrappings() -> None:
    error = RuntimeError("Error running graph component")
    error.__cause__ = KnowledgeError(["a.md:3: empty section -> fill it", "a.md:9: twice"])
    assert why(error) == "a.md:3: empty section -> fill it\na.md:9: twice"


def test_the_first_cause_speaks_when_none_is_ours() -> None:
    assert why(ValueError("bad magic\nmore")) == "ValueError: bad magic"
    assert why(ValueError()) == "ValueError"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Started validating domain and training data...", "checking the data"),
        ("Starting to train component 'PassageRetriever'.", "training PassageRetriever"),
        ("Restored component 'SentenceEncoder' from cache.", "unchanged: SentenceEncoder"),
        ("Adapting the sentence encoder: 40 %", "adapting the sentence encoder: 40 %"),
        ("DeprecationWarning: pkg_resources is deprecated", ""),
        ("", ""),
    ],
)
def test_progress(line: str, told: str) -> None:
    assert progress(line) == told


def test_console_rewrites_its_progress_on_a_terminal_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        console = Console(stream)
        console.progress("3 s")
        console.say("done")
    assert terminal.getvalue() == "3 s\r   \rdone\n3 s"
    assert pipe.getvalue() == "done\n"


def test_waiting_beats_where_there_is_no_terminal() -> None:
    shown = io.StringIO()
    with Console(shown, beat=0.01).waiting("Training"):
        time.sleep(0.5)
    assert shown.getvalue().startswith("Training ...\n  ... 0 s\n")


def test_launch_settings() -> None:
    defaults = load_settings({})
    assert (defaults.port, defaults.action_port) == (5080, 5055)
    assert defaults.interface == "127.0.0.1"
    assert defaults.cors == ()
    assert load_settings({"GUIDE_CORS": "https://a.example, https://b.example"}).cors == (
        "https://a.example",
        "https://b.example",
    )
    with pytest.raises(SettingsError, match="GUIDE_PORT"):
        load_settings({"GUIDE_PORT": "70000"})


def test_debug_logs_are_refused_in_production() -> None:
    assert load_settings({"GUIDE_LOG_LEVEL": "DEBUG"}).log_level == "debug"
    with pytest.raises(SettingsError, match="GUIDE_LOG_LEVEL"):
        load_settings({"GUIDE_LOG_LEVEL": "debug", "GUIDE_PRODUCTION": "1"})
