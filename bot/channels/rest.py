"""REST under Rasa's own route, behind the guard: `POST /webhooks/rest/webhook`."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse, ResponseStream

from bot import contract
from bot.channels.bodies import body_limit, read_body
from bot.channels.guard import Incoming, TurnGuard
from bot.clinic import load_clinic
from bot.safety.quick import shared_patterns
from bot.settings import load_settings

logger = logging.getLogger(__name__)

BODY_HELP = 'Send JSON such as {"sender": "an-id-you-keep", "message": "What is CRS?"}.'


class GuideRestInput(RestInput):  # type: ignore[misc]
    """Rasa's REST channel without its silences and without the `/intent` door."""

    @classmethod
    def name(cls) -> str:
        """Names the channel, and with it the route: that of Rasa's own."""
        return "rest"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Creates the channel; it needs no credentials."""
        return cls()

    def __init__(self, guard: TurnGuard | None = None) -> None:
        settings = load_settings()
        self._limit = body_limit(settings.max_characters)
        self._guard = guard or TurnGuard(settings, load_clinic(settings))
        shared_patterns(settings.fever_celsius)  # Loaded now, not at the first message.

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Groups the routes: GET / tells that the channel is there, POST /webhook talks."""
        routes = Blueprint("guide_rest", "guide_rest")

        @routes.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.route("/webhook", methods=["POST"], stream=True)
        async def receive(request: Request) -> HTTPResponse | ResponseStream:
            body = await read_body(request, self._limit)
            if body.too_long:
                return response.json(await self._too_long(body.words), status=413)
            try:
                incoming = read_message(read_json(body.raw))
            except ValueError as error:
                return response.json({"error": f"{error} {BODY_HELP}"}, status=400)
            if request.args.get("stream") in {"true", "1"}:
                return response.stream(
                    self._streamer(incoming, on_new_message), content_type="text/event-stream"
                )
            return response.json(await self._guard.reply(incoming, on_new_message))

        return routes

    async def _too_long(self, words: str) -> list[dict[str, Any]]:
        """Declines a body that was cut off; what is urgent in the words before is said first."""
        said: list[dict[str, Any]] = []

        async def collect(message: dict[str, Any]) -> None:
            said.append(message)

        incoming = Incoming(text=words, sender="rest:", recipient="", channel="rest")
        await self._guard.refuse(incoming, contract.UTTER_TOO_LONG, collect)
        return said

    def _streamer(
        self, incoming: Incoming, turn: Callable[[UserMessage], Awaitable[Any]]
    ) -> Callable[[Any], Awaitable[None]]:
        """Streams one JSON object a line, each as soon as it is said."""

        async def stream(out: Any) -> None:
            queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

            async def run() -> None:
                try:
                    await self._guard.handle(incoming, turn, queue.put)
                finally:
                    await queue.put(None)

            task = asyncio.ensure_future(run())
            while (message := await queue.get()) is not None:
                await out.write(json.dumps(message) + "\n")
            await task

        return stream


def read_json(raw: bytes) -> Any:
    """Reads the body.

    Raises:
        ValueError: if it is not JSON.
    """
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:  # [[[[... is nested deeper than Python goes.
        raise ValueError("The body is not JSON.") from error


def read_message(body: Any) -> Incoming:
    """Reads the request body.

    Raises:
        ValueError: if it is not an object, or its fields are of the wrong kind.
    """
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object.")
    text, sender = body.get("message"), body.get("sender")
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        text = str(text)
    if text is not None and not isinstance(text, str):
        raise ValueError("'message' must be a text.")
    if sender is not None and not isinstance(sender, (str, int)):
        raise ValueError("'sender' must be a text.")
    metadata = body.get("metadata")
    site = metadata.get("site") if isinstance(metadata, dict) else None
    message_id = body.get("message_id")
    recipient = str(sender) if sender not in (None, "") else uuid.uuid4().hex
    return Incoming(
        text=text or "",
        # A prefix a channel: a Telegram chat id posted here continues nobody's conversation.
        sender=f"rest:{recipient}",
        recipient=recipient,
        channel="rest",
        site=site if isinstance(site, str) else None,
        message_id=str(message_id) if isinstance(message_id, (str, int)) else None,
    )
