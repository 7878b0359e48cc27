"""A Bot API server for tests: the documented protocol over HTTP, with faults on demand.

Written from the Bot API's documentation (getting updates, available methods, limits) and with the
words of Telegram's own errors. It takes what python-telegram-bot sends and keeps what was sent.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

TOKEN = "123456789:AAE-a-token-for-tests-only_0123456789"
USERNAME = "guide_test_bot"
ME = {"id": 123456789, "is_bot": True, "first_name": "Guide", "username": USERNAME}

CONFLICT = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is "
    "running"
)
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first"
)

Params = dict[str, Any]


class ApiError(Exception):
    """An answer other than ok, in Telegram's words."""

    def __init__(self, code: int, words: str, **parameters: Any) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.parameters = parameters


@dataclass
class Fault:
    """What goes wrong with the next requests that it fits."""

    method: str
    times: int
    error: ApiError | None = None
    raw: bytes | None = None
    status: int = 200
    """With `raw`: what does not come from Telegram has a status too."""
    chat: int | None = None
    after: bool = False
    """The request takes effect all the same: its answer is what is lost."""
    seconds: float = 0.0


@dataclass
class Sent:
    """A message that the bot has sent."""

    method: str
    chat_id: int
    text: str
    params: Params
    message_id: int
    at: float

    @property
    def titles(self) -> list[str]:
        rows = self.params.get("reply_markup", {}).get("inline_keyboard", [])
        return [button["text"] for row in rows for button in row]


@dataclass
class Webhook:
    url: str = ""
    secret: str = ""
    allowed: list[str] = field(default_factory=list)
    connections: int = 40
    last_error: str = ""
    last_error_at: int = 0

    def fail(self, words: str) -> None:
        self.last_error, self.last_error_at = words, int(time.time())


