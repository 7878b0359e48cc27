"""What the machine was and how busy, without which no figure can be read."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version

import psutil

WATCH_SECONDS = 2.0
"""How long the machine is watched before the bots start."""


@dataclass(frozen=True)
class Machine:
    """The machine before any of our servers ran; `busy` is the share of all its cores in use."""

    when: str
    cores: int
    memory_gb: float
    busy: float
    load: float
    python: str
    rasa: str


def look() -> Machine:
    """Looks at the machine for two seconds."""
    return Machine(
        when=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        cores=psutil.cpu_count() or 1,
        memory_gb=psutil.virtual_memory().total / 1024**3,
        busy=psutil.cpu_percent(interval=WATCH_SECONDS) / 100,
        load=psutil.getloadavg()[0],
        python=platform.python_version(),
        rasa=version("rasa"),
    )
