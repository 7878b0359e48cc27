"""`/health/live`, `/health/ready` and `/health/escalations`.

Rasa's own routes answer although no model is loaded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import condition
from bot.channels.tally import TALLY, EscalationTally

NOT_READY = (
    "No model is loaded: escalations and phone numbers are given, questions are not answered. "
    "Run `make train`, then start again; the log says what was wrong with the model."
)

DAMAGED = "Run `make train FORCE=1`, then start again; the log says what was wrong."

FROM_HERE_ONLY = (
    "Counts are given to this machine only: a single crisis in a small clinic is nobody else's "
    "business. Ask from the machine itself, without a proxy."
)


class HealthInput(InputChannel):  # type: ignore[misc]
    """Not a channel for people: Rasa mounts routes for channels only."""

    def __init__(self, tally: EscalationTally | None = None) -> None:
        self._tally = tally or TALLY

    @classmethod
    def name(cls) -> str:
        """Names the channel."""
        return "health"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Creates the channel; it needs no credentials."""
        return cls()

    def url_prefix(self) -> str:
        """Mounts at the root, outside /webhooks/."""
        return "/health"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Groups the routes."""
        routes = Blueprint("guide_health", "guide_health")

        @routes.route("/live", methods=["GET"])
        async def live(request: Request) -> HTTPResponse:
            return response.json({"status": "alive"})

        @routes.route("/ready", methods=["GET"])
        async def ready(request: Request) -> HTTPResponse:
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                why = getattr(request.app.ctx, "not_ready_why", NOT_READY)
                return response.json({"status": "not ready", "why": why}, status=503)
            if lacking := condition.faults():
                why = " ".join([*lacking, DAMAGED])
                return response.json({"status": "not ready", "why": why}, status=503)
            return response.json({"status": "ready", "model": agent.model_id})

        @routes.route("/escalations", methods=["GET"])
        async def escalations(request: Request) -> HTTPResponse:
            if not _is_local(request):
                return response.json({"error": FROM_HERE_ONLY}, status=403)
            return response.json(self._tally.as_dict())

        return routes


def _is_local(request: Request) -> bool:
    """Tells whether a program on this machine asks, and not somebody by way of a proxy on it."""
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"} & set(request.headers.keys())
    return request.ip in {"127.0.0.1", "::1", "::ffff:127.0.0.1"} and not forwarded
