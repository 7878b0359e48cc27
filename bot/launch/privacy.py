"""Keeps people's words out of the logs.

Rasa and the libraries below it put them into errors: the SQL parameters of a failed save, the
body of a failed action call, the text that could not be parsed. Every record at INFO and above
is rewritten when it is made, so that no handler, whoever adds it, sees the words. DEBUG records
stay as they are: settings refuse that level in production.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

from bot.errors import GuideError

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
"""Date, time, level: bot.launch.logs reads the level here."""

REMOVED = "[removed]"

# Fields that hold what was said, in `key=value`, in a dict or in JSON.
_FIELDS = (
    "text|user_text|response_text|parse_data_text|parse_data_entities|token_text|message|"
    "user_message|json_message|latest_message|tracker_latest_message|slot_values|slots|entities|"
    "entity|value|events|rasa_event|rasa_events|body|data|response|question"
)
_FIELD = re.compile(rf"""(\b(?:{_FIELDS})=|["'](?:{_FIELDS})["']\s*:\s*).*""", re.DOTALL)
# From here on an error of SQLAlchemy or PostgreSQL quotes the statement, its values or the row;
# asyncio quotes the exception of a task that failed, the SDK the body of a call.
_CUTS = re.compile(
    r"\[SQL:|\[parameters:|\bDETAIL:|\bCONTEXT:|\bLINE \d+:|\bexception=|\bbody=|request_body"
)
_BRACES = re.compile(r"[\[{]\s*[\[{'\"].*", re.DOTALL)
_QUOTED = re.compile(r"""(?<![\w])(?P<mark>["'`])(?P<inside>.*?)(?P=mark)(?!\w)""")
_NAME_LIKE = re.compile(r"^[\w./:@%+~-]{1,120}$")
# Errors whose message names a file, an address or our own remedy, never what somebody said.
_SPEAKING = (GuideError, OSError, ImportError)

_STRUCTURED_FIELDS = frozenset({"event", "level", "action_name", "policy_name", "host", "port"})


def redact(text: str, *, ours: bool = False) -> str:
    """Removes what may be a person's words from one log message.

    `ours` keeps quoted phrases: modules of this project quote names and settings only.
    """
    cut = _CUTS.search(text)
    if cut:
        text = text[: cut.start()] + REMOVED
    text = _FIELD.sub(lambda match: match.group(1) + REMOVED, text)
    if ours:
        return text
    text = _BRACES.sub(REMOVED, text)
    return "\n".join(_unquote(line) for line in text.split("\n"))


def describe(error: BaseException) -> str:
    """Describes an error and its causes by type and place; only some types by their words."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = f"{type(current).__module__}.{type(current).__qualname__}"
        words = f": {redact(str(current))}" if isinstance(current, _SPEAKING) else ""
        lines.append(f"{kind}{words}")
        lines += [f"  at {place}" for place in _places(current.__traceback__)]
        current = current.__cause__ or current.__context__
    return "\n".join(lines)


class PrivateRecord(logging.LogRecord):
    """A log record that says, at INFO and above, nothing a person said."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.name == "py.warnings":
            # Advice of libraries to their developers: for the file, not for the terminal.
            self.levelno, self.levelname = logging.INFO, "INFO"
        if self.levelno < logging.INFO:
            return
        self.msg, self.args = self._redacted(), ()
        if self.exc_info and self.exc_info[1] is not None:
            self.exc_text = describe(self.exc_info[1])
        self.exc_info = None

    def _redacted(self) -> str:
        try:
            text = super().getMessage()
        except (TypeError, ValueError, KeyError):
            return f"{REMOVED} (a log message that could not be formatted)"
        return redact(text, ours=self.name.partition(".")[0] in {"bot", "actions"})


def keep_plain_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """Renders an event of structlog: its name, numbers, and fields known to hold only names."""
    name = redact(str(event.get("event_info") or event.pop("event", "")))
    fields = [
        f"{key}={value}"
        for key, value in event.items()
        if key not in {"event", "event_info", "level"}
        and (
            isinstance(value, (bool, int, float))
            or (key in _STRUCTURED_FIELDS and _NAME_LIKE.match(str(value)))
        )
    ]
    error = event.get("exc_info")
    error = sys.exc_info()[1] if error is True else error
    told = [describe(error)] if isinstance(error, BaseException) else []
    return "\n".join([" ".join([name, *fields]), *told])


def keep_logs_private(level: str) -> None:
    """Sets up the logging of this process: one handler, no person's words at INFO and above."""
    number = logging.getLevelName(level.upper())
    logging.setLogRecordFactory(PrivateRecord)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logging.basicConfig(level=number, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addFilter(_is_no_deprecation)
    sys.excepthook = _log_uncaught
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, keep_plain_fields],
        context_class=dict,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
    for noisy in ("matplotlib", "apscheduler", "tensorflow", "urllib3", "sanic.access"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    logging.getLogger("rasa").setLevel(number)


def _is_no_deprecation(record: logging.LogRecord) -> bool:
    """Drops what libraries of 2022 say about each other: fifty lines a start."""
    return not re.search(r": \w*(Deprecation|20)Warning: ", record.getMessage())


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logging.getLogger("bot.launch").critical("stopped by an error", exc_info=(kind, error, trace))


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-4:]
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]


def _unquote(line: str) -> str:
    """Removes from the first quoted phrase to the last quotation mark of a line."""
    for match in _QUOTED.finditer(line):
        if not _NAME_LIKE.match(match.group("inside")):
            end = max(line.rfind(mark) for mark in "\"'`") + 1
            return line[: match.start()] + REMOVED + line[end:]
    return line
