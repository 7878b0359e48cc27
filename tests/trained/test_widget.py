"""The widget on the demo clinic's page, clicked and typed in Chromium, against the real bot."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.settings import ROOT
from tests.channels.widget.schema import assert_of_the_schema
from tests.trained.test_server import Server


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(model, tmp_path_factory.mktemp("widget"))
    running.wait(200)
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("text", "kind", "words", "beside"),
    [
        pytest.param("what is leukapheresis?", "answer", "“", {"source"}, id="answer"),
        pytest.param(
            "why do I have to stay near the hospital?",
            "answer",
            "“",
            {"quote", "mark"},
            id="marked answer",
        ),
        pytest.param("is it worth it", "text", "not sure which of these", set(), id="clarify"),
        pytest.param("how much does it cost?", "text", "won't guess", set(), id="abstain"),
        pytest.param("my husband has a fever", "escalation", "Call", {"phones"}, id="escalation"),
    ],
)
def test_what_the_bot_says_is_of_the_schema(
    server: Server, text: str, kind: str, words: str, beside: set[str]
) -> None:
    reply = requests.post(
        f"{server.url}/webhooks/widget/messages", data=json.dumps({"text": text}), timeout=60
    )
    said = [json.loads(line) for line in reply.content.decode().splitlines()]
    assert_of_the_schema(said)
    assert [line["custom"]["kind"] for line in said][:2] == ["conversation", kind]
    assert words in said[1]["text"]
    assert beside <= said[1]["custom"].keys()


def test_a_conversation_in_the_browser(server: Server) -> None:
    """Screenshots of every theme are left in results/widget."""
    tools = subprocess.run(["scripts/browser.sh"], cwd=ROOT, capture_output=True, text=True)
    assert tools.returncode == 0, tools.stderr
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "widget/test/run.mjs", "e2e"],
        cwd=ROOT,
        env={**os.environ, "GUIDE_URL": server.url},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    path = next(server.log.parent.rglob("conversations.db"))
    with sqlite3.connect(path) as database:
        texts = " ".join(row[0] for row in database.execute("select data from events"))
    # The conversation that was cleared is gone; those that only took pictures are stored.
    assert "what happens on infusion day?" not in texts
    assert "what is CRS?" in texts
