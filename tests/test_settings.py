"""Every setting: its default, its bounds, and what a wrong value is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest

from bot import settings as module
from bot.errors import SettingsError
from bot.settings import (
    QUIET,
    ROOT,
    Settings,
    TelegramSettings,
    clinic_overrides,
    load_settings,
    load_telegram_settings,
    quiet_third_parties,
)

DEFAULTS = {
    "production": False,
    "allow_unreviewed": False,
    "clinic_file": ROOT / "clinic.yml",
    "data_dir": ROOT / "var",
    "feedback_url": f"sqlite:///{ROOT / 'var' / 'feedback.db'}",
    "action_timeout": 4.0,
    "escalation_deadline": 2.0,
    "turn_timeout": 20.0,
    "max_characters": 10_000,
    "rate_per_minute": 60,
    "retention_days": 30,
    "fever_celsius": 38.0,
    "port": 5080,
    "action_port": 5055,
    "interface": "127.0.0.1",
    "cors": (),
    "widget_secret": "",
    "widget_hours": 24.0,
    "widget_starts_per_minute": 120,
    "log_level": "info",
}

# Lowest and highest value, and the nearest ones that are refused.
BOUNDS = {
    "GUIDE_ACTION_TIMEOUT": (0.1, 50, 0.09, 50.1),
    "GUIDE_ESCALATION_DEADLINE": (0.05, 10, 0.04, 10.1),
    "GUIDE_TURN_TIMEOUT": (0.1, 55, 0.09, 55.1),
    "GUIDE_MAX_CHARACTERS": (100, 100_000, 99, 100_001),
    "GUIDE_RATE_PER_MINUTE": (1, 100_000, 0, 100_001),
    "GUIDE_RETENTION_DAYS": (1, 3650, 0, 3651),
    "GUIDE_FEVER_CELSIUS": (37.5, 38.0, 37.4, 38.1),
    "GUIDE_WIDGET_HOURS": (0.01, 720, 0.009, 721),
    "GUIDE_WIDGET_STARTS_PER_MINUTE": (1, 100_000, 0, 100_001),
    "GUIDE_PORT": (1, 65535, 0, 65536),
    "GUIDE_ACTION_PORT": (1, 65535, 0, 65536),
}
FLAGS = ["GUIDE_PRODUCTION", "GUIDE_ALLOW_UNREVIEWED"]


def value_of(settings: Settings, name: str) -> object:
    return getattr(settings, name.removeprefix("GUIDE_").lower())


def test_defaults() -> None:
    assert vars(load_settings({})) == DEFAULTS


def test_each_setting_names_its_variable() -> None:
    source = Path(module.__file__).read_text(encoding="utf-8")
    documented = set(re.findall(r'^    """(GUIDE_\w+)', source, re.MULTILINE))
    assert documented == {f"GUIDE_{f.name.upper()}" for f in fields(Settings)}


@pytest.mark.parametrize("name", BOUNDS)
def test_numbers_within_their_bounds(name: str) -> None:
    low, high, *_ = BOUNDS[name]
    assert value_of(load_settings({name: str(low)}), name) == low
    assert value_of(load_settings({name: f" {high} "}), name) == high


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("side", [2, 3], ids=["too low", "too high"])
def test_numbers_beyond_their_bounds(name: str, side: int) -> None:
    low, high, *_ = BOUNDS[name]
    value = BOUNDS[name][side]
    with pytest.raises(SettingsError) as caught:
        load_settings({name: str(value)})
    assert str(caught.value) == f"{name} is {value}: set it between {low:g} and {high:g}."


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("value", ["soon", "1,5", "0x10", "4s"])
def test_what_is_no_number(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} is '{value}': set it to a number\.$"):
        load_settings({name: value})


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_numbers_that_are_no_use(value: str) -> None:
    with pytest.raises(SettingsError, match="set it between"):
        load_settings({"GUIDE_TURN_TIMEOUT": value})


