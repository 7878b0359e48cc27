"""The website widget's routes under `/webhooks/widget/`: talk, clear, files, pages."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse, ResponseStream

from bot.channels.bodies import Body, body_limit, read_body
from bot.channels.guard import TurnGuard
from bot.channels.widget.bundle import PLAIN_NAME, Bundle, load_bundle
from bot.channels.widget.desk import NOT_ALLOWED, TOO_LONG, Desk, Reply
from bot.channels.widget.erasure import NotErasedError, erase
from bot.channels.widget.lines import CONTENT_TYPE, Stream
from bot.channels.widget.origins import Origins
from bot.channels.widget.pages import (
    DEMO,
    PAGES,
    Page,
    demo_page,
    embed_line,
    frame_page,
    page_file,
    reached_at,
    settings_of,
)
from bot.channels.widget.request import MalformedError, read_object
from bot.channels.widget.secret import signing_secret
from bot.channels.widget.stored import once
from bot.channels.widget.tickets import TicketOffice
from bot.clinic import LAST_RESORT, Clinic, Site, load_clinic
from bot.safety.quick import shared_patterns
from bot.settings import Settings, load_settings

logger = logging.getLogger(__name__)

Turn = Callable[[UserMessage], Awaitable[Any]]

_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_PRIVATE = {**_SAFE, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_PUBLIC = {**_SAFE, "Cross-Origin-Resource-Policy": "cross-origin", "Vary": "Accept-Encoding"}
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class GuideWidgetInput(InputChannel):  # type: ignore[misc]
    """The channel of the website widget."""

    @classmethod
    def name(cls) -> str:
        """Names the channel, and with it the route."""
        return "widget"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Creates the channel; it needs no credentials."""
        return cls()

    def __init__(
        self,
        settings: Settings | None = None,
        clinic: Clinic | None = None,
        *,
        guard: TurnGuard | None = None,
        bundle: Bundle | None = None,
    ) -> None:
        self._settings = settings = settings or load_settings()
        self._clinic = clinic or load_clinic(settings)
        self._guard = guard or TurnGuard(settings, self._clinic)
        self._bundle = bundle or load_bundle()
        self._origins = Origins(settings.cors)
        self._office = TicketOffice(signing_secret(settings), settings.widget_hours)
        self._desk = Desk(settings, self._guard, self._office, self._origins)
        self._stream = Stream()
        shared_patterns(settings.fever_celsius)  # Loaded now, not at the first message.

    def blueprint(self, on_new_message: Turn) -> Blueprint:
        """Groups the routes."""
        routes = Blueprint("guide_widget", "guide_widget")
        self._add_talk(routes, on_new_message)
        self._add_files(routes)
        self._add_pages(routes)
        return routes

    def _add_talk(self, routes: Blueprint, turn: Turn) -> None:
        limit = body_limit(self._settings.max_characters)

        @routes.route("/messages", methods=["POST"], stream=True)
        async def messages(request: Request) -> ResponseStream:
            body = await read_body(request, limit)
            origin, address = request.headers.get("origin"), _address(request)
            agent = getattr(request.app.ctx, "agent", None)
            reply = self._desk.take(
                body, once(turn, agent), origin=origin, host=request.host, address=address
            )
            writer = self._stream.writer(reply.speak, first=reply.first, last=reply.last)
            return response.stream(
                writer,
                status=reply.status,
                headers=_headers_of(reply, origin),
                content_type=CONTENT_TYPE,
            )

        @routes.route("/clear", methods=["POST"], stream=True)
        async def clear(request: Request) -> HTTPResponse:
            body = await read_body(request, body_limit(0))
            if not self._origins.allows(request.headers.get("origin"), request.host):
                return _error(NOT_ALLOWED, 403)
            if body.too_long:
                return _error(TOO_LONG, 400)
            return await self._clear(body, getattr(request.app.ctx, "agent", None))

    async def _clear(self, body: Body, agent: Any) -> HTTPResponse:
        try:
            ticket = self._office.read(read_object(body.raw).get("conversation"))
        except MalformedError as error:
            return _error(str(error), 400)
        if ticket is None:
            return _error("'conversation' is none that this server has issued.", 400)
        try:
            await erase(agent, ticket.sender)
        except NotErasedError as error:
            logger.error("conversation not erased: %s", error)
            return _error("The conversation could not be deleted now. Try again.", 503)
        self._guard.forget(ticket.sender)
        return response.json({"v": 1, "deleted": True}, headers=_PRIVATE)

    def _add_files(self, routes: Blueprint) -> None:
        @routes.route("/<name:[\\w.-]+\\.js>", methods=["GET"], name="script")
        async def script(request: Request, name: str) -> HTTPResponse:
            bundle = self._bundle
            # A page that names an older build gets the present one; with `integrity` its browser
            # refuses that, which is why the line to embed has it only if it is asked for.
            if not name.startswith(PLAIN_NAME.partition(".")[0] + "."):
                return _error("There is no such file.", 404)
            kept = _FOR_GOOD if name == bundle.hashed_name else _ASK_AGAIN
            headers = {**_PUBLIC, "Cache-Control": kept, "ETag": bundle.etag}
            if request.headers.get("if-none-match") == bundle.etag:
                return response.raw(b"", status=304, headers=headers)
            content = bundle.script
            if "gzip" in request.headers.get("accept-encoding", ""):
                content, headers["Content-Encoding"] = bundle.compressed, "gzip"
            return response.raw(content, headers=headers, content_type="text/javascript")

        @routes.route("/embed", methods=["GET"])
        async def embed(request: Request) -> HTTPResponse:
            base = reached_at(request.scheme, request.host) + request.path.rpartition("/")[0]
            pinned = request.args.get("integrity") == "1"
            line = embed_line(self._bundle, self._site(request), base, pinned=pinned)
            return response.text(line + "\n", headers=_PRIVATE)

        @routes.route("/settings", methods=["GET"])
        async def settings(request: Request) -> HTTPResponse:
            headers = {**_SAFE, "Cache-Control": _ASK_AGAIN}
            return response.json(settings_of(self._site(request)), headers=headers)

    def _add_pages(self, routes: Blueprint) -> None:
        @routes.route("/demo", methods=["GET"])
        async def demo(request: Request) -> HTTPResponse:
            if self._settings.production:
                return _error("The demo clinic is not shown in production.", 404)
            return _page(demo_page(self._bundle, self._site(request)))

        @routes.route("/demo/<name:[\\w.-]+>", methods=["GET"], name="demo_file")
        async def demo_part(request: Request, name: str) -> HTTPResponse:
            return _part(None if self._settings.production else page_file(DEMO, name))

        @routes.route("/frame/<name:[\\w.-]+>", methods=["GET"], name="frame_file")
        async def frame_part(request: Request, name: str) -> HTTPResponse:
            return _part(page_file(PAGES, name))

        @routes.route("/frame", methods=["GET"])
        async def frame(request: Request) -> HTTPResponse:
            asked = {name: request.args.get(name) for name in ("lang", "site")}
            options = {name: value for name, value in asked.items() if value}
            ancestors = self._origins.as_frame_ancestors()
            return _page(frame_page(self._bundle, self._site(request), ancestors, options))

    def _site(self, request: Request) -> Site:
        return self._clinic.site(request.args.get("site")) if self._clinic else LAST_RESORT


