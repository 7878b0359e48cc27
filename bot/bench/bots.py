"""The three bots: what each is started with, and where it keeps its conversations."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.bench import messages
from bot.bench.errors import BenchError
from bot.launch.endpoints import store_path
from bot.settings import ROOT

GUIDE, STOCK, BARE = "guide", "stock", "bare"

LABELS = {GUIDE: "this bot", STOCK: "stock `rasa init`", BARE: "bare RulePolicy"}

# No telemetry, no hub, and no colours in the logs.
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "HF_HUB_OFFLINE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "NO_COLOR": "1",
}


@dataclass(frozen=True)
class Bot:
    """A bot that can be started on `port`, in `folder`, and keeps its events in `database`."""

    name: str
    messages: tuple[str, ...]
    folder: Path
    database: Path
    port: int
    command: list[str]
    environment: Mapping[str, str]


def guide(model: Path, work: Path, port: int, action_port: int) -> Bot:
    """Our own, as `make run` starts it, on a copy of its model.

    Raises:
        BenchError: if its conversations would not go to a SQLite file in `work`.
    """
    database = Path(store_path(str(sqlite_store()["db"]), work))
    if work not in database.parents:
        raise BenchError(f"endpoints.yml keeps conversations in {database}: keep them under var/.")
    copy = work / "guide-model" / model.name  # A model that fails to load is marked beside it.
    copy.parent.mkdir()
    shutil.copyfile(model, copy)
    command = [sys.executable, "-m", "bot.launch.server", "--model", str(copy)]
    environment = {**guide_environment(work, action_port), "GUIDE_PORT": str(port)}
    return Bot(GUIDE, messages.GUIDE, work, database, port, command, environment)


def other(name: str, project: Path, model: Path, work: Path, port: int) -> Bot:
    """The stock or the bare bot, with the same kind of store as ours."""
    database = work / f"{name}.db"
    endpoints = work / f"{name}-endpoints.yml"
    store = {**sqlite_store(), "db": str(database)}
    endpoints.write_text(yaml.safe_dump({"tracker_store": store}), "utf-8")
    credentials = work / f"{name}-credentials.yml"
    credentials.write_text("rest:\n", "utf-8")
    command = rasa(
        "run",
        *("--model", str(model)),
        *("--endpoints", str(endpoints)),
        *("--credentials", str(credentials)),
        *("--interface", "127.0.0.1"),
        *("--port", str(port)),
    )
    said = messages.STOCK if name == STOCK else messages.BARE
    return Bot(name, said, project, database, port, command, QUIET)


def guide_environment(work: Path, action_port: int) -> dict[str, str]:
    """Settings under which our bot is timed: demo values, stores in `work`, no rate limit."""
    return {
        **QUIET,
        "PYTHONPATH": str(ROOT),
        "GUIDE_DATA_DIR": str(work),
        "GUIDE_FEEDBACK_URL": f"sqlite:///{work / 'feedback.db'}",
        "GUIDE_RATE_PER_MINUTE": "100000",
        "GUIDE_PRODUCTION": "0",
        "GUIDE_INTERFACE": "127.0.0.1",
        "GUIDE_ACTION_PORT": str(action_port),
    }


def action_server() -> list[str]:
    """The command line of our action server, as `make run` starts it."""
    return [sys.executable, "-m", "bot.launch.actions"]


def rasa(*words: str) -> list[str]:
    """A `rasa` command line for this Python."""
    return [sys.executable, "-m", "rasa", *words]


def sqlite_store() -> dict[str, Any]:
    """Returns the tracker store of endpoints.yml.

    Raises:
        BenchError: if it is not SQLite: a benchmark must not write into a clinic's database.
    """
    endpoints = yaml.safe_load((ROOT / "endpoints.yml").read_text("utf-8")) or {}
    store: dict[str, Any] = endpoints.get("tracker_store") or {}
    if store.get("type") != "SQL" or store.get("dialect") != "sqlite" or not store.get("db"):
        raise BenchError("endpoints.yml names another tracker store than SQLite: bench a copy.")
    return store
