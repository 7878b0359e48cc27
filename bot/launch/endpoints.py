"""Reads from endpoints.yml where the action server is; its port is that of `make run`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import yaml

from bot.errors import SettingsError

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def runs_actions_here(endpoints: Path) -> bool:
    """Tells whether `make run` should start the action server: its address is on this machine.

    Raises:
        SettingsError: if the file is missing or no YAML.
    """
    try:
        data = yaml.safe_load(endpoints.read_text(encoding="utf-8")) or {}
    except FileNotFoundError as error:
        raise SettingsError(f"{endpoints} is missing: copy it from the repository.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{endpoints} is not readable YAML: {error}") from error
    endpoint = data.get("action_endpoint") if isinstance(data, dict) else None
    url = endpoint.get("url") if isinstance(endpoint, dict) else None
    return urlsplit(str(url)).hostname in _HERE if url else False


def store_path(database: str, data_dir: Path) -> str:
    """Puts a SQLite file that endpoints.yml keeps under `var/` into GUIDE_DATA_DIR."""
    path = Path(database)
    return str(data_dir.joinpath(*path.parts[1:])) if path.parts[:1] == ("var",) else database


def action_url(url: str, port: int) -> str:
    """Puts the port of `make run` into an address on this machine; leaves another one alone."""
    parts = urlsplit(url)
    if parts.hostname not in _HERE:
        return url
    # 127.0.0.1, since `localhost` may mean ::1 first, where nobody listens.
    return urlunsplit(parts._replace(netloc=f"127.0.0.1:{port}"))
