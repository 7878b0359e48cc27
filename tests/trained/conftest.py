"""The shipped configuration, trained once a session, and a way to talk to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent, load_agent
from rasa.core.utils import AvailableEndpoints

from bot.channels.guard import Incoming, TurnGuard
from bot.clinic import load_clinic
from bot.settings import ROOT, load_settings

TRAIN_TIMEOUT = 3600

Reply = list[dict[str, Any]]
Talk = Callable[..., Awaitable[Reply]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "trained" in Path(str(item.fspath)).parts:
            item.add_marker(pytest.mark.slow)


def train(project: Path, out: Path) -> Path:
    """Runs `rasa train` in a project, as a developer would; returns the archive."""
    done = subprocess.run(
        [sys.executable, "-m", "rasa", "train", "--out", str(out), "--fixed-model-name", "shipped"],
        cwd=project,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=TRAIN_TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return out / "shipped.tar.gz"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the shipped configuration, trained now.

    A developer who has just trained may name the archive in GUIDE_TEST_MODEL.
    """
    given = os.environ.get("GUIDE_TEST_MODEL")
    if given:
        return Path(given)
    return train(ROOT, tmp_path_factory.mktemp("models"))


def load(model: Path) -> Agent:
    """Loads an archive with our replies and no action server, conversations in memory."""
    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    endpoints.tracker_store = None
    endpoints.action.url = "http://127.0.0.1:9/webhook"  # Nothing listens: refused at once.
    return asyncio.new_event_loop().run_until_complete(load_agent(str(model), endpoints=endpoints))


@pytest.fixture(scope="session")
def agent(model: Path) -> Agent:
    loaded = load(model)
    assert loaded.is_ready()
    return loaded


def talker(agent: Agent) -> Talk:
    settings = replace(load_settings({}), escalation_deadline=30, turn_timeout=60)
    guard = TurnGuard(replace(settings, rate_per_minute=100_000), load_clinic(settings, {}))

    async def talk(text: str, sender: str | None = None, **fields: Any) -> Reply:
        said: Reply = []

        async def deliver(message: dict[str, Any]) -> None:
            said.append(message)

        who = sender or uuid.uuid4().hex
        incoming = Incoming(text=text, sender=who, recipient=who, channel="rest", **fields)
        await guard.handle(incoming, agent.handle_message, deliver)
        return said

    return talk


@pytest.fixture(scope="session")
def talk(agent: Agent) -> Talk:
    """Says something through the guard to the trained bot and returns its messages."""
    return talker(agent)


def kinds(reply: Reply) -> list[str]:
    """Names the kinds of the messages of a reply."""
    return [m["custom"]["kind"] for m in reply]
