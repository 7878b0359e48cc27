"""The widget on the demo clinic's page, clicked and typed in Chromium, against the real bot."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.trained.test_server import Server


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(model, tmp_path_factory.mktemp("widget"))
    running.wait(200)
    yield running
    running.stop()


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