def _address(request: Request) -> str:
    """Returns whose browser asks: behind a proxy as SANIC_PROXIES_COUNT lets Sanic tell."""
    return str(request.remote_addr or request.ip)


def _headers_of(reply: Reply, origin: str | None) -> dict[str, str]:
    """Returns the headers of a streamed reply; for pages that are listed Rasa adds its CORS."""
    headers = dict(_PRIVATE)
    if reply.wait:
        headers["Retry-After"] = str(reply.last["custom"]["retry_after"])
    if reply.status == 403 and origin:
        # The refusal may hold an escalation: the person is to see it, and nothing else is in it.
        headers |= {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    return headers


def _error(what: str, status: int) -> HTTPResponse:
    return response.json({"v": 1, "error": what}, status=status, headers=_PRIVATE)


def _page(page: Page) -> HTTPResponse:
    headers = {**_SAFE, "Cache-Control": _ASK_AGAIN, "Content-Security-Policy": page.policy}
    return response.html(page.body, headers=headers)


def _part(found: tuple[bytes, str] | None) -> HTTPResponse:
    if found is None:
        return _error("There is no such file.", 404)
    headers = {**_SAFE, "Cache-Control": _ASK_AGAIN}
    return response.raw(found[0], headers=headers, content_type=found[1])
