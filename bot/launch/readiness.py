"""Asks a server on this machine whether it is ready."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPConnection, HTTPException


class State(Enum):
    """What a server answered."""

    STARTING = "starting"
    NOT_READY = "not ready"
    READY = "ready"


@dataclass(frozen=True)
class Answer:
    """A server's state; `why` is what it says of itself when it is not ready."""

    state: State
    why: str = ""


def ask(host: str, port: int, path: str, timeout: float = 3.0) -> Answer:
    """Asks once. No proxy is used, whatever the environment says."""
    connection = HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
    except (OSError, HTTPException):
        return Answer(State.STARTING)
    finally:
        connection.close()
    if response.status == 200:
        return Answer(State.READY)
    return Answer(State.NOT_READY, _why(body) or f"it answers {response.status}")


def reachable_host(interface: str) -> str:
    """Returns the address by which this machine reaches a server that listens there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(interface, interface)


def _why(body: bytes) -> str:
    try:
        data = json.loads(body)
    except ValueError:
        return ""
    return str(data.get("why", "")) if isinstance(data, dict) else ""
