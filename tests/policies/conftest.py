"""The small bot, trained once for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from rasa.core.agent import Agent

from tests.policies import tiny


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Agent:
    return tiny.load(tiny.train(tmp_path_factory.getbasetemp() / "tiny"))


@pytest.fixture
def talk(agent: Agent) -> Callable[[], tiny.Conversation]:
    """Begins a conversation."""
    return lambda: tiny.Conversation(agent, uuid4().hex)
