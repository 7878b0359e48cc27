"""A running server with the widget's channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rasa.core.agent import Agent

from tests.channels.widget.server import Site, running, sql
from tests.policies import tiny


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    async with running(tmp_path, monkeypatch) as started:
        yield started


@pytest.fixture
def agent(tiny_model: Path, tmp_path: Path) -> Agent:
    """The tiny bot with conversations in a file."""
    loaded = tiny.load(tiny_model)
    loaded.processor.tracker_store = loaded.tracker_store = sql(tmp_path)
    loaded.tracker_store.domain = loaded.domain
    return loaded