@pytest.mark.parametrize("name", [f"GUIDE_{n.upper()}" for n in DEFAULTS], ids=str.lower)
def test_an_empty_variable_is_as_good_as_none(name: str) -> None:
    assert vars(load_settings({name: ""})) == DEFAULTS


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize(
    ("value", "expected"),
    [(v, True) for v in ("1", "true", "YES", " on ")]
    + [(v, False) for v in ("0", "false", "No", "off", "")],
)
def test_flags(name: str, value: str, expected: bool) -> None:
    assert value_of(load_settings({name: value}), name) is expected


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", ["maybe", "2", "y"])
def test_a_flag_is_never_guessed(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} is '{value}': set it to 1 or 0\.$"):
        load_settings({name: value})


def test_the_data_folder_takes_the_feedback_with_it() -> None:
    settings = load_settings({"GUIDE_DATA_DIR": "/data"})
    assert settings.data_dir == Path("/data")
    assert settings.feedback_url == "sqlite:////data/feedback.db"
    other = load_settings({"GUIDE_DATA_DIR": "/data", "GUIDE_FEEDBACK_URL": "postgresql://h/d"})
    assert other.feedback_url == "postgresql://h/d"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ()),
        ("*", ("*",)),
        ("https://a.org", ("https://a.org",)),
        (" https://a.org , https://b.org,", ("https://a.org", "https://b.org")),
        ("*, https://a.org/", ("*", "https://a.org")),
    ],
)
def test_origins_are_separated_by_commas(value: str, expected: tuple[str, ...]) -> None:
    assert load_settings({"GUIDE_CORS": value}).cors == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://a.org/", "https://a.org"),
        ("HTTPS://WWW.A.org", "https://www.a.org"),
        ("https://a.org:443", "https://a.org"),
        ("http://a.org:80/", "http://a.org"),
        ("https://a.org:8443/", "https://a.org:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("https://clínica.example", "https://xn--clnica-4va.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(value: str, expected: str) -> None:
    assert load_settings({"GUIDE_CORS": value}).cors == (expected,)
    assert load_settings({"GUIDE_CORS": expected}).cors == (expected,)


@pytest.mark.parametrize(
    "value",
    [
        "www.clinic.example",
        "//www.clinic.example",
        "https://",
        "https:///page",
        "https://a.org/page",
        "https://a.org/?x",
        "https://a.org#x",
        "https://me@a.org",
        "https://a.org:port",
        "https://a.org:99999",
        "https://*.a.org",
        "https://a.org https://b.org",
        "https://[",
        "http://[::1]:3000",
        "https://a..org",
        "ftp://a.org",
        "null",
        "'https://a.org'",
    ],
)
def test_what_is_no_origin_is_named(value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"GUIDE_CORS": f"https://good.org, {value}"})
    assert f"GUIDE_CORS has '{value}'" in str(caught.value)
    assert "https://www.clinic.example" in str(caught.value)


@pytest.mark.parametrize("level", ["debug", "info", "WARNING", "error"])
def test_log_levels(level: str) -> None:
    assert load_settings({"GUIDE_LOG_LEVEL": level}).log_level == level.lower()


def test_production_writes_nobodys_words_to_the_log() -> None:
    production = {"GUIDE_PRODUCTION": "1"}
    assert load_settings(production).log_level == "info"
    with pytest.raises(SettingsError, match="GUIDE_LOG_LEVEL is 'debug': set it to info, warning"):
        load_settings({**production, "GUIDE_LOG_LEVEL": "debug"})
    with pytest.raises(SettingsError, match="GUIDE_LOG_LEVEL is 'loud': set it to debug, info"):
        load_settings({"GUIDE_LOG_LEVEL": "loud"})


def test_waits_fit_into_each_other() -> None:
    # An escalation leaves before the turn is given up, which is before Rasa's lock expires (60 s).
    settings = load_settings({})
    assert settings.escalation_deadline < settings.turn_timeout < 60
    assert settings.action_timeout < settings.turn_timeout


