"""Settings from the environment: the only module that reads it. Standard library only."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent

_TELEGRAM_TOKEN = re.compile(r"\d+:[\w-]{20,}")
_HOST = re.compile(
    r"[a-z0-9-]+(\.[a-z0-9-]+)*"
)  # No IPv6: Rasa's CORS takes brackets for a pattern.
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Settings:
    """What an operator can set without touching a file. Each field names its variable."""

    production: bool
    """GUIDE_PRODUCTION: refuse placeholders and unreviewed texts. Off, so that it runs at once."""

    allow_unreviewed: bool
    """GUIDE_ALLOW_UNREVIEWED: let production quote texts that no clinician has reviewed."""

    clinic_file: Path
    """GUIDE_CLINIC_FILE: where the clinic's own words are."""

    data_dir: Path
    """GUIDE_DATA_DIR: where SQLite files live."""

    feedback_url: str
    """GUIDE_FEEDBACK_URL: SQLAlchemy address of the action server's store."""

    action_timeout: float
    """GUIDE_ACTION_TIMEOUT, seconds: how long a turn waits for the action server. A person has
    their answer by then; Rasa's own 300 s would outlive the conversation's lock (60 s)."""

    escalation_deadline: float
    """GUIDE_ESCALATION_DEADLINE, seconds: the channel speaks itself after this (DESIGN.md: 2)."""

    turn_timeout: float
    """GUIDE_TURN_TIMEOUT, seconds: after this the person hears an apology with the numbers."""

    max_characters: int
    """GUIDE_MAX_CHARACTERS: longer messages are checked for symptoms, then declined."""

    rate_per_minute: int
    """GUIDE_RATE_PER_MINUTE: messages a conversation may send before it is asked to wait."""

    retention_days: int
    """GUIDE_RETENTION_DAYS: stored conversations are deleted after this many days."""

    fever_celsius: float
    """GUIDE_FEVER_CELSIUS: the clinic's fever threshold, 37.5 to 38.0 °C (100.4 °F)."""

    port: int
    """GUIDE_PORT: where `make run` serves the bot; 5080, since `rasa shell` takes 5005."""

    action_port: int
    """GUIDE_ACTION_PORT: where `make run` serves the actions, on this machine only."""

    interface: str
    """GUIDE_INTERFACE: the address the bot listens on; this machine only, unless it is set."""

    cors: tuple[str, ...]
    """GUIDE_CORS: origins of the web pages that may talk to the bot, comma-separated, or *; kept
    as browsers write them, since Rasa compares letter by letter."""

    widget_secret: str = field(repr=False)
    """GUIDE_WIDGET_SECRET: signs the widget's conversation ids; made once and kept in the data
    folder, unless it is set."""

    widget_hours: float
    """GUIDE_WIDGET_HOURS: how long one of them holds. A day: longer than an infusion visit, and
    nobody finds last week's conversation on a shared computer."""

    widget_starts_per_minute: int
    """GUIDE_WIDGET_STARTS_PER_MINUTE: conversations that one network address may begin; a hospital
    has one address for all."""

    log_level: str
    """GUIDE_LOG_LEVEL: info; `debug` writes people's words and is refused in production."""


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings.

    Raises:
        SettingsError: naming the variable and what it may be.
    """
    env = os.environ if environ is None else environ
    data_dir = Path(env.get("GUIDE_DATA_DIR") or ROOT / "var")
    production = _flag(env, "GUIDE_PRODUCTION")
    return Settings(
        production=production,
        allow_unreviewed=_flag(env, "GUIDE_ALLOW_UNREVIEWED"),
        clinic_file=Path(env.get("GUIDE_CLINIC_FILE") or ROOT / "clinic.yml"),
        data_dir=data_dir,
        feedback_url=env.get("GUIDE_FEEDBACK_URL") or f"sqlite:///{data_dir / 'feedback.db'}",
        action_timeout=_number(env, "GUIDE_ACTION_TIMEOUT", 4.0, 0.1, 50.0),
        escalation_deadline=_number(env, "GUIDE_ESCALATION_DEADLINE", 2.0, 0.05, 10.0),
        turn_timeout=_number(env, "GUIDE_TURN_TIMEOUT", 20.0, 0.1, 55.0),
        max_characters=int(_number(env, "GUIDE_MAX_CHARACTERS", 10_000, 100, 100_000)),
        rate_per_minute=int(_number(env, "GUIDE_RATE_PER_MINUTE", 60, 1, 100_000)),
        retention_days=int(_number(env, "GUIDE_RETENTION_DAYS", 30, 1, 3650)),
        fever_celsius=_number(env, "GUIDE_FEVER_CELSIUS", 38.0, 37.5, 38.0),
        port=int(_number(env, "GUIDE_PORT", 5080, 1, 65535)),
        action_port=int(_number(env, "GUIDE_ACTION_PORT", 5055, 1, 65535)),
        interface=env.get("GUIDE_INTERFACE", "").strip() or "127.0.0.1",
        cors=tuple(_origin(o) for o in env.get("GUIDE_CORS", "").split(",") if o.strip()),
        widget_secret=env.get("GUIDE_WIDGET_SECRET", "").strip(),
        widget_hours=_number(env, "GUIDE_WIDGET_HOURS", 24.0, 0.01, 720.0),
        widget_starts_per_minute=int(
            _number(env, "GUIDE_WIDGET_STARTS_PER_MINUTE", 120, 1, 100_000)
        ),
        log_level=_log_level(env, production),
    )


@dataclass(frozen=True)
class TelegramSettings:
    """What the Telegram channel is given by its operator; nothing of it is needed without one."""

    token: str = field(repr=False)
    """TELEGRAM_TOKEN: what BotFather gave for the bot; without it the channel is off."""

    api: str
    """TELEGRAM_API: address of the Bot API; another one for a server of one's own."""

    webhook: str
    """TELEGRAM_WEBHOOK: public https address of the bot; without it updates are polled for."""

    store_url: str = field(repr=False)
    """TELEGRAM_STORE: SQLAlchemy address of what was handled; PostgreSQL for several replicas."""