class BotApi:
    """One bot's Telegram.

    Attributes:
        sent: what has arrived at people, in order.
        pressed: ids of callbacks that were answered.
        calls: every request's method, also of those that failed.
    """

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.pressed: list[str] = []
        self.typing: list[int] = []
        self.calls: list[str] = []
        self.under_way = 0
        """Requests that have come and are not answered; one whose sender is gone ends soon."""
        self.queries: list[Params] = []
        self.profile: dict[tuple[str, str], Any] = {}
        self.webhook = Webhook()
        self.deliver_to: str | None = None
        """Where a webhook is really posted to: there is no https here."""
        self.blocked: set[int] = set()
        self.known_chats: set[int] = set()
        self.closed_topics: set[int] = set()
        self.faults: list[Fault] = []
        self._pending: list[dict[str, Any]] = []
        self._allowed: list[str] = []
        self._next_update, self._next_message = 500, 1
        self._news = asyncio.Event()
        self._poll: asyncio.Event | None = None
        self._runner: web.AppRunner | None = None
        self._poster: asyncio.Task[None] | None = None
        self._port = 0

    # --- Up and down ---------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._count)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._poster is not None:
            self._poster.cancel()
            await asyncio.gather(self._poster, return_exceptions=True)
            self._poster = None
        if self._poll is not None:
            self._poll.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def reserve(self, port: int) -> None:
        """Names the port before the server is up: Telegram out of reach."""
        self._port = port

    # --- What people do ------------------------------------------------------------------------

    def say(self, text: str, chat: int = 1001, **fields: Any) -> int:
        """A person writes in a private chat; returns the update's id."""
        return self.push("message", self.message(chat, text=text, **fields))

    def edit(self, message_id: int, text: str, chat: int = 1001, **fields: Any) -> int:
        edited = self.message(chat, text=text, edit_date=1_764_000_100, **fields)
        return self.push("edited_message", {**edited, "message_id": message_id})

    def tap(self, title: str, chat: int = 1001) -> int:
        """A person taps a button of the last message that has it; Telegram sends its data."""
        for sent in reversed(self.sent):
            rows = sent.params.get("reply_markup", {}).get("inline_keyboard", [])
            for button in (b for row in rows for b in row):
                if sent.chat_id == chat and button["text"] == title:
                    return self.press(button["callback_data"], chat, sent.message_id)
        raise AssertionError(f"no button {title!r}")

    def press(self, data: str, chat: int = 1001, message_id: int = 1) -> int:
        message = {**self.message(chat, text="…"), "message_id": message_id, "from": ME}
        callback = {
            "id": f"callback-{self._next_update}",
            "from": self.person(chat),
            "chat_instance": "1",
            "data": data,
            "message": message,
        }
        return self.push("callback_query", callback)

    def message(self, where: int, **fields: Any) -> dict[str, Any]:
        """Makes a message as Telegram would send it, commands and mentions marked."""
        self.known_chats.add(where)
        self._next_message += 1
        made = {
            "message_id": self._next_message,
            "date": int(time.time()),
            "chat": {"id": where, "type": "private", "first_name": "Ann"},
            "from": self.person(where),
            **fields,
        }
        for text, entities in (("text", "entities"), ("caption", "caption_entities")):
            if text in made and entities not in made and (found := marks(made[text])):
                made[entities] = found
        return made

    @staticmethod
    def person(number: int, language: str = "en") -> dict[str, Any]:
        name = {"first_name": "Ann", "last_name": "Giraffe", "username": "anngiraffe"}
        return {"id": number, "is_bot": False, **name, "language_code": language}

    def push(self, kind: str, content: Any, update_id: int | None = None) -> int:
        number = self._next_update if update_id is None else update_id
        self._next_update = max(self._next_update, number + 1)
        return self.push_raw({"update_id": number, kind: content})

    def push_raw(self, update: dict[str, Any]) -> int:
        kinds = set(update) - {"update_id"}
        if not self._allowed or kinds & set(self._allowed) or kinds - KINDS:
            self._pending.append(update)
            self._news.set()
        return int(update["update_id"])

    # --- What is seen of the bot ---------------------------------------------------------------

    def texts(self, chat: int = 1001) -> list[str]:
        return [s.text for s in self.sent if s.chat_id == chat and s.method == "sendMessage"]

    @property
    def pending(self) -> list[int]:
        """Ids of updates that the bot has not confirmed."""
        return [u["update_id"] for u in self._pending]

    async def until(self, happened: Callable[[], Any], patience: float = 180.0) -> None:
        """Waits for something to be seen; the patience is no measurement, only an end."""
        end = asyncio.get_running_loop().time() + patience
        while not happened():
            late = asyncio.get_running_loop().time() >= end
            assert not late, f"not within {patience} s; last of {len(self.sent)}: {self.sent[-3:]}"
            await asyncio.sleep(0.02)

    # --- Faults --------------------------------------------------------------------------------

    def fail(self, method: str, error: ApiError, times: int = 1, **fields: Any) -> None:
        self.faults.append(Fault(method, times, error, **fields))

    def garble(self, method: str, raw: bytes, times: int = 1, status: int = 200) -> None:
        self.faults.append(Fault(method, times, raw=raw, status=status))

    def slow(self, method: str, seconds: float, times: int = 1, **fields: Any) -> None:
        self.faults.append(Fault(method, times, seconds=seconds, **fields))

    def _fault(self, method: str, params: Params) -> Fault | None:
        for fault in self.faults:
            chat = fault.chat is None or str(fault.chat) == str(params.get("chat_id"))
            if fault.method in {method, "*"} and chat and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    # --- The protocol --------------------------------------------------------------------------

    async def _count(self, request: web.Request) -> web.Response:
        self.under_way += 1
        try:
            return await self._serve(request)
        finally:
            self.under_way -= 1

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls.append(method)
        params = await read_params(request)
        if request.match_info["token"] != TOKEN:
            return answer(ApiError(401, "Unauthorized"))
        fault = self._fault(method, params)
        if fault is not None:
            await asyncio.sleep(fault.seconds)
            if fault.after:
                await self._call(method, params)
            if fault.error is not None:
                return answer(fault.error)
            if fault.raw is not None:
                return web.Response(
                    body=fault.raw, status=fault.status, content_type="application/json"
                )
        try:
            result = await self._call(method, params)
        except ApiError as error:
            return answer(error)
        return web.json_response({"ok": True, "result": result})

    async def _call(self, method: str, params: Params) -> Any:
        handler = getattr(self, f"do_{method.lower()}", None)
        if handler is None:
            raise ApiError(404, "Not Found")
        result = handler(params)
        return await result if asyncio.iscoroutine(result) else result

    def do_getme(self, params: Params) -> Any:
        return {**ME, "can_join_groups": True, "can_read_all_group_messages": False}

    async def do_getupdates(self, params: Params) -> Any:
        if self.webhook.url:
            raise ApiError(409, WEBHOOK_ACTIVE)
        self.queries.append(params)
        if self._poll is not None:
            self._poll.set()  # The older of two polls is the one that ends.
        mine = self._poll = asyncio.Event()
        if params.get("allowed_updates"):
            self._allowed = params["allowed_updates"]
        offset = int(params.get("offset") or 0)
        if offset < 0:
            self._pending = self._pending[offset:]
        elif offset:
            self._pending = [u for u in self._pending if u["update_id"] >= offset]
        end = asyncio.get_running_loop().time() + float(params.get("timeout") or 0)
        try:
            while not self._pending:
                left = end - asyncio.get_running_loop().time()
                if left <= 0:
                    break
                self._news.clear()
                waits = [asyncio.ensure_future(e.wait()) for e in (self._news, mine)]
                try:
                    await asyncio.wait(
                        waits, timeout=min(left, 0.5), return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    for wait in waits:
                        wait.cancel()
                    await asyncio.gather(*waits, return_exceptions=True)
                if mine.is_set():
                    raise ApiError(409, CONFLICT)
            return self._pending[: int(params.get("limit") or 100)]
        finally:
            if self._poll is mine:
                self._poll = None

    def do_setwebhook(self, params: Params) -> Any:
        url = str(params.get("url") or "")
        if url and not url.startswith("https://"):
            words = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
            raise ApiError(400, words)
        self.webhook = Webhook(
            url,
            str(params.get("secret_token") or ""),
            params.get("allowed_updates") or [],
            int(params.get("max_connections") or 40),
        )
        if url and self.deliver_to and self._poster is None:
            self._poster = asyncio.ensure_future(self._post_updates())
        return True

    def do_deletewebhook(self, params: Params) -> Any:
        self.webhook = Webhook()
        return True

    def do_getwebhookinfo(self, params: Params) -> Any:
        info = {
            "url": self.webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._pending),
            "max_connections": self.webhook.connections,
            "allowed_updates": self.webhook.allowed,
        }
        if self.webhook.last_error:
            info |= {
                "last_error_date": self.webhook.last_error_at,
                "last_error_message": self.webhook.last_error,
            }
        return info

    def do_sendmessage(self, params: Params) -> Any:
        text = str(params.get("text") or "").strip()
        if not text:
            raise ApiError(400, "Bad Request: message text is empty")
        if utf16(text) > 4096:
            raise ApiError(400, "Bad Request: message is too long")
        for entity in params.get("entities") or []:
            if entity["offset"] + entity["length"] > utf16(text):
                raise ApiError(400, "Bad Request: can't parse entities: entity beyond the text")
        return self._arrive("sendMessage", params, text)

    def do_sendcontact(self, params: Params) -> Any:
        if not params.get("phone_number"):
            raise ApiError(400, "Bad Request: parameter phone_number is required")
        return self._arrive("sendContact", params, str(params["phone_number"]))

    def do_sendphoto(self, params: Params) -> Any:
        if not str(params.get("photo") or "").startswith("http"):
            words = "Bad Request: wrong file identifier/HTTP URL specified"
            raise ApiError(400, words)
        return self._arrive("sendPhoto", params, str(params["photo"]))

    def _arrive(self, method: str, params: Params, text: str) -> Any:
        chat = self._chat(params)
        for button in (
            b for row in params.get("reply_markup", {}).get("inline_keyboard", []) for b in row
        ):
            if not 1 <= len(str(button.get("callback_data", "x")).encode()) <= 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
        self._next_message += 1
        at = asyncio.get_running_loop().time()
        self.sent.append(Sent(method, chat, text, params, self._next_message, at))
        return {
            "message_id": self._next_message,
            "date": 1_764_000_000,
            "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup"},
            "from": ME,
            "text": text,
        }

    def do_editmessagetext(self, params: Params) -> Any:
        chat, number = self._chat(params), int(params.get("message_id") or 0)
        for sent in self.sent:
            if (sent.chat_id, sent.message_id) == (chat, number):
                sent.text = str(params.get("text"))
                return True
        raise ApiError(400, "Bad Request: message to edit not found")

    def do_editmessagereplymarkup(self, params: Params) -> Any:
        chat, number = self._chat(params), int(params.get("message_id") or 0)
        for sent in self.sent:
            if (sent.chat_id, sent.message_id) == (chat, number):
                sent.params["reply_markup"] = params.get("reply_markup") or {}
                return True
        raise ApiError(400, "Bad Request: message to edit not found")

    def do_sendchataction(self, params: Params) -> Any:
        self.typing.append(self._chat(params))
        return True

    def do_answercallbackquery(self, params: Params) -> Any:
        number = str(params.get("callback_query_id"))
        if not number.startswith("callback-"):
            words = "query is too old and response timeout expired or query ID is invalid"
            raise ApiError(400, f"Bad Request: {words}")
        self.pressed.append(number)
        return True

    def do_setmycommands(self, params: Params) -> Any:
        for command in params["commands"]:
            if not 1 <= len(command["description"]) <= 256:
                raise ApiError(400, "Bad Request: command description must be 1-256 characters")
        self.profile["commands", params.get("language_code", "")] = params["commands"]
        return True

    def do_setmydescription(self, params: Params) -> Any:
        return self._describe("description", params, 512)

    def do_setmyshortdescription(self, params: Params) -> Any:
        return self._describe("short_description", params, 120)

    def _describe(self, name: str, params: Params, limit: int) -> Any:
        text = str(params.get(name) or "")
        if len(text) > limit:
            raise ApiError(400, f"Bad Request: bot {name.replace('_', ' ')} is too long")
        self.profile[name, params.get("language_code", "")] = text
        return True

    def _chat(self, params: Params) -> int:
        chat = int(params.get("chat_id") or 0)
        if chat in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat not in self.known_chats:
            raise ApiError(400, "Bad Request: chat not found")
        if int(params.get("message_thread_id") or 0) in self.closed_topics:
            raise ApiError(400, "Bad Request: message thread not found")
        return chat

    # --- Webhook -------------------------------------------------------------------------------

    async def _post_updates(self) -> None:
        """Posts each update until it is answered with 2xx: as many at a time as were allowed."""
        begun: dict[int, dict[str, Any]] = {}  # Held, or the next one might have the same id.
        async with aiohttp.ClientSession() as client:
            running: set[asyncio.Task[None]] = set()
            try:
                while True:
                    for update in list(self._pending) if self.webhook.url else []:
                        if len(running) >= self.webhook.connections:
                            break
                        if id(update) not in begun:
                            begun[id(update)] = update
                            task = asyncio.ensure_future(self._post_update(client, update))
                            running.add(task)
                            task.add_done_callback(running.discard)
                    await asyncio.sleep(0.02)
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    async def _post_update(self, client: aiohttp.ClientSession, update: dict[str, Any]) -> None:
        path = self.webhook.url.split("/", 3)[3]
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.secret}
        while update in self._pending:
            try:
                url = f"{self.deliver_to}/{path}"
                async with client.post(url, json=update, headers=headers) as response:
                    if response.status < 300:
                        self._pending.remove(update)
                        return
                    self.webhook.fail(f"Wrong response from the webhook: {response.status}")
            except aiohttp.ClientError:
                self.webhook.fail("Connection refused")
            await asyncio.sleep(0.2)


KINDS = {
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "inline_query",
    "poll",
    "my_chat_member",
    "chat_member",
    "message_reaction",
}


def too_many(seconds: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


async def read_params(request: web.Request) -> Params:
    """Reads parameters from the address and the form; values of fields that are JSON are read."""
    raw = {**request.query, **(await request.post() if request.can_read_body else {})}
    params: Params = {}
    for key, value in raw.items():
        try:
            read = json.loads(str(value)) if str(value)[:1] in "[{" else value
        except ValueError:
            read = value
        params[key] = value if key == "text" else read
    return params


def answer(error: ApiError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.words}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.code)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def marks(text: str) -> list[dict[str, Any]]:
    """Marks commands and mentions as Telegram does."""
    import re

    found = []
    for kind, pattern in (
        ("bot_command", r"(?<![\w/@])/[A-Za-z0-9_]{1,32}(@\w+)?"),
        ("mention", r"(?<![\w/])@\w{4,}"),
    ):
        for match in re.finditer(pattern, text):
            offset, length = utf16(text[: match.start()]), utf16(match.group())
            found.append({"type": kind, "offset": offset, "length": length})
    return found
