"""The real server, the process that `make run` starts for the bot, spoken to over REST."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.settings import ROOT
from tests import readme

START_TIMEOUT = 180


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`python -m bot.launch.server` on a free port with its own data folder, without actions.

    tests/trained/test_make_run.py has the launcher and both servers.
    """

    def __init__(self, models: Path, data: Path) -> None:
        self.port, self.action_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "make-run.log"
        env = {
            **os.environ,
            "GUIDE_PORT": str(self.port),
            "GUIDE_ACTION_PORT": str(self.action_port),
            "GUIDE_DATA_DIR": str(data),
            "GUIDE_TURN_TIMEOUT": "20",
            "PYTHONWARNINGS": "ignore",
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.launch.server", "--model", str(models)],
                cwd=ROOT,
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self, status: int) -> requests.Response:
        end = time.monotonic() + START_TIMEOUT
        while time.monotonic() < end:
            try:
                response = requests.get(f"{self.url}/health/ready", timeout=5)
                if response.status_code == status:
                    return response
            except requests.ConnectionError:
                pass
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            time.sleep(0.5)
        raise AssertionError(self.log.read_text()[-3000:])

    def say(self, text: Any, sender: str = "smoke", **more: Any) -> list[dict[str, Any]]:
        body = {"sender": sender, "message": text, **more}
        response = requests.post(f"{self.url}/webhooks/rest/webhook", json=body, timeout=60)
        assert response.status_code == 200
        return list(response.json())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(model, tmp_path_factory.mktemp("data"))
    running.wait(200)
    yield running
    running.stop()


def test_an_answer_over_rest_quotes_the_passage_and_its_source(server: Server) -> None:
    first = server.say("what happens on infusion day?")[0]
    assert "The changed cells go back into your bloodstream." in first["text"]
    assert "as of June 2026; not yet reviewed by the clinic" in first["text"]
    assert first["custom"]["source"]["title"] == "CAR T-cell therapy"
    assert 1 <= len(first["buttons"]) <= 3


def test_the_readmes_curl_gets_an_answer(server: Server) -> None:
    host, path, body = readme.curl()
    assert host == "localhost:5080"
    url = f"{server.url}{path}"
    headers = {"Content-Type": "application/json"}
    response = requests.post(url, data=body.encode(), headers=headers, timeout=60)
    assert "cytokine release syndrome" in response.json()[0]["text"]


def test_an_escalation_over_rest_is_first_and_machine_readable(server: Server) -> None:
    reply = server.say("my husband has a fever")
    assert reply[0]["custom"]["kind"] == "escalation"
    assert reply[0]["custom"]["families"] == ["fever_chills"]
    assert next(p["role"] for p in reply[0]["custom"]["phones"]) == "care_team"


def test_a_dead_action_server_costs_nothing_that_is_said(server: Server) -> None:
    """No action server runs beside this one; unanswered questions are still met with words."""
    reply = server.say("how much does it cost?")
    assert "costs and insurance" in reply[0]["text"]
    assert len(reply) == 1


def test_a_hung_action_server_costs_nothing_that_is_said(server: Server) -> None:
    """It takes the call and never answers: the turn goes on, and so does the next one."""
    with socket.create_server(("127.0.0.1", server.action_port)):
        reply = server.say("how much does it cost?", sender="hung")
        assert len(reply) == 1 and "costs and insurance" in reply[0]["text"]
        assert "The changed cells" in server.say("what happens on infusion day?", "hung")[0]["text"]
    assert "Timeout" in server.log.read_text() and "Traceback" not in server.log.read_text()


def test_a_stream_sends_one_json_object_a_line(server: Server) -> None:
    body = {"sender": "stream", "message": "I have chest pain and what is crs?"}
    url = f"{server.url}/webhooks/rest/webhook?stream=true"
    with requests.post(url, json=body, stream=True, timeout=60) as response:
        lines = [json.loads(line) for line in response.iter_lines() if line]
    assert lines[0]["custom"]["kind"] == "escalation"


@pytest.mark.parametrize(
    "text",
    ["", "   ", None, "🤷", "x" * 10_000, "y" * 10_001, "\x00\x01", "<b>hi</b>", "/restart", 38.9],
)
def test_whatever_comes_in_gets_words(server: Server, text: Any) -> None:
    reply = server.say(text, sender="odd")
    assert reply and all(m["text"] for m in reply)


def test_a_body_that_is_not_json_is_explained(server: Server) -> None:
    response = requests.post(f"{server.url}/webhooks/rest/webhook", data="hello", timeout=30)
    assert response.status_code == 400
    assert "message" in response.json()["error"]


def test_the_same_message_id_is_one_turn(server: Server) -> None:
    first = server.say("what is crs", sender="retry", message_id="1")
    again = server.say("what is crs", sender="retry", message_id="1")
    assert first == again


def test_every_message_of_a_long_conversation_is_stored(server: Server) -> None:
    import sqlite3

    for number in range(40):
        assert server.say(f"what is crs {number}", sender="long")
    path = next(server.log.parent.rglob("conversations.db"))
    with sqlite3.connect(path) as database:
        rows = database.execute(
            "select data from events where sender_id = 'rest:long' and type_name = 'user'"
        ).fetchall()
    texts = [json.loads(r[0])["text"] for r in rows]
    assert texts == [f"what is crs {n}" for n in range(40)]


def test_words_are_not_in_the_servers_log(server: Server) -> None:
    server.say("zebrafish what is crs", sender="log")
    server.say("zebrafish I have a fever of 39", sender="log")
    assert "zebrafish" not in server.log.read_text()


@pytest.mark.parametrize("state", ["missing", "corrupt"])
def test_without_a_model_it_stays_up_and_escalates(state: str, tmp_path: Path, model: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    if state == "corrupt":
        broken = models / "broken.tar.gz"
        shutil.copy(model, broken)
        broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    running = Server(models, tmp_path)
    try:
        why = running.wait(503).json()["why"]
        assert "make train" in why
        assert "555-0100" in running.say("what is crs")[0]["text"]
        reply = running.say("he cannot breathe")
        assert reply[0]["custom"]["kind"] == "escalation"
        assert reply[0]["text"].startswith("⚠️ Call 911")
    finally:
        running.stop()
