"""Speaks to a bot over REST, one message after the other, on one open connection."""

from __future__ import annotations

import time
from typing import Any

import requests

from bot.bench.errors import BenchError
from bot.bench.figures import Turn
from bot.bench.process import Program
from bot.bench.schedule import Planned

START_SECONDS = 300.0
"""How long a server may take to load its model on a busy machine."""

TURN_SECONDS = 60.0
"""No turn may take longer: Rasa's own lock on a conversation ends then."""


class Client:
    """Posts messages to one server."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False  # No proxy stands between us and 127.0.0.1.

    def wait_for_first_reply(self, server: Program, message: str) -> float:
        """Asks until the bot answers; returns the seconds since the server was started.

        Raises:
            BenchError: if the server ends, or never answers.
        """
        while time.perf_counter() - server.started < START_SECONDS:
            if not server.running:
                raise BenchError(f"{server.name} ended at start:\n{server.tail()}")
            try:
                if self._post("first", message):
                    return time.perf_counter() - server.started
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        raise BenchError(f"{server.name} did not answer in {START_SECONDS:.0f} s:\n{server.tail()}")

    def is_ready(self) -> bool:
        """Asks our bot's health route whether a model is loaded."""
        return self._session.get(f"{self._url}/health/ready", timeout=TURN_SECONDS).ok

    def time_turn(self, server: Program, planned: Planned, message: str) -> Turn:
        """Sends one message and waits for the whole reply."""
        cpu = server.cpu()
        start = time.perf_counter()
        replies = self._post(planned.sender, message)
        seconds = time.perf_counter() - start
        cpu = server.cpu() - cpu
        return Turn(planned.sender, planned.turn, planned.fresh, seconds, cpu, len(replies))

    def _post(self, sender: str, message: str) -> list[dict[str, Any]]:
        response = self._session.post(
            f"{self._url}/webhooks/rest/webhook",
            json={"sender": sender, "message": message},
            timeout=TURN_SECONDS,
        )
        if not response.ok:
            raise BenchError(f"{self._url} answered {response.status_code} to {message!r}.")
        replies: list[dict[str, Any]] = response.json()
        return replies