def load_telegram_settings(environ: Mapping[str, str] | None = None) -> TelegramSettings:
    """Reads the settings of the Telegram channel.

    Raises:
        SettingsError: naming the variable and what it may be.
    """
    env = os.environ if environ is None else environ
    token = env.get("TELEGRAM_TOKEN", "").strip()
    if token and not _TELEGRAM_TOKEN.fullmatch(token):
        raise SettingsError(
            "TELEGRAM_TOKEN is no token: it looks like 123456789:AAE..., as BotFather shows it "
            "after /newbot or /token. Copy the whole line, without quotes."
        )
    webhook = env.get("TELEGRAM_WEBHOOK", "").strip().rstrip("/")
    if webhook and not webhook.startswith("https://"):
        raise SettingsError(
            f"TELEGRAM_WEBHOOK is '{webhook}': set it to the bot's public address, https://..., "
            "without a path of Telegram's; leave it out to poll."
        )
    api = env.get("TELEGRAM_API", "").strip().rstrip("/") or "https://api.telegram.org"
    if not api.startswith(("https://", "http://")):
        raise SettingsError(f"TELEGRAM_API is '{api}': set it to an address, https://...")
    data_dir = Path(env.get("GUIDE_DATA_DIR") or ROOT / "var")
    return TelegramSettings(
        token=token,
        api=api,
        webhook=webhook,
        store_url=env.get("TELEGRAM_STORE") or f"sqlite:///{data_dir / 'telegram.db'}",
    )


def clinic_overrides(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Returns the `CLINIC_*` variables as lower-case field names of clinic.yml."""
    env = os.environ if environ is None else environ
    prefix = "CLINIC_"
    return {k[len(prefix) :].lower(): v for k, v in env.items() if k.startswith(prefix) and v}


QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
"""What keeps libraries from calling out or printing progress: telemetry, hubs, tokenizers.
`scripts/install.sh` puts the same into .venv, so that it holds for a plain `rasa` command, too."""


def quiet_third_parties() -> None:
    """Sets what of `QUIET` nobody has set otherwise."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "").strip().lower()
    if value in {"", "0", "false", "no", "off"}:
        return False
    if value in {"1", "true", "yes", "on"}:
        return True
    raise SettingsError(f"{name} is '{value}': set it to 1 or 0.")


def _number(env: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    raw = env.get(name, "").strip()
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError as error:
        raise SettingsError(f"{name} is '{raw}': set it to a number.") from error
    if not low <= value <= high:
        raise SettingsError(f"{name} is {raw}: set it between {low:g} and {high:g}.")
    return value


def _origin(value: str) -> str:
    """Returns an origin as browsers write it: lower case, no default port, nothing behind it."""
    value = value.strip()
    if value == "*":
        return value
    try:
        parts = urlsplit(value)
        scheme, port = parts.scheme, parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:
        scheme = host = ""
    more = scheme and (parts.path.rstrip("/") or parts.query or parts.fragment or parts.username)
    if more or scheme not in _PORTS or not _HOST.fullmatch(host):
        raise SettingsError(
            f"GUIDE_CORS has '{value}', which is no origin: write scheme and host as the browser's "
            "address bar begins with them, https://www.clinic.example, with nothing behind it but "
            "a port; several with commas between, or * for all pages."
        )
    return f"{scheme}://{host}" + ("" if port in {None, _PORTS[scheme]} else f":{port}")


def _log_level(env: Mapping[str, str], production: bool) -> str:
    level = env.get("GUIDE_LOG_LEVEL", "").strip().lower() or "info"
    allowed = ("info", "warning", "error") if production else ("debug", "info", "warning", "error")
    if level not in allowed:
        raise SettingsError(f"GUIDE_LOG_LEVEL is '{level}': set it to {', '.join(allowed)}.")
    return level