def test_the_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDE_RETENTION_DAYS", "7")
    monkeypatch.setenv("CLINIC_HOURS", "never")
    assert load_settings().retention_days == 7
    assert clinic_overrides()["hours"] == "never"


def test_clinic_overrides() -> None:
    environ = {
        "CLINIC_CARE_TEAM_PHONE": "1",
        "CLINIC_HOURS": "",
        "GUIDE_PORT": "1",
        "clinic_x": "1",
    }
    assert clinic_overrides(environ) == {"care_team_phone": "1"}


def test_third_parties_are_kept_quiet_unless_somebody_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in QUIET:
        monkeypatch.setenv(name, "kept")
        monkeypatch.delenv(name)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    quiet_third_parties()
    assert {n: os.environ[n] for n in QUIET} == {**QUIET, "TF_CPP_MIN_LOG_LEVEL": "0"}
    assert QUIET["RASA_TELEMETRY_ENABLED"] == "false"


def test_the_environment_itself_keeps_them_quiet() -> None:
    """A person who types `rasa train` with the environment active has set nothing."""
    code = f"import json, os; print(json.dumps({{n: os.environ.get(n) for n in {list(QUIET)}}}))"
    bare = {k: v for k, v in os.environ.items() if k not in QUIET}
    said = {**bare, "HF_HUB_OFFLINE": "0"}
    run = partial(subprocess.run, [sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(run(env=bare).stdout) == QUIET
    assert json.loads(run(env=said).stdout) == {**QUIET, "HF_HUB_OFFLINE": "0"}


TOKEN = "123456789:AAE-a-token-for-tests-only_0123456789"


def test_telegram_is_off_without_a_token() -> None:
    assert vars(load_telegram_settings({})) == {
        "token": "",
        "api": "https://api.telegram.org",
        "webhook": "",
        "store_url": f"sqlite:///{ROOT / 'var' / 'telegram.db'}",
    }


def test_telegram_settings_are_read() -> None:
    environ = {
        "TELEGRAM_TOKEN": f" {TOKEN} ",
        "TELEGRAM_API": "http://localhost:8081/",
        "TELEGRAM_WEBHOOK": "https://guide.clinic.org/",
        "GUIDE_DATA_DIR": "/data",
    }
    settings = load_telegram_settings(environ)
    assert (settings.token, settings.api) == (TOKEN, "http://localhost:8081")
    assert settings.webhook == "https://guide.clinic.org"
    assert settings.store_url == "sqlite:////data/telegram.db"
    stored = load_telegram_settings({**environ, "TELEGRAM_STORE": "postgresql://h/d"})
    assert stored.store_url == "postgresql://h/d"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TELEGRAM_TOKEN", "abc", "TELEGRAM_TOKEN is no token"),
        ("TELEGRAM_TOKEN", f"'{TOKEN}'", "without quotes"),
        ("TELEGRAM_WEBHOOK", "http://guide.clinic.org", "public address, https://"),
        ("TELEGRAM_API", "localhost:8081", "set it to an address"),
    ],
)
def test_telegram_settings_that_are_no_use(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        load_telegram_settings({name: value})
    assert name != "TELEGRAM_TOKEN" or value not in str(caught.value)


def test_no_secret_is_in_what_settings_look_like() -> None:
    environ = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_STORE": "postgresql://u:hush@h/d"}
    shown = repr(load_telegram_settings(environ))
    assert TOKEN not in shown and "hush" not in shown


def test_each_telegram_setting_names_its_variable() -> None:
    source = Path(module.__file__).read_text(encoding="utf-8")
    documented = set(re.findall(r'^    """TELEGRAM_(\w+)', source, re.MULTILINE))
    names = {f.name.removesuffix("_url").upper() for f in fields(TelegramSettings)}
    assert documented == names
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert all(f"`TELEGRAM_{name}`" in operations for name in names)
