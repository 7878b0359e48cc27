"""The channel as Rasa knows it: named in credentials.yml, started and stopped with the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.guard import TurnGuard
from bot.channels.telegram.session import Session
from bot.channels.telegram.webhook import Webhook, path_of
from bot.clinic import load_clinic
from bot.safety.quick import shared_patterns
from bot.settings import Settings, TelegramSettings, load_settings, load_telegram_settings


class TelegramInput(InputChannel):  # type: ignore[misc]
    """Is off without TELEGRAM_TOKEN: it may stay in credentials.yml."""

    def __init__(
        self,
        settings: Settings | None = None,
        telegram: TelegramSettings | None = None,
        guard: TurnGuard | None = None,
    ) -> None:
        self._settings = settings or load_settings()
        self._telegram = telegram or load_telegram_settings()
        self._guard = guard
        self.session: Session | None = None

    @classmethod
    def name(cls) -> str:
        """Names the channel, and with it the route of the webhook."""
        return "telegram"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Creates the channel; what it needs comes from the environment."""
        return cls()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Groups the routes: GET / tells how the channel is, the webhook takes updates."""
        routes = Blueprint("guide_telegram", "guide_telegram")

        @routes.route("/", methods=["GET"])
        async def status(request: Request) -> HTTPResponse:
            word = self.session.status.word if self.session else "off"
            return response.json({"status": word})

        if not self._telegram.token:
            return routes
        if self._telegram.webhook:
            webhook = Webhook(self._telegram.token, self._intake)
            path = f"/{path_of(self._telegram.token)}"

            @routes.route(path, methods=["POST"])
            async def receive(request: Request) -> HTTPResponse:
                return await webhook.receive(request)

        @routes.listener("after_server_start")
        async def start(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
            self._start(on_new_message)

        @routes.listener("before_server_stop")
        async def stop(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
            if self.session is not None:
                await self.session.close()

        return routes

    def _start(self, turn: Callable[[UserMessage], Awaitable[Any]]) -> None:
        clinic = load_clinic(self._settings)
        shared_patterns(self._settings.fever_celsius)  # Loaded now, not at the first message.
        guard = self._guard or TurnGuard(self._settings, clinic)
        self.session = Session(self._settings, self._telegram, clinic, guard, turn)
        self.session.start()

    def _intake(self) -> Any:
        return self.session.intake if self.session else None
